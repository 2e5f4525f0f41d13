"""Another machine over HTTP, and the real server it asks: every answer is checked here, not believed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from api.app import create_app
from storage.errors import DigestMismatch, LedgerError
from storage.evidence import Role, Subject
from storage.verifier.keys import VerifierKey
from tests.api.asking_for import let
from tests.api.small_office import SmallOffice, found
from tests.api.uploading import receiving, served
from yihu.cli import app
from yihu.cli.common import Exit
from yihu.client import sending
from yihu.client.office import RemoteOffice
from yihu.client.problems import ServerAway, ServerHasNone, ServerRefused, ServerSaysNo, problem_of
from yihu.client.proving import proved_history
from yihu.client.receiving import download
from yihu.client.sending import Sending, send
from yihu.client.server import Server

FOOTAGE = os.urandom(300_000)


class Away:
    """A remote office in whose place somebody else answers now and then."""

    def __init__(self, small: SmallOffice, url: str, home: Path) -> None:
        self.small, self.url, self.home = small, url, home
        self.clip = small.clip(FOOTAGE)

    def token(self, role: Role = Role.CLERK) -> Path:
        file = self.home / f"token-{role}"
        if not file.exists():
            file.write_text(self.small.token(role)[1] + "\n")
        return file

    def let_have_the_original(self) -> None:
        """Somebody else approved it, once."""
        if self.small.entries("ACCESS_APPROVED"):
            return
        asker = TestClient(create_app(self.small.services, pages=None))
        asker.headers["Authorization"] = f"Bearer {self.token().read_text().strip()}"
        let(self.small, asker, self.clip)

    def office(self, role: Role = Role.CLERK) -> RemoteOffice:
        return RemoteOffice(Server(self.url, self.token(role).read_text().strip(), wait=lambda _seconds: None))

    def run(self, *words: str, role: Role = Role.CLERK) -> Result:
        return CliRunner().invoke(app, ["remote", *words, "--server", self.url, "--token-file", str(self.token(role))])

    def told(self, *words: str, role: Role = Role.CLERK) -> dict[str, object]:
        ended = self.run(*words, "--json", role=role)
        assert ended.exit_code == Exit.DONE, ended.output
        # the server runs in this process and says on the same stream what it was asked
        said, _end = json.JSONDecoder().raw_decode(ended.stdout[ended.stdout.index("{\n") :])
        assert isinstance(said, dict)
        return said


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    """A small office that is served over HTTP."""
    home = tmp_path_factory.mktemp("served")
    small = receiving(found(home), home / "spool")
    with served(create_app(small.services, pages=None)) as url:
        yield Away(small, url, home)
    small.services.engine.dispose()


def nothing(_done: int, _size: int) -> None:
    """Follow no progress."""


def test_it_says_whose_token_it_is(away: Away) -> None:
    assert away.told("whoami", role=Role.AUDITOR)["role"] == "auditor"


def test_parties_matters_and_clips_are_found(away: Away) -> None:
    parties, matter = away.told("party", "示例")["parties"], away.told("matter", str(away.small.matter))
    clip = away.told("clip", str(away.clip))

    assert isinstance(parties, list)
    assert [each["party"] for each in parties] == [str(away.small.party)]
    assert isinstance(matter["matter"], dict)
    assert matter["matter"]["matter"] == str(away.small.matter)
    assert clip["sha256"] == f"sha256:{hashlib.sha256(FOOTAGE).hexdigest()}"
    assert isinstance(clip["history"], list)
    assert [line["type"] for line in clip["history"][:4]] == ["SECURED", "DEPOSITED", "DERIVED", "FILED"]


def test_a_list_is_followed_to_its_end(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yihu.client.office._MOST", 1)

    assert len(list(away.office().history(str(away.clip)))) == len(away.small.services.catalog.history(away.clip)) > 3


def test_a_history_is_verified_here(away: Away, tmp_path: Path) -> None:
    key = tmp_path / "office.vkey"
    key.write_text(away.small.services.log.vkey + "\n")

    verified = away.told("verify", str(away.clip), "--key", str(key))["verified"]

    assert isinstance(verified, list)
    assert len(verified) >= 4


def test_a_history_with_an_entry_left_out_or_another_key_is_refused(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    office, key = away.office(), VerifierKey.parse(away.small.services.log.vkey)
    lines = list(office.history(str(away.clip)))
    other = VerifierKey(key.name, key.algorithm, bytes([key.public[0] ^ 1]) + key.public[1:])
    with pytest.raises(LedgerError):
        list(proved_history(office, str(away.clip), other))

    for shown in ([], [*lines[:1], *lines[2:]], lines[1:], [lines[1], lines[0]]):
        monkeypatch.setattr(RemoteOffice, "history", lambda _self, _clip, shown=shown: iter(shown))
        with pytest.raises(LedgerError):
            list(proved_history(office, str(away.clip), key))


def test_footage_is_there_once_it_is_known_to_be_right(away: Away, tmp_path: Path) -> None:
    to = tmp_path / "现场.mp4"

    away.let_have_the_original()
    got = away.told("download", str(away.clip), str(to), "--reason", "办案需要", "--what", "original")

    assert to.read_bytes() == FOOTAGE
    (accessed,) = [each for each in away.small.entries("ACCESSED") if each.seq == got["entry"]]
    assert accessed.entry.personal == {"reason": "办案需要"}
    assert away.run("download", str(away.clip), str(to), "--reason", "办案需要").exit_code == Exit.USAGE


def test_footage_that_is_not_what_the_ledger_says_leaves_no_file(
    away: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that answers other bytes, and says another digest in its catalog."""
    away.let_have_the_original()
    monkeypatch.setattr("yihu.client.receiving._promised", lambda *_given: "sha256:" + "0" * 64)
    with pytest.raises(DigestMismatch):
        download(away.office(), str(away.clip), tmp_path / "x.mp4", reason="办案需要", what="original", progress=nothing)

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_sent_and_the_receipt_kept(away: Away, tmp_path: Path) -> None:
    source, receipt = tmp_path / "路口.MP4", tmp_path / "receipt.json"
    source.write_bytes(os.urandom(50_000))

    said = away.told("upload", str(source), "--from", "示例李", "--reason", "群众提供", "--receipt", str(receipt))

    assert said["sha256"] == f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
    assert json.loads(receipt.read_text()) == said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["receipt.json", "路口.MP4"]


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_an_upload_goes_on_where_it_broke_off(away: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Whether a piece or only the answer to it got lost; the run itself ends as well, and the next one goes on."""
    monkeypatch.setattr(sending, "_PIECE", 20_000)
    source = tmp_path / "路口.MP4"
    source.write_bytes(os.urandom(90_000))
    sent: list[str] = []
    real = Server.once

    def breaking(self: Server, method: str, path: str, **given: object) -> object:
        if method == "PATCH":
            sent.append(path)
            if len(sent) == 2:
                if moment == "after":
                    real(self, method, path, **given)  # type: ignore[arg-type] # passed on
                raise KeyboardInterrupt
        return real(self, method, path, **given)  # type: ignore[arg-type] # passed on

    monkeypatch.setattr(Server, "once", breaking)
    with pytest.raises(KeyboardInterrupt):
        send(away.office(), Sending(source, "third-party", "示例李", "群众提供"), nothing)

    receipt = send(away.office(), Sending(source, "third-party", "示例李", "群众提供"), nothing)

    assert receipt.size == 90_000
    assert len(set(sent)) == 1
    assert len(sent) == (6 if moment == "before" else 5)


def test_problems_are_exceptions_with_their_code_and_words(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "clip:01JD6Z5M3Q8X4T7V9YB2C1D0EF"
    monkeypatch.setenv("YIHU_LANG", "zh")
    with pytest.raises(ServerHasNone, match="not-found: 没有找到"):
        away.office().clip(missing)
    monkeypatch.setenv("YIHU_LANG", "en")
    with pytest.raises(ServerHasNone, match="not-found: Not found"):
        away.office().clip(missing)
    with pytest.raises(ServerRefused, match="refused"):
        away.office(Role.ADMINISTRATOR).ask_to_view(str(away.clip), "x", "review")
    with pytest.raises(ServerRefused, match="signed-out"):
        RemoteOffice(Server(away.url, "yihu_nobody")).whoami()
    with pytest.raises(ServerSaysNo, match="invalid"):
        away.office().clip("party:x")


def test_a_write_whose_answer_was_lost_is_asked_again_and_done_once(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    office, before = away.office(), len(away.small.entries("ACCESSED"))
    real, lost = Server.once, ["answer"]

    def losing(self: Server, method: str, path: str, **given: object) -> object:
        answer = real(self, method, path, **given)  # type: ignore[arg-type] # passed on
        if method == "POST" and lost:
            raise ServerAway(lost.pop())
        return answer

    monkeypatch.setattr(Server, "once", losing)
    granted = office.ask_to_view(str(away.clip), "办案需要", "review")

    assert len(away.small.entries("ACCESSED")) == before + 1
    assert granted.size == len(FOOTAGE)


def test_nobody_is_asked_for_ever(tmp_path: Path) -> None:
    waits: list[float] = []
    with pytest.raises(ServerAway):
        Server("http://127.0.0.1:9", "t", wait=waits.append).get("/api/session")

    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "address",
    ["http://192.0.2.7", "ftp://127.0.0.1", "127.0.0.1", "https://u:p@127.0.0.1", "https://127.0.0.1/api", "https://"],
)
def test_a_token_never_goes_over_the_network_in_the_clear(address: str) -> None:
    with pytest.raises(ValueError, match="server"):
        Server(address, "yihu_token")


def test_what_a_server_says_cannot_steer_a_terminal() -> None:
    said = {"type": "/problems/x", "title": "\x1b[2J", "detail": "a\nb"}

    assert str(problem_of(409, json.dumps(said).encode())) == "x: �[2J: a�b"


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"<html>", b"\xff", b"null"])
def test_what_is_no_problem_of_ours_is_one_all_the_same(body: bytes) -> None:
    assert isinstance(problem_of(502, body), ServerAway)
    assert isinstance(problem_of(400, body), ServerSaysNo)


def test_the_token_stands_in_no_output(away: Away) -> None:
    token = away.token().read_text().strip()
    ended = away.run("clip", "party:x")

    assert ended.exit_code == Exit.EVIDENCE
    assert token not in ended.output + repr(Server(away.url, token))
    assert Subject.parse(str(away.clip)) == away.clip
