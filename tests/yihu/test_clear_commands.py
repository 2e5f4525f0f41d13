"""``yihu clear`` and ``yihu receipt`` as people meet them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.clearing_receipts import opened_receipt
from storage.errors import LedgerError
from storage.ledger.keys import FileSigner, VerifierKey
from tests.crashes.offices import fill
from tests.ingest.clearable import AT_ONCE, Place
from yihu.clear_receipts import dock_key, keep_receipt, receipt_pdf
from yihu.cli.common import Exit
from yihu.paper.codes import notes_in

from .commanding import answer, yihu


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.made(tmp_path_factory.mktemp("clearable"), *AT_ONCE)


@pytest.fixture
def place(made: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    copy = made.copied(tmp_path / "copy")
    monkeypatch.chdir(copy.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield copy
    copy.close()


def clear(place: Place, *more: str, code: int = Exit.DONE) -> dict[str, Any]:
    found: dict[str, Any] = answer("clear", place.card, "--device", "DEMO-1", *more, code=code)
    return found


def test_a_dry_run_tells_and_touches_nothing(place: Place) -> None:
    before = place.on_card()

    told = clear(place, "--dry-run")

    assert len(told["would_remove"]) == 2
    assert (place.on_card(), place.types()) == (before, [])


def test_a_person_is_asked_first(place: Place) -> None:
    """Whoever does not answer has not agreed."""
    code, said = yihu("clear", place.card, "--device", "DEMO-1")

    assert "2 files" in said
    assert code != Exit.DONE
    assert len(place.on_card()) == 2


def test_what_was_removed_has_a_receipt_that_a_stranger_verifies(place: Place) -> None:
    told = clear(place, "--yes")

    assert (told["removed"], told["left"], place.on_card()) == (2, [], set())
    (path,) = told["receipts"]
    key = dock_key(place.office).vkey
    found = answer("receipt", "verify", path, "--key", key)
    assert (found["removed"], found["bytes"]) == (2, 1401)
    code, said = yihu("receipt", "verify", path)
    assert (code, "signed by its dock: 2 files" in said) == (Exit.DONE, True)


def test_some_files_left_is_not_all_well(place: Place) -> None:
    fill(place.card, {b"DCIM/new.MP4": b"new"})

    told = clear(place, "--yes", code=Exit.PARTIAL)

    assert [one["reasons"] for one in told["left"]] == [["not-ours"]]
    assert place.on_card() == {b"new.MP4"}


def test_nothing_removed_is_a_failure(place: Place) -> None:
    settings = place.home / "yihu.toml"
    settings.write_text(settings.read_text().replace('"at-once"', '"never"'))

    code, said = yihu("clear", place.card, "--device", "DEMO-1", "--yes")

    assert code == Exit.NOT_FOUND
    assert "this office does not clear cameras" in said
    assert len(place.on_card()) == 2


def test_a_camera_that_nobody_knows_is_not_cleared(place: Place) -> None:
    told = answer("clear", place.card, "--device", "DEMO-2", "--yes", code=Exit.NOT_FOUND)

    assert "run yihu ingest first" in told["detail"]


class TestReceipts:
    @pytest.fixture
    def path(self, place: Place) -> Path:
        (authorised,) = place.clear().closed
        return keep_receipt(place.office, place.device, authorised)

    def test_it_is_the_same_again(self, place: Place, path: Path) -> None:
        before = path.read_bytes()
        last = place.known.last(place.device)
        assert last is not None

        assert keep_receipt(place.office, place.device, last.authorised).read_bytes() == before

    def test_one_byte_more_or_less_is_no_receipt(self, place: Place, path: Path) -> None:
        key, note = dock_key(place.office), path.read_text()
        assert opened_receipt(note, key).removed == 2
        for place_ in range(0, len(note), 7):
            spoiled = note[:place_] + ("0" if note[place_] != "0" else "1") + note[place_ + 1 :]
            with pytest.raises(LedgerError):
                opened_receipt(spoiled, key)

    def test_another_key_vouches_for_nothing(self, place: Place, path: Path, tmp_path: Path) -> None:
        other = FileSigner.generate(tmp_path / "other.pem", name=str(place.office.dock.who))

        with pytest.raises(LedgerError):
            opened_receipt(path.read_text(), VerifierKey.parse(other.vkey))
        assert yihu("receipt", "verify", path, "--key", other.vkey)[0] == Exit.EVIDENCE

    def test_the_page_holds_the_receipt_byte_for_byte(self, place: Place, path: Path, tmp_path: Path) -> None:
        page = tmp_path / "receipt.pdf"

        answer("receipt", "print", path, "--out", page)

        assert notes_in(page) == [path.read_text()]
        receipt = opened_receipt(path.read_text(), dock_key(place.office))
        assert receipt_pdf(place.office, receipt, path.read_text()).startswith(b"%PDF")

    def test_a_clearing_that_is_open_has_none(self, place: Place) -> None:
        from storage.clearing_receipts import receipt_of  # noqa: PLC0415
        from storage.clearings import Clearing  # noqa: PLC0415

        dock = place.office.dock.who
        open_ = Clearing(place.device, 1, 1, "{}", 1, 1, "", (1, ""), None, None, None, {}, {})
        with pytest.raises(LedgerError):
            receipt_of(open_, log="log.example/x", dock=dock, at="")
