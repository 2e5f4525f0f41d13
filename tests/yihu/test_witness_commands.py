"""``yihu witness`` as people and scripts meet it: with a real witness on loopback, and with a stick."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

from storage.errors import LedgerError, StorageUnavailable
from storage.ledger.feeding import feed, over_http, request_of
from storage.ledger.keys import VerifierKey
from storage.ledger.policy import Policy
from storage.ledger.publish import BucketShelf
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from yihu.cli.common import Exit
from yihu.founding import found, started
from yihu.notary import notarising
from yihu.wiring import Office

from .commanding import LOG, answer, fresh, served, witness_for, yihu


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = found(tmp_path / "office", name="测试局", log=LOG)
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()


def test_a_witness_on_the_line(office: Office, tmp_path: Path) -> None:
    """Added, asked, counted, published; away for a while; removed."""
    witness = witness_for(office, tmp_path / "procuratorate")
    with served(witness) as server:
        added = ("witness", "add", "procuratorate", witness.key.vkey, server.url, "--administrator", "检察院")
        assert answer(*added) == {"name": "procuratorate", "administrator": "检察院", "outside": True}
        assert answer("witness", "ask")["anchored"] == 2
        standing = answer("witness", "status")
        assert (standing["signed"], standing["anchored"]) == (2, 2)
        assert standing["witnesses"][0]["size"] == 2
        assert standing["witnesses"][0]["at"].endswith("Z")
        assert "procuratorate" in yihu("witness", "status")[1]
        answer("log", "publish", "--to", tmp_path / "log")
    keys = [VerifierKey.parse(office.log.vkey)]
    assert verify_directory(tmp_path / "log", keys, witnesses=[witness.key]).outcome is Outcome.VERIFIED

    answer("token", "add", "某人")
    asked = answer("witness", "ask", code=Exit.PARTIAL)
    assert (asked["anchored"], asked["asked"][0]["error"]) == (2, "StorageUnavailable")
    assert "✘ procuratorate" in yihu("witness", "ask")[1]
    assert Policy.parse(answer("witness", "policy")["policy"]).is_met([witness.key])
    assert answer("witness", "remove", "nobody", code=Exit.NOT_FOUND)["error"] == "NotFound"
    answer("witness", "remove", "procuratorate")
    assert answer("witness", "status")["anchored"] == 0
    assert answer("witness", "policy", code=Exit.NOT_FOUND)["error"] == "NotFound"


def test_the_protocol_over_http_is_the_protocol(office: Office, tmp_path: Path) -> None:
    """Status, body and media type as they go over the wire, and the head for monitors."""
    witness = witness_for(office, tmp_path / "w")
    office.log.checkpoint()
    pool = urllib3.PoolManager(retries=False)
    body = request_of(office.log, old=0).body.encode()
    with served(witness) as server:

        def post(raw: bytes) -> tuple[int, str, bytes]:
            got = pool.request("POST", f"{server.url}/add-checkpoint", body=raw)
            return got.status, got.headers["Content-Type"], got.data

        import hashlib  # noqa: PLC0415 - here alone

        monitored = f"{server.url}/{hashlib.sha256(LOG.encode()).hexdigest()}/checkpoint"
        assert pool.request("GET", monitored).status == 404
        status, media_type, line = post(body)
        assert (status, media_type) == (200, "text/plain; charset=utf-8")
        assert line.startswith("— w.example/w1 ".encode())
        assert post(body) == (409, "text/x.tlog.size", b"1\n")
        assert post(b"old 0\n\nnonsense\n")[0] == 400
        assert post(body.replace(LOG.encode(), b"another.example/log"))[0] == 404
        assert post(body.replace(b"\n1\n", b"\n2\n"))[0] == 403
        assert post(b"x" * 70_000)[0] == 413
        assert pool.request("GET", f"{server.url}/add-checkpoint").status in {404, 405}
        assert pool.request("GET", f"{server.url}/{'A' * 64}/checkpoint").status in {404, 422}
        got = pool.request("GET", monitored)
        assert got.data.decode() == (office.log.latest() or "") + line.decode()
        assert pool.request("GET", f"{server.url}/../vkey").status == 404


def test_a_witness_that_is_away_or_answers_nonsense_may_be_asked_again(office: Office, tmp_path: Path) -> None:
    witness = witness_for(office, tmp_path / "w")
    with served(witness) as server:
        url = server.url
    pool = urllib3.PoolManager(retries=False)
    office.log.checkpoint()

    with pytest.raises(StorageUnavailable, match="add-checkpoint"):
        over_http(url, pool)(request_of(office.log, old=0).body)


def test_many_logs_at_once_are_cosigned_in_turn(office: Office, tmp_path: Path) -> None:
    """Requests of one log that race: one is cosigned, the others are told the size."""
    witness = witness_for(office, tmp_path / "w")
    office.log.checkpoint()
    body = request_of(office.log, old=0).body
    pool = urllib3.PoolManager(retries=False, maxsize=8)
    with served(witness) as server, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: over_http(server.url, pool)(body).status, range(16)))

    assert sorted(answers) == [200, *[409] * 15]


def test_a_witness_without_a_line(office: Office, tmp_path: Path) -> None:
    """Out on a stick, signed on the other machine, back in: each side by its own commands."""
    there, stick = tmp_path / "there", tmp_path / "stick"
    vkey = answer("witness", "init", there, "--name", "audit.example/w1")["verifier_key"]
    answer("witness", "watch", office.log.vkey, "--dir", there)
    answer("witness", "add", "audit", vkey, "--administrator", "审计局")
    assert answer("witness", "ask")["asked"] == []
    assert answer("witness", "import", stick, code=Exit.NOT_FOUND)["error"] == "NotFound"
    assert answer("witness", "sign", tmp_path, "--dir", there, code=Exit.NOT_FOUND)["error"] == "NotFound"

    written = answer("witness", "export", stick)["written"]
    assert len(written) == 1
    assert answer("witness", "sign", stick, "--dir", there)["answered"][0]["status"] == 200
    assert answer("witness", "import", stick) == {
        "anchored": 2,
        "taken": [{"name": "audit", "error": None, "detail": None}],
    }
    assert "cosigned" in yihu("witness", "import", stick)[1]
    assert answer("witness", "init", there, "--name", "again", code=Exit.EVIDENCE)["error"] == "LedgerError"


def test_a_witness_that_was_never_told_of_the_log_says_so_on_the_stick(office: Office, tmp_path: Path) -> None:
    there, stick = tmp_path / "there", tmp_path / "stick"
    vkey = answer("witness", "init", there, "--name", "audit.example/w1")["verifier_key"]
    answer("witness", "add", "audit", vkey, "--administrator", "审计局")
    answer("witness", "export", stick)

    assert answer("witness", "sign", stick, "--dir", there, code=Exit.EVIDENCE)["answered"][0]["status"] == 404
    assert answer("witness", "import", stick, code=Exit.PARTIAL)["taken"][0]["error"] == "Refused"


def test_who_may_be_a_witness(office: Office, tmp_path: Path) -> None:
    witness = witness_for(office, tmp_path / "w")

    def refused(*arguments: object) -> str:
        return str(answer("witness", "add", *arguments, code=Exit.USAGE)["detail"])

    assert "verifier key" in refused("w1", "nonsense", "--administrator", "审计局")
    assert "type 4" in refused("w1", office.log.vkey, "--administrator", "审计局")
    assert "without password" in refused("w1", witness.key.vkey, "https://u:p@w.example", "--administrator", "审计局")
    assert "100 characters" in refused("two words", witness.key.vkey, "--administrator", "审计局")
    own = VerifierKey("w.example/w", 4, VerifierKey.parse(office.log.vkey).public)
    assert "its own witness" in refused("w1", own.vkey, "--administrator", "审计局")
    answer("witness", "add", "w1", witness.key.vkey, "--administrator", "本局", "--ours")
    assert "already" in refused("w2", witness.key.vkey, "--administrator", "审计局")
    other = witness_for(office, tmp_path / "w2")
    assert "ours with w1" in refused("w2", other.key.vkey, "--administrator", "本局")
    assert yihu("witness", "add", "w2", other.key.vkey)[0] == Exit.USAGE  # without --administrator


def test_the_quorum_is_set_by_number_or_by_file_and_never_weakly(office: Office, tmp_path: Path) -> None:
    hands = ("审计局", "审计局", "检察院")
    for number, administrator in enumerate(hands):
        made = witness_for(office, tmp_path / f"w{number}")
        answer("witness", "add", f"w{number}", made.key.vkey, "--administrator", administrator)

    assert "of whom there are 2" in answer("witness", "policy", "--least", "3", code=Exit.USAGE)["detail"]
    text = answer("witness", "policy", "--least", "2")["policy"]
    assert Policy.parse(text).fewest == 2
    assert "# 审计局" in text
    assert "of whom there are 1" in answer("witness", "remove", "w2", code=Exit.USAGE)["detail"]
    weak = tmp_path / "weak.policy"
    weak.write_text("group both 2 w0 w1\nquorum both\n")
    assert "counts 审计局 twice" in answer("witness", "policy", weak, code=Exit.USAGE)["detail"]
    strong = tmp_path / "strong.policy"
    strong.write_text(text.replace("quorum outside", "# the same again\nquorum outside"))
    assert Policy.parse(answer("witness", "policy", strong)["policy"]) == Policy.parse(text)
    assert answer("witness", "remove", "w0", code=Exit.USAGE)["error"] == "ValueError"
    answer("witness", "policy", "--least", "1")
    answer("witness", "remove", "w0")


def test_no_quorum_is_set_before_there_is_somebody_outside(office: Office) -> None:
    assert "no witness outside" in answer("witness", "policy", "--least", "1", code=Exit.USAGE)["detail"]


def test_while_the_office_is_open_its_ledger_is_signed_cosigned_and_published(office: Office, tmp_path: Path) -> None:
    """Nobody types anything; a second witness is away all the time and holds nothing up."""
    settings = office.home / "yihu.toml"
    settings.write_text(settings.read_text() + "publish_seconds = 1\n")
    near, far = witness_for(office, tmp_path / "near"), witness_for(office, tmp_path / "far")
    with served(far) as gone:
        away = gone.url
    with served(near) as server:
        answer("witness", "add", "far", far.key.vkey, away, "--administrator", "审计局")
        answer("witness", "add", "near", near.key.vkey, server.url, "--administrator", "检察院")
        opened = fresh(office)
        with notarising(opened):
            started(opened)
            recorded = time.monotonic()
            _until(lambda: opened.log.is_anchored(3))
            anchored = time.monotonic() - recorded
            _until(lambda: "near.example" in (BucketShelf(opened.store).newest() or ""))
    assert anchored < 10
    assert opened.log.anchored_size() >= 4


def _until(done: Any) -> None:  # noqa: ANN401 - a question
    import threading  # noqa: PLC0415 - here alone

    wake = threading.Event()
    for _ in range(600):
        if done():
            return
        wake.wait(0.05)
    pytest.fail("it did not come about")


def test_a_fork_is_said_once_and_the_office_goes_on(office: Office, tmp_path: Path) -> None:
    """The witness holds another history: the error names it, nothing is anchored."""
    witness = witness_for(office, tmp_path / "w")
    office.log.checkpoint()
    elsewhere = found(tmp_path / "elsewhere", name="另一局", log=LOG)
    shutil.copy(office.home / "keys/log.pem", elsewhere.home / "keys/log.pem")
    other = fresh(elsewhere)
    (other.home / "lock/head").unlink()
    other.log.lock()
    other.log.checkpoint()
    assert witness.add_checkpoint(request_of(other.log, old=0).body.encode()).status == 200
    with served(witness) as server:
        answer("witness", "add", "w", witness.key.vkey, server.url, "--administrator", "检察院")
        asked = answer("witness", "ask", code=Exit.PARTIAL)["asked"][0]
        assert asked["error"] == "LedgerError"
        assert "another history" in asked["detail"]
        known = fresh(office).log.anchors.witnesses()[0]
        with pytest.raises(LedgerError):
            feed(fresh(office).log, known, over_http(server.url, urllib3.PoolManager()))
    assert list((tmp_path / "w" / "refused").rglob("*422*.json"))
