"""
Backups put back, second copies, deaths at every step of publishing, half-written files, a full disk.

Single steps of signing are the business of ``tests/storage/ledger/test_rollback_lock.py``; here they are done to a whole
office, and what strangers are shown is looked at.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage import durable
from storage.errors import EvidenceError, LedgerError, StorageUnavailable
from storage.ledger.cell import FileCell
from storage.ledger.feeding import feed
from storage.ledger.log import Log
from storage.ledger.publish import DirectoryShelf, publish, publish_all
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from tests.storage.ledger.living import Died, Dying
from yihu.wiring import Office

from .offices import make_bare
from .tally import Fate, Tally
from .world import World, delivering, findings_in, findings_of, grow, opened, sign, size_of

CLASS = "G"


@pytest.fixture
def world(small: World, tmp_path: Path) -> World:
    """An office and its outside that one test has for itself."""
    return small.copied_whole(tmp_path / "here")


def _database(world: World) -> bytes:
    return world.database.read_bytes()


def _put_back(world: World, raw: bytes) -> None:
    for beside in world.home.glob("yihu.db-*"):
        beside.unlink()
    world.database.write_bytes(raw)


def _refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except LedgerError:
        return True
    return False


def test_yesterdays_database_is_found_and_records_and_signs_nothing(world: World, tally: Tally) -> None:
    yesterday = _database(world)
    with opened(world) as office:
        grow(office, 3)
        office.log.checkpoint()
    _put_back(world, yesterday)

    assert any("put back from a backup" in finding for finding in findings_of(world))
    with opened(world) as office:
        refused = _refused(office.log.checkpoint) and _refused(lambda: office.custody)
    tally.note("yesterday's database", "detected" if refused else None)
    tally.settle()


def test_yesterdays_database_and_yesterdays_lock_are_found_by_the_witnesses(world: World, tally: Tally) -> None:
    """Whoever puts back both has a flawless office; the witnesses remember a larger tree, or another."""
    cell = world.home / "lock" / "head"
    yesterday, locked = _database(world), cell.read_bytes()
    with opened(world) as office:
        grow(office, 3)
        sign(office, world)
    for grown in (0, 1, 3, 7):
        _put_back(world, yesterday)
        cell.write_bytes(locked)
        with opened(world) as office:
            if grown:
                grow(office, grown, version="2")
                _refused_by_the_witnesses(office, world)
            assert findings_in(office) == []
            forgotten = list(_forgotten(office, world))
        tally.note(f"database and lock of yesterday, {grown} entries later", "detected" if forgotten else None)
    tally.settle()


def _refused_by_the_witnesses(office: Office, world: World) -> None:
    office.log.checkpoint()
    for one, at_work in zip(office.log.anchors.witnesses(), world.witnesses(), strict=True):
        with pytest.raises(LedgerError):
            feed(office.log, one, delivering(at_work))


def _forgotten(office: Office, world: World) -> Iterator[str]:
    return office.log.anchors.forgotten(world.held())


@pytest.mark.parametrize("grown", [1, 2])
def test_of_two_sequencers_one_signs(world: World, tally: Tally, tmp_path: Path, grown: int) -> None:
    twin = world.copy(tmp_path / "twin")
    shared = FileCell(world.home / "lock" / "head")
    with opened(world) as office, opened(twin) as other:
        theirs = Log(other.engine, *other.signers, cell=shared)
        grow(office, 1)
        grow(other, grown, version="2")
        office.log.checkpoint()
        refused = _refused(theirs.checkpoint) and _refused(theirs.confirm)
    tally.note(f"a second sequencer, {grown} entries on", "detected" if refused else None)
    tally.settle()


@pytest.mark.parametrize("after", [False, True], ids=["before the lock", "after the lock"])
def test_a_death_while_signing_costs_nothing(world: World, tally: Tally, tmp_path: Path, *, after: bool) -> None:
    """Neutral: whoever goes on signs what would have been signed."""
    with opened(world) as office:
        grow(office, 2)
    twin = world.copy(tmp_path / "twin")
    with opened(twin) as office:
        wanted = office.log.checkpoint()
    with opened(world) as office:
        assert office.cell is not None
        with pytest.raises(Died):
            Log(office.engine, *office.signers, cell=Dying(office.cell, after=after)).checkpoint()
        same = findings_in(office) == [] and office.log.checkpoint() == wanted and findings_in(office) == []
    tally.note(f"death {'after' if after else 'before'} the lock", "neutral" if same else None)
    tally.settle()


# --- publishing ---------------------------------------------------------------------------------------------------------


@dataclass
class Failing:
    """A directory to publish to, in whose hands something happens at the step with a certain number."""

    root: Path
    at: int
    happens: Callable[[Path, bytes], None]
    step: int = 0

    def newest(self) -> str | None:
        """Return the head that is shown."""
        return DirectoryShelf(self.root).newest()

    def keep(self, path: str, data: bytes) -> None:
        """Keep a file, unless it is this one."""
        self._go(self.root / path, data)
        DirectoryShelf(self.root).keep(path, data)

    def show(self, note: str) -> None:
        """Show the head, unless it is this step."""
        self._go(self.root / "checkpoint", note.encode())
        DirectoryShelf(self.root).show(note)

    def _go(self, path: Path, data: bytes) -> None:
        if self.step == self.at:
            self.happens(path, data)
        self.step += 1


def _dies(_path: Path, _data: bytes) -> None:
    raise Died


def _dies_after(path: Path, data: bytes) -> None:
    durable.make_directory(path.parent, 0o755)
    durable.replace(path, data, 0o644)
    raise Died


def _dies_in_the_middle(path: Path, data: bytes) -> None:
    """What a death between writing and naming leaves: half a file under a name that means nothing."""
    durable.make_directory(path.parent, 0o755)
    path.with_name(f"{path.name}.0a0b0c0d{durable.TEMPORARY}").write_bytes(data[: len(data) // 2])
    raise Died


def _disk_is_full(path: Path, data: bytes) -> None:
    """The system takes some bytes and then no more; nothing of that stays."""
    taken = iter([len(data) // 2])

    def write(_view: memoryview) -> int:
        try:
            return next(taken)
        except StopIteration:
            raise OSError(errno.ENOSPC, "No space left on device") from None

    with pytest.raises(OSError, match="No space left"):
        durable.write_all(write, data)
    message = f"publishing to {path}: No space left on device"
    raise StorageUnavailable(message)


FAULTS: dict[str, Callable[[Path, bytes], None]] = {
    "dies before": _dies,
    "dies after": _dies_after,
    "dies in the middle of": _dies_in_the_middle,
    "finds the disk full at": _disk_is_full,
}


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An office that has published 250 entries and has 20 more to publish: full and partial files, and a head."""
    world = make_bare(tmp_path_factory.mktemp("grown"))
    with opened(world) as office:
        grow(office, BEFORE - size_of(office))
        office.log.checkpoint()
        publish(office.log, DirectoryShelf(world.outside / "before"))
        grow(office, 20)
        office.log.checkpoint()
        shutil.copytree(world.outside / "before", world.outside / "after")
        publish(office.log, DirectoryShelf(world.outside / "after"))
    return world


