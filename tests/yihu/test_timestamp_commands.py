"""``yihu timestamp`` as people and scripts meet it: with a real authority on loopback, and with a stick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.ledger.keys import VerifierKey
from storage.ledger.stamp_audit import Found, timestamp_faults
from storage.objects import Bucket
from storage.timestamps import standing_in
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from storage.verifier.tokenfiles import TokenFiles
from tests.servers.tsa_server import TimeServer, tsa_server, verified_by_openssl
from yihu.cli.common import Exit
from yihu.founding import found, started
from yihu.notary import notarising
from yihu.stamping import roots_of
from yihu.wiring import Office

from .commanding import LOG, answer, fresh, yihu

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeServer]:
    with tsa_server(tmp_path_factory.mktemp("tsa")) as made:
        yield made


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = found(tmp_path / "office", name="测试局", log=LOG)
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()


def settle_on(office: Office, server: TimeServer, *, url: bool = True, seconds: int = 600) -> None:
    """Write into the settings whom this office asks."""
    settings = office.home / "yihu.toml"
    lines = [f'tsa_roots = "{server.authority.roots_file}"', f"timestamp_seconds = {seconds}"]
    lines += [f'tsa = "{server.url}"'] if url else []
    settings.write_text(settings.read_text() + "\n".join(lines) + "\n")


def audited(office: Office) -> Found:
    opened = fresh(office)
    try:
        return timestamp_faults(opened.engine, opened.log, roots_of(opened))
    finally:
        opened.engine.dispose()


def test_an_authority_on_the_line(office: Office, server: TimeServer, tmp_path: Path) -> None:
    """Asked, counted, published, given to a stranger."""
    settle_on(office, server)
    assert answer("timestamp", "status")["stamped"] == 0
    assert "nothing yet" in yihu("timestamp", "status")[1]
    asked = answer("timestamp", "ask")
    assert (asked["size"], asked["entry"]) == (1, 1)
    assert answer("timestamp", "ask") == {"size": None, "time": None, "entry": None}
    assert "nothing happened" in yihu("timestamp", "ask")[1]
    standing = answer("timestamp", "status")
    assert (standing["stamped"], standing["count"], standing["waiting"], standing["time"]) == (1, 1, False, asked["time"])
    started(fresh(office))
    assert "entries wait" in yihu("timestamp", "status")[1]
    assert "were stamped at" in yihu("timestamp", "ask")[1]

    answer("verify")
    answer("log", "publish", "--to", tmp_path / "log")
    answer("log", "publish")
    published = [one.name.key for one in fresh(office).store.inventory(Bucket.INDEX, "log-timestamps/")]
    written = [Path(path) for path in answer("timestamp", "give", tmp_path / "tokens")["written"]]
    assert [path.name for path in written] == [key.rpartition("/")[2] for key in sorted(published)]
    assert all(verified_by_openssl(path, path.with_suffix(".txt"), server.authority.roots_file) for path in written)
    tokens = TokenFiles(tmp_path / "tokens", server.authority.roots)
    assert verify_directory(tmp_path / "log", [VerifierKey.parse(office.log.vkey)], tokens=tokens).outcome is Outcome.CONSISTENT
    assert audited(office) == Found(2, [])


@pytest.mark.parametrize(
    ("does", "code", "error"),
    [
        ("other root", Exit.EVIDENCE, "EvidenceError"),
        ("forbidden", Exit.NOT_FOUND, "Refused"),
        ("cut off", Exit.TRY_AGAIN, "StorageUnavailable"),
    ],
)
def test_an_authority_that_is_wrong_is_said_by_an_exit_code(
    office: Office, server: TimeServer, monkeypatch: pytest.MonkeyPatch, does: str, code: Exit, error: str
) -> None:
    settle_on(office, server)
    monkeypatch.setattr(server, "does", does)

    assert answer("timestamp", "ask", code=code)["error"] == error
    assert answer("timestamp", "status")["count"] == 0


def test_who_has_set_nothing_is_told_what_to_set(office: Office, server: TimeServer, tmp_path: Path) -> None:
    assert "ledger.tsa:" in answer("timestamp", "ask", code=Exit.NOT_FOUND)["detail"]
    assert "ledger.tsa_roots" in answer("timestamp", "export", tmp_path / "stick", code=Exit.NOT_FOUND)["detail"]
    assert answer("timestamp", "give", tmp_path / "tokens", code=Exit.NOT_FOUND)["error"] == "NotFound"
    assert answer("timestamp", "ask", "--dir", tmp_path, code=Exit.USAGE)["error"] == "ValueError"
    settings = office.home / "yihu.toml"
    before = settings.read_text()
    settings.write_text(before + 'tsa_roots = "nowhere.pem"\n')
    assert "nowhere.pem" in answer("timestamp", "export", tmp_path / "stick", code=Exit.NOT_FOUND)["detail"]
    settings.write_text(before + 'tsa = "https://user:secret@tsa.example"\n')
    assert answer("timestamp", "status", code=Exit.NOT_FOUND)["error"] == "SettingsError"


def test_an_authority_without_a_line(
    office: Office, server: TimeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out on a stick, answered on a machine that has no office, back in."""
    settle_on(office, server, url=False)
    stick = tmp_path / "stick"
    assert answer("timestamp", "import", stick, code=Exit.NOT_FOUND)["error"] == "NotFound"
    assert answer("timestamp", "export", stick)["written"] == str(stick / "1.tsq")

    with monkeypatch.context() as elsewhere:
        (tmp_path / "elsewhere").mkdir()
        elsewhere.chdir(tmp_path / "elsewhere")
        ask = ("timestamp", "ask", "--dir", stick, "--url", server.url)
        elsewhere.setattr(server, "does", "error")
        assert answer(*ask, code=Exit.PARTIAL)["answered"][0]["error"] == "StorageUnavailable"
        elsewhere.setattr(server, "does", "honest")
        assert answer(*ask)["answered"][0]["file"] == "1.tsr"
        assert answer(*ask, code=Exit.NOT_FOUND)["error"] == "NotFound"

    taken = answer("timestamp", "import", stick)["taken"]
    assert [(one["size"], one["entry"], one["error"]) for one in taken] == [(1, 1, None)]
    assert yihu("timestamp", "import", stick)[1].startswith("✔ 1.tsr  20")
    assert answer("timestamp", "export", stick)["written"] is None
    assert audited(office) == Found(1, [])

    (stick / "1.tsr").write_bytes(b"nonsense")
    assert answer("timestamp", "import", stick, code=Exit.PARTIAL)["taken"][0]["error"] == "EvidenceError"
    assert "✘ 1.tsr" in yihu("timestamp", "import", stick)[1]


def test_while_the_office_is_open_its_ledger_is_stamped_and_then_left_alone(
    office: Office, server: TimeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody types anything. An idle log gets no more time-stamps, however often it is looked at."""
    settle_on(office, server, seconds=1)
    asked = len(server.asked)
    opened = fresh(office)
    looked = threading.Semaphore(0)
    latest = type(opened.log).latest

    def counted(log: object) -> str | None:
        if threading.current_thread().name == "stamp":
            looked.release()
        return latest(log)  # type: ignore[arg-type] # the log itself

    monkeypatch.setattr(type(opened.log), "latest", counted)
    with notarising(opened):
        _until(lambda: standing_in(opened.engine).count == 1)
        for _ in range(3):
            assert looked.acquire(timeout=20)
    assert len(server.asked) == asked + 1
    assert audited(office) == Found(1, [])
    opened.engine.dispose()


def _until(done: Callable[[], bool]) -> None:
    wake = threading.Event()
    for _ in range(600):
        if done():
            return
        wake.wait(0.05)
    pytest.fail("it did not come about")
