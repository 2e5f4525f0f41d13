"""
Cards whose maker wanted us harm, and cards that only broke, through the whole of ingest.

What cannot be taken in is named with its reason, everything else is taken in, nothing half-written stays, and nothing is lost.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.cards import Card, Sighting, What
from storage.errors import NotFound
from tests.crashes.offices import faults, fill, take_in
from tests.ingest.meddling import GOOD, MeddledFile, grow, meddling, names, problems, reasons, shrink
from yihu.wiring import Office

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with one good file."""
    return fill(tmp_path / "card", {GOOD: b"good"})


class TestNames:
    def test_every_name_a_file_system_takes_is_taken_in(self, office: Office, card: Path) -> None:
        """Escaped where it would do something on a screen; the bytes of the name are kept as they are."""
        hostile = {
            b"n" * 255: "n" * 255,
            "现".encode() * 85: "现" * 85,
            "询问笔录_样例当事人.MP4".encode("gbk"): "询问笔录_样例当事人.MP4",
            b"\xff\xfe\x80.MP4": "\\xff\\xfe\\x80.MP4",
            b"new\nline\r\t\x1b[31m\x07.MP4": "new\\nline\\r\\t\\x1b[31m\\x07.MP4",
            "gpj\u202e.exe".encode(): "gpj\\u202e.exe",
            b" ": " ",
            b"...": "...",
            b"-rf": "-rf",
            b"%2e%2e%2f": "%2e%2e%2f",
            b"[bold]x": "[bold]x",
            b"'; DROP TABLE clips; --": "'; DROP TABLE clips; --",
            b".tmp": ".tmp",
            b"claim.json": "claim.json",
        }
        for name in hostile:
            (card / os.fsdecode(name)).write_bytes(name)

        report = take_in(office, card)

        assert (report.problems, len(report.secured)) == ((), len(hostile) + 1)
        assert names(office) == sorted([*hostile.values(), "good.MP4"])
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_card_at_a_place_in_no_encoding_is_taken_in(self, office: Office, tmp_path: Path) -> None:
        card = fill(tmp_path / os.fsdecode("执法卡".encode("gbk")), {GOOD: b"good"})

        report = office.pipeline().ingest(card)

        assert (report.problems, len(report.secured)) == ((), 1)

    def test_a_path_that_climbs_is_refused_and_named(
        self, office: Office, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No real file system gives such names; a broken or made-up one might."""
        (tmp_path / "secret").write_bytes(b"secret")
        climbing = [
            b"../secret",
            b"/etc/passwd",
            b"DCIM//x",
            b"a/../../secret",
            b".",
            b"nul\0byte",
            os.fsencode(tmp_path / "secret"),
        ]
        really = Card.walk
        met = [Sighting(path, What.FILE, 6) for path in climbing]
        monkeypatch.setattr(Card, "walk", lambda self: iter([*met, *really(self)]))

        report = take_in(office, card)

        assert problems(report) == {f"%{path.hex()}": "Refused" for path in climbing}
        assert set(reasons(report).values()) == {"hostile-name"}
        assert names(office) == ["good.MP4"]
        assert faults(office, {"DEMO-1": card}) == []


class TestWhatIsNoFile:
    def test_links_pipes_and_sockets_are_refused_and_named(
        self, office: Office, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        outside = fill(tmp_path / "outside", {b"secret.MP4": b"secret"})
        (card / "link.MP4").symlink_to(outside / "secret.MP4")
        (card / "folder").symlink_to(outside)
        (card / "loop").symlink_to(card)
        os.mkfifo(card / "pipe.MP4")
        monkeypatch.chdir(card)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket.MP4")
            report = take_in(office, card)
        (card / "socket.MP4").unlink()

        expected = {"link.MP4": "symlink", "folder": "symlink", "loop": "symlink", "pipe.MP4": "fifo", "socket.MP4": "socket"}
        assert reasons(report) == expected
        assert names(office) == ["good.MP4"]
        (card / "loop").unlink()
        assert faults(office, {"DEMO-1": card}) == []

    @ROOT_ONLY
    def test_device_nodes_are_refused_and_never_opened(self, office: Office, card: Path) -> None:
        os.mknod(card / "zero.MP4", 0o600 | 0o020000, os.makedev(1, 5))
        os.mknod(card / "disk.MP4", 0o600 | 0o060000, os.makedev(7, 250))

        report = take_in(office, card)

        assert reasons(report) == {"disk.MP4": "device-node", "zero.MP4": "device-node"}
        assert names(office) == ["good.MP4"]

    @pytest.mark.parametrize("trap", ["symlink", "fifo", "folder"])
    def test_what_takes_the_place_of_a_file_after_it_was_listed_is_never_read(
        self, office: Office, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str
    ) -> None:
        secret = fill(tmp_path / "outside", {b"secret": b"secret"}) / "secret"
        victim = fill(card, {b"victim.MP4": b"victim"}) / "victim.MP4"

        def exchange(_card: Card) -> None:
            victim.unlink()
            traps: dict[str, Callable[[], None]] = {
                "symlink": lambda: victim.symlink_to(secret),
                "fifo": lambda: os.mkfifo(victim),
                "folder": victim.mkdir,
            }
            traps[trap]()

        with meddling(monkeypatch, b"victim.MP4", exchange):
            report = take_in(office, card)

        assert problems(report) == {"victim.MP4": "SourceChanged"}
        assert reasons(report)["victim.MP4"].startswith("victim.MP4: cannot be opened on the card")
        assert names(office) == ["good.MP4"]
        assert not list(office.spool.berths())


class TestFilesThatChange:
    """Each is named with what was expected and found; once it is at rest it is taken in."""

    @pytest.mark.parametrize(
        ("meddle", "why"),
        [
            (grow, "the source is longer than the 3000000 bytes expected"),
            (shrink, "expected 3000000 bytes, the source ended after"),
        ],
    )
    def test_a_file_that_changes_while_it_is_read(
        self, office: Office, card: Path, monkeypatch: pytest.MonkeyPatch, meddle: Callable[[Path], None], why: str
    ) -> None:
        victim = fill(card, {b"victim.MP4": b"v" * 3_000_000}) / "victim.MP4"

        with meddling(monkeypatch, b"victim.MP4", lambda _card: MeddledFile(victim, meddle)):
            report = take_in(office, card)

        assert problems(report) == {"victim.MP4": "SourceChanged"}
        assert why in reasons(report)["victim.MP4"]
        assert names(office) == ["good.MP4"]
        assert not list(office.spool.berths())
        assert len(take_in(office, card).secured) == 1
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_file_that_vanishes_before_it_is_read(self, office: Office, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        victim = fill(card, {b"victim.MP4": b"victim"}) / "victim.MP4"
        with meddling(monkeypatch, b"victim.MP4", lambda _card: victim.unlink()):
            report = take_in(office, card)

        assert problems(report) == {"victim.MP4": "SourceChanged"}
        assert "No such file" in reasons(report)["victim.MP4"]
        assert faults(office, {"DEMO-1": card}) == []

    def test_a_file_that_cannot_be_read(self, office: Office, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error is the kernel's own: nothing is mapped at address 0 of this process."""
        fill(card, {b"bad-sector.MP4": b"x" * 99})
        with meddling(monkeypatch, b"bad-sector.MP4", lambda _card: Path("/proc/self/mem").open("rb")):
            report = take_in(office, card)

        assert problems(report) == {"bad-sector.MP4": "SourceChanged"}
        assert os.strerror(errno.EIO) in reasons(report)["bad-sector.MP4"]
        assert names(office) == ["good.MP4"]
        assert not list(office.spool.berths())
        assert len(take_in(office, card).secured) == 1
        assert faults(office, {"DEMO-1": card}) == []

    def test_of_a_card_that_is_pulled_every_file_that_was_not_read_is_named(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody need compare lists to know what is still only on the camera."""
        card = fill(tmp_path / "card", {b"%d.MP4" % number: b"%d" % number for number in range(5)})

        def pull(opened_card: Card) -> None:
            if card.exists():
                opened_card.root.rename(tmp_path / "pulled")
                (tmp_path / "pulled" / "2.MP4").unlink()

        with meddling(monkeypatch, b"2.MP4", pull):
            report = take_in(office, card)
        (tmp_path / "pulled").rename(card)

        assert problems(report) == dict.fromkeys(["2.MP4", "3.MP4", "4.MP4"], "SourceChanged")
        assert "is gone" in reasons(report)["4.MP4"]
        take_in(office, card)
        assert len(office.catalog.clips()) == 4

    def test_a_card_that_is_gone_before_it_was_listed_is_an_error(self, office: Office, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="there is no such folder"):
            office.pipeline().ingest(tmp_path / "nowhere")
