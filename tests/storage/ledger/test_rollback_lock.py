"""Yesterday's database and a second copy of it sign nothing, and a crash at any step of signing leaves one head, never two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from storage.database import Connection
from storage.errors import LedgerError, NotFound, StaleState, StorageUnavailable
from storage.ledger.cell import Cell, FileCell
from storage.ledger.checkpoint import Checkpoint

from .conftest import ORIGIN
from .living import Died, Dying, LivingLog, head, refused


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingLog]:
    made = LivingLog.found(tmp_path / "office")
    yield made
    made.engine.dispose()


def test_the_cell_holds_what_was_signed_last(living: LivingLog) -> None:
    for _ in range(3):
        note = living.grow(2).log.checkpoint()
        assert living.cell.read() == note == living.log.latest()
        living.log.confirm()
        assert living.log.checkpoint() == note


def test_yesterdays_database_signs_nothing_and_says_both_sizes(living: LivingLog, tmp_path: Path) -> None:
    living.grow(9).log.checkpoint()
    yesterday = living.backup(tmp_path / "yesterday.db")
    living.grow(10).log.checkpoint()

    restored = living.put_back(yesterday)

    refused(restored, "the 10 stored leaves do not continue the checkpoint of 20")
    refused(restored.grow(10), "the 20 stored leaves do not continue the checkpoint of 20")
    refused(restored.grow(10), "the 30 stored leaves do not continue the checkpoint of 20")
    assert head(restored.cell.read()).size == 20


def test_a_backup_made_just_now_is_the_same_database(living: LivingLog, tmp_path: Path) -> None:
    """Entries recorded but never signed bind nobody: what was signed is all there."""
    living.grow(5).log.checkpoint()
    backup = living.backup(tmp_path / "now.db")
    living.grow(3)

    restored = living.put_back(backup)

    restored.log.confirm()
    assert head(restored.grow(1).log.checkpoint()).size == 7


def test_of_two_copies_the_first_to_sign_is_the_log(living: LivingLog, tmp_path: Path) -> None:
    living.grow(5).log.checkpoint()
    twin = living.copy(tmp_path / "twin")
    living.grow(2)
    twin.grow(3)

    twin.log.checkpoint()

    refused(living, "do not continue the checkpoint of 9")
    refused(living.grow(5), "the 13 stored leaves do not continue the checkpoint of 9")
    assert head(twin.grow(1).log.checkpoint()).size == 10


def test_two_copies_that_sign_at_the_same_moment_do_not_both_get_through(living: LivingLog, tmp_path: Path) -> None:
    """One has read the cell and signed; before it puts its head there, the other does."""
    living.grow(5).log.checkpoint()
    twin = living.copy(tmp_path / "twin")
    living.grow(2)
    twin.grow(2)
    late = living.again(cell=_Meanwhile(living.cell, twin.log.checkpoint))

    with pytest.raises(LedgerError, match="another copy of this log has signed after 6"):
        late.log.checkpoint()

    assert head(late.log.latest()).size == 6
    assert living.cell.read() == twin.log.latest()


class _Meanwhile:
    """A cell in front of which something else happens just before it is replaced."""

    def __init__(self, cell: Cell, happens: Callable[[], object]) -> None:
        self._cell, self._happens = cell, happens
        self.read, self.create = cell.read, cell.create

    def replace(self, old: str, new: str) -> None:
        self._happens()
        self._cell.replace(old, new)


@pytest.mark.parametrize("grown", [0, 4], ids=["nothing since", "recorded since"])
def test_death_before_the_cell_is_written_leaves_the_old_head(living: LivingLog, grown: int) -> None:
    before = living.grow(3).log.checkpoint()
    living.grow(2)
    with pytest.raises(Died):
        living.again(cell=Dying(living.cell, after=False)).log.checkpoint()

    revived = living.again()
    assert revived.cell.read() == before == revived.log.latest()
    if grown:
        revived.grow(grown)
    assert head(revived.log.checkpoint()).size == 6 + grown


@pytest.mark.parametrize("grown", [0, 4], ids=["nothing since", "recorded since"])
def test_death_after_the_cell_is_written_keeps_the_new_head(living: LivingLog, grown: int) -> None:
    """It is *the* head from that moment: the next call writes it into the database, and signs only what comes after."""
    living.grow(3).log.checkpoint()
    living.grow(300)
    with pytest.raises(Died):
        living.again(cell=Dying(living.cell, after=True)).log.checkpoint()

    revived = living.again()
    signed = revived.cell.read()
    assert (head(signed).size, head(revived.log.latest()).size) == (304, 4)
    revived.log.confirm()
    if grown:
        revived.grow(grown)
    note = revived.log.checkpoint()
    assert head(note).size == 304 + grown
    assert (note == signed) == (grown == 0)
    assert revived.log.tile(0, 0, 256)
    assert revived.log.proof(303)


def test_a_database_that_breaks_off_the_commit_is_made_good(living: LivingLog) -> None:
    """The cell was written, the database never heard: the same lines as after every signature bring them together."""
    living.grow(3).log.checkpoint()
    living.grow(1)

    def broken(_connection: Connection) -> None:
        raise Died

    event.listen(living.engine, "commit", broken)
    with pytest.raises(Died):
        living.log.checkpoint()
    event.remove(living.engine, "commit", broken)

    assert head(living.cell.read()).size == 5
    assert living.log.checkpoint() == living.cell.read() == living.log.latest()


def test_a_cell_that_is_away_stops_signing_and_nothing_else(living: LivingLog, tmp_path: Path) -> None:
    before = living.grow(3).log.checkpoint()
    away = living.again(cell=FileCell(tmp_path / "unplugged" / "head"))

    for act in (away.log.checkpoint, away.log.confirm):
        with pytest.raises(StorageUnavailable, match="unplugged"):
            act()
    assert away.grow(1).log.latest() == before
    assert head(living.log.checkpoint()).size == 5


def test_an_answer_of_the_cell_that_was_lost_is_found_out_about(living: LivingLog) -> None:
    """It was written, and the network broke before it could say so."""
    living.grow(3).log.checkpoint()
    living.grow(1)

    class Lossy(Dying):
        def replace(self, old: str, new: str) -> None:
            self._cell.replace(old, new)
            message = "connection broken"
            raise StorageUnavailable(message)

    with pytest.raises(StorageUnavailable):
        living.again(cell=Lossy(living.cell, after=True)).log.checkpoint()

    assert living.again().log.checkpoint() == living.cell.read()


def test_a_cell_put_back_from_a_backup_is_brought_up_to_the_database(living: LivingLog) -> None:
    """The database continues it, so nothing is contradicted."""
    old = living.grow(3).log.checkpoint()
    new = living.grow(3).log.checkpoint()
    living.cell.replace(new, old)

    living.log.confirm()
    assert living.log.checkpoint() == new == living.cell.read()
    living.cell.replace(new, old)
    assert head(living.grow(1).log.checkpoint()).size == 8


@pytest.mark.parametrize("text", ["nonsense", "{other}"])
def test_a_cell_that_holds_something_else_is_believed_by_nobody(living: LivingLog, text: str) -> None:
    from .conftest import SmallLog, signer  # noqa: PLC0415 - here alone

    note = living.grow(3).log.checkpoint()
    from storage.ledger.checkpoint import sign_checkpoint  # noqa: PLC0415 - here alone

    other = sign_checkpoint(Checkpoint(ORIGIN, 3, SmallLog().head(0).root), signer(2))
    living.cell.replace(note, text.replace("{other}", other))

    refused(living, r"note|signed")


def test_a_log_whose_cell_was_never_made_signs_nothing(living: LivingLog, tmp_path: Path) -> None:
    """An empty cell is not taken for a new log: deleting it would be the way around the lock."""
    (tmp_path / "empty").mkdir()
    other = living.again(cell=FileCell(tmp_path / "empty" / "head"))

    for act in (other.log.checkpoint, other.log.confirm):
        with pytest.raises(NotFound, match="yihu log lock"):
            act()
    living.grow(2).log.checkpoint()
    other.log.lock()
    assert other.log.checkpoint() == living.log.latest()
    with pytest.raises(StaleState):
        other.log.lock()
