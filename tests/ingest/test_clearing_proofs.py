"""Without both proofs nothing is removed: whatever store, ledger, catalog and policy say or do not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ingest.cards import Card
from ingest.clear_policy import Reason
from ingest.identify import identify
from storage.clips import clips
from storage.errors import NotFound, StorageUnavailable
from storage.evidence import Digest
from storage.objects import ObjectStore, Stored
from storage.testing import FaultyStore
from tests.crashes.offices import fill
from tests.ingest.clearable import AT_ONCE, Place, reasons
from yihu.clearing import CameraClearing, LockShown, proved
from yihu.wiring import now


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.made(tmp_path_factory.mktemp("clearable"), files=1)


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Iterator[Place]:
    copy = made.copied(tmp_path / "copy")
    yield copy
    copy.close()


def with_settings(place: Place, *lines: str) -> None:
    """Have the office want something else."""
    place.close()
    settings = place.home / "yihu.toml"
    text = settings.read_text()
    settings.write_text(text[: text.index("[clear]")] + "\n".join(["[clear]", *lines, ""]))


def nothing_goes(place: Place, reason: Reason) -> None:
    """Nothing is removed, nothing is authorised, and this is why."""
    before = place.on_card()
    report = place.clear()
    assert (report.removed, place.on_card(), place.types()) == (0, before, [])
    assert reasons(report) == {reason}


class LyingStore:
    """A store that says or gives something else."""

    def __init__(self, store: ObjectStore, told: Callable[[Stored], Stored] | None = None, given: bytes | None = None) -> None:
        self._store, self._told, self._given = store, told, given

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)

    def describe(self, *args: Any) -> Stored:  # noqa: ANN401 - as the store has it
        stored = self._store.describe(*args)
        return stored if self._told is None else self._told(stored)

    @contextmanager
    def open(self, *args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401 - as the store has it
        if self._given is not None:
            yield BytesIO(self._given)
            return
        with self._store.open(*args, **kwargs) as opened:
            yield opened


def other(digest: Digest) -> Digest:
    return replace(digest, value=bytes(32))


LIES: dict[str, tuple[Callable[[Stored], Stored], Reason]] = {
    "other version": (lambda stored: replace(stored, version="other"), Reason.STORED_DIFFERS),
    "other size": (lambda stored: replace(stored, size=stored.size + 1), Reason.STORED_DIFFERS),
    "other BLAKE3": (lambda stored: replace(stored, blake3=other(stored.blake3)), Reason.STORED_DIFFERS),
    "other SHA-256": (lambda stored: replace(stored, sha256=other(stored.sha256)), Reason.STORED_DIFFERS),
    "no lock": (lambda stored: replace(stored, retained_until=None), Reason.LOCK_TOO_SHORT),
    "shorter lock": (
        lambda stored: replace(stored, retained_until=(stored.retained_until or now()) - timedelta(seconds=1)),
        Reason.LOCK_TOO_SHORT,
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_store_that_describes_something_else(place: Place, lie: str) -> None:
    told, reason = LIES[lie]
    vars(place.office)["store"] = LyingStore(place.office.store, told)

    nothing_goes(place, reason)


@pytest.mark.parametrize("given", [b"", b"x", bytes(700), bytes(701)], ids=["nothing", "less", "other bytes", "more"])
def test_a_store_that_gives_other_bytes(place: Place, given: bytes) -> None:
    vars(place.office)["store"] = LyingStore(place.office.store, given=given)

    nothing_goes(place, Reason.STORED_DIFFERS)


def test_an_object_that_is_gone(place: Place) -> None:
    next((place.home / "store").rglob("original.object")).rename(place.home / "away")

    nothing_goes(place, Reason.STORED_DIFFERS)


def test_a_lock_that_ended(place: Place) -> None:
    """The object may be disposed of at any moment: it is no copy to rely on."""
    place.close()
    place.clock = lambda: now() + timedelta(days=400)

    nothing_goes(place, Reason.LOCK_TOO_SHORT)


def test_a_store_that_is_away_is_asked_later(place: Place) -> None:
    vars(place.office)["store"] = FaultyStore(place.office.store, away=True)

    with pytest.raises(StorageUnavailable):
        place.prove()


def test_an_office_without_witness(tmp_path: Path) -> None:
    place = Place.made(tmp_path, *AT_ONCE, files=1)
    with place.office.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM witnesses")
        connection.exec_driver_sql("DELETE FROM quorums")

    nothing_goes(place, Reason.NO_WITNESS)
    place.close()


def test_entries_that_no_witness_saw_yet(place: Place) -> None:
    """What was taken in since waits; what the witness holds is cleared."""
    office = place.office
    fill(place.card, {b"DCIM/100MEDIA/later.MP4": b"later"})
    office.pipeline().ingest(place.card, device="DEMO-1")

    proven = place.prove()

    assert (len(proven.files), reasons(proven)) == (1, {Reason.NOT_ANCHORED})
    place.clear(proven)
    assert place.on_card() == {b"later.MP4"}
    place.anchor()
    assert place.clear().is_whole


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (['policy = "never"', "trust_folder_store = true"], Reason.POLICY),
        (['policy = "after-days"', "days = 7", "trust_folder_store = true"], Reason.TOO_EARLY),
        (['policy = "at-once"'], Reason.STORE_UNTRUSTED),
    ],
)
def test_a_policy_that_does_not_allow_it(place: Place, lines: list[str], reason: Reason) -> None:
    with_settings(place, *lines)

    nothing_goes(place, reason)


def test_days_that_are_over(place: Place) -> None:
    with_settings(place, 'policy = "after-days"', "days = 7", "trust_folder_store = true")
    place.clock = lambda: now() + timedelta(days=7, minutes=1)

    assert place.clear().is_whole


@pytest.mark.parametrize("changed", [{"blake3": "blake3:" + "0" * 64}, {"object_version": "other"}, {"retained_until": None}])
def test_a_catalog_that_says_something_else_than_the_ledger(place: Place, changed: dict[str, str | None]) -> None:
    """Whoever can write to the database cannot have footage removed for another's bytes."""
    with place.office.engine.begin() as connection:
        connection.execute(update(clips).values(changed))

    nothing_goes(place, Reason.LEDGER_DIFFERS)


def test_an_entry_that_was_changed_after_it_was_signed(place: Place) -> None:
    with place.office.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_no_update")
        connection.exec_driver_sql(
            'UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), \'"kind":"video"\', \'"kind":"audio"\') AS BLOB)'
        )

    nothing_goes(place, Reason.LEDGER_DIFFERS)


def test_a_camera_that_was_never_taken_in(place: Place) -> None:
    with Card(place.card, identify(place.card, "DEMO-2")) as card, pytest.raises(NotFound):
        proved(CameraClearing(place.office), card)


def test_a_folder_never_shows_that_it_keeps_what_is_locked(place: Place) -> None:
    assert LockShown(lambda: place.office.store, now)() is False