STEPS = 6
BEFORE = 250


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_step_of_publishing_leaves_a_whole_log_and_is_made_good(
    grown: World, tally: Tally, tmp_path: Path, fault: str
) -> None:
    """Neutral: the old head or the new one is shown, all of it is there, and the next time ends in the same files."""
    with opened(grown) as office:
        for step in range(STEPS):
            root = Path(shutil.copytree(grown.outside / "before", tmp_path / str(step)))
            with pytest.raises((Died, StorageUnavailable)):
                publish(office.log, Failing(root, step, FAULTS[fault]))
            shown = (root / "checkpoint").read_text()
            assert shown in {(grown.outside / one / "checkpoint").read_text() for one in ("before", "after")}
            publish(office.log, DirectoryShelf(root))
            publish_all(office.log, DirectoryShelf(root))
            same = _files(root) == _files(grown.outside / "after")
            holds = verify_directory(root, grown.keys()).outcome is Outcome.CONSISTENT
            tally.note(f"{fault} step {step}", "neutral" if same and holds else None)
        unharmed = Failing(Path(shutil.copytree(grown.outside / "before", tmp_path / "whole")), -1, _dies)
        publish(office.log, unharmed)
    assert unharmed.step == STEPS, "a fault at every step was tried"
    tally.settle()


def _files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_half_written_file_under_its_own_name_is_found(grown: World, tally: Tally, tmp_path: Path) -> None:
    """What a disk that lied about its cache leaves: found by the stranger, and by the next full publishing."""
    for path, raw in _files(grown.outside / "after").items():
        for what, torn in {"half": raw[: len(raw) // 2], "empty": b"", "zeros": bytes(len(raw))}.items():
            root = Path(shutil.copytree(grown.outside / "after", tmp_path / f"{path.replace('/', '-')}-{what}"))
            (root / path).chmod(0o644)
            (root / path).write_bytes(torn)
            fate: Fate | None = "detected" if verify_directory(root, grown.keys()).outcome is Outcome.FAILED else None
            # a partial file that a fuller one replaced is not published again; the stranger looks at it all the same
            if path != "checkpoint" and not path.endswith(f".p/{BEFORE}"):
                with opened(grown) as office, pytest.raises(EvidenceError, match="another content"):
                    publish_all(office.log, DirectoryShelf(root))
            tally.note(f"{path}: {what}", fate)
    tally.settle()
