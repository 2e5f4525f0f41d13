"""What an authorisation to clear may say, and who may have one."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.clearing_receipts import opened_receipt, signed_receipt
from storage.clearings import MOST, Clearings, Wanted, authorised, cleared
from storage.custody import Custody
from storage.errors import LedgerError, LifeCycleError, StaleState
from storage.evidence import Actor, Digest, Entry, Kind, Role, Subject
from storage.identity import fresh
from storage.ledger.anchored import Outside
from storage.ledger.checkpoint import Checkpoint, signature_line
from storage.ledger.keys import FileSigner, VerifierKey
from storage.ledger.leaf import LARGEST_LEAF
from storage.ledger.tree import EMPTY_ROOT
from tests.ingest.clearable import Place
from yihu.wiring import Office

HEAD = Checkpoint("log.example/x", 9, bytes(range(32)))
NO_HEAD = (
    '{"at":"","authorised":1,"bytes":1,"cleared":2,"device":"x","dock":"x","head":{},"left":{},"log":"","removed":1,"root":""}'
)
DOCK = Actor(fresh(Kind.DOCK), Role.DOCK)


def wanted(count: int) -> list[Wanted]:
    return [Wanted(fresh(Kind.CLIP), Digest.parse("blake3:" + "ab" * 32), 2**40) for _ in range(count)]


def opening(device: Subject, count: int = 1) -> Entry:
    return authorised(device, wanted(count), manifest=1, policy={"when": "at-once"}, head=HEAD, actor=DOCK)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.made(tmp_path, files=1)


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_an_authorisation_names_some_clips_and_not_too_many(count: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 64 clips"):
        opening(fresh(Kind.DEVICE), count)


def test_a_clip_is_named_once() -> None:
    (one,) = wanted(1)
    with pytest.raises(ValueError, match="each once"):
        authorised(fresh(Kind.DEVICE), [one, one], manifest=1, policy={}, head=HEAD, actor=DOCK)


def test_the_longest_of_both_fits_into_a_leaf(place: Place) -> None:
    office, device = place.office, place.device
    custody: Custody = office.custody
    seq = custody.record(opening(device, MOST)).seq
    clips = [clip.clip for clip in wanted(MOST)]
    left = dict.fromkeys(clips[1:], "a-reason-that-is-rather-long")
    assert len(office.log.leaf(seq)) <= LARGEST_LEAF
    body = cleared(device, seq, removed=clips[:1], size=1, left=left, actor=DOCK)
    with pytest.raises(StaleState):  # of clips that the authorisation does not name
        custody.record(body)


def test_of_each_camera_one_authorisation_is_open(place: Place) -> None:
    office, device = place.office, place.device
    known = Clearings(office.engine)
    assert (known.open(device), known.last(device), known.all_open()) == (None, None, [])
    first = office.custody.record(opening(device)).seq

    with pytest.raises(StaleState):
        office.custody.record(opening(device))

    assert known.all_open() == [device]
    assert known.of(device, first + 1) is None
    with pytest.raises(StaleState):
        office.custody.record(cleared(device, first + 1, removed=[], size=0, left={}, actor=DOCK))
    office.custody.record(cleared(device, first, removed=[], size=0, left={}, actor=DOCK))
    with pytest.raises(StaleState):
        office.custody.record(cleared(device, first, removed=[], size=0, left={}, actor=DOCK))
    assert known.open(device) is None


def test_a_camera_that_nobody_enrolled_is_not_cleared(place: Place) -> None:
    with pytest.raises(LifeCycleError):
        place.office.custody.record(opening(fresh(Kind.DEVICE)))


class TestOutside:
    def test_an_entry_beyond_the_head_is_not_proved(self, place: Place) -> None:
        outside = outside_of(place.office)
        head = outside.head()
        assert head is not None
        assert outside.entry(head, head.size - 1).seq == head.size - 1
        for index in (head.size, -1):
            with pytest.raises(LedgerError):
                outside.entry(head, index)

    def test_a_head_of_another_log_proves_nothing(self, place: Place) -> None:
        with pytest.raises(LedgerError):
            outside_of(place.office).entry(HEAD, 3)
        with pytest.raises(LedgerError):
            outside_of(place.office).entry(Checkpoint("log.example/x", 0, EMPTY_ROOT), 0)

    @pytest.mark.parametrize(("table", "column"), [("checkpoints", "note"), ("cosignatures", "line")])
    def test_a_spoiled_head_is_none(self, place: Place, table: str, column: str) -> None:
        with place.office.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_no_update")
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = 'x' || {column}")  # noqa: S608 - ours
        with pytest.raises(LedgerError):
            outside_of(place.office).head()


def outside_of(office: Office) -> Outside:
    return Outside(office.engine, office.log)


@pytest.mark.parametrize(
    "text",
    [
        "yihu/clearing-receipt/v2\n{}\n",
        "yihu/clearing-receipt/v1\n{}\n",
        "yihu/clearing-receipt/v1\n[]\n",
        f"yihu/clearing-receipt/v1\n{NO_HEAD}\n",
    ],
)
def test_what_a_dock_signed_is_not_a_receipt_for_that(tmp_path: Path, text: str) -> None:
    signer = FileSigner.generate(tmp_path / "dock.pem", name=str(DOCK.who))
    note = f"{text}\n{signature_line(text, signer, what='receipt')}"

    with pytest.raises(LedgerError):
        opened_receipt(note, VerifierKey.parse(signer.vkey))


def test_a_receipt_of_another_dock_is_not_by_this_one(place: Place, tmp_path: Path) -> None:
    """Who holds the key of one dock cannot speak for another."""
    from yihu.clear_receipts import receipt_note  # noqa: PLC0415

    (authorised_,) = place.clear().closed
    receipt, _ = receipt_note(place.office, place.device, authorised_)
    signer = FileSigner.generate(tmp_path / "other.pem", name=str(fresh(Kind.DOCK)))

    with pytest.raises(LedgerError):
        opened_receipt(signed_receipt(receipt, signer), VerifierKey.parse(signer.vkey))
