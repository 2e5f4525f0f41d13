"""How many mutations there are: counted from what makes them. That each meets its fate is said where it is carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import pytest

from storage.database import reading

from .bytewise import damaged, moved
from .insiders import ATTACKS
from .notes import spoilt_notes, spoilt_proofs
from .rows import mutations, rows_in
from .tally import CLASSES
from .test_insiders import PLACES
from .world import World, opened, signing

LEAST = 500


def _files(world: World) -> Iterator[str]:
    root = world.outside / "published"
    files = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    carried = {path.name: path.read_bytes() for path in sorted(world.outside.glob("entry-*"))}
    return (mutation.name for mutation in chain(damaged(files), moved(files), damaged(carried)))


def _artefacts(world: World) -> Iterator[str]:
    note, older = world.held()[-1], world.held()[-2]
    with opened(world) as office:
        key = signing(office)
    yield from (name for name, _ in spoilt_notes(note, key=key, older=older))
    for path in world.outside.glob("entry-*.tlog-proof"):
        yield from (f"{path.name}: {name}" for name, _ in spoilt_proofs(path.read_text(), others=[], newer=older))


def _database(world: World) -> Iterator[str]:
    with opened(world) as office, reading(office.engine) as connection:
        yield from (mutation.name for mutation in mutations(rows_in(connection)))


def test_there_are_at_least_five_hundred_and_each_has_a_name_of_its_own(small: World) -> None:
    """Of four classes alone; objects, time and the process come on top."""
    names = {
        "A": list(_files(small)),
        "B": list(_artefacts(small)),
        "C": [f"{name} {place}" for name in ATTACKS for place in PLACES],
        "D": list(_database(small)),
    }
    assert names.keys() <= CLASSES.keys()
    for letter, found in names.items():
        assert [name for name, times in Counter(found).items() if times > 1] == [], letter
        assert len(found) >= LEAST / 10, letter
    assert sum(map(len, names.values())) >= LEAST


@pytest.mark.parametrize("kind", ["changed", "emptied", "swapped", "deleted", "copied"])
def test_rows_are_spoilt_in_every_way(small: World, kind: str) -> None:
    assert any(kind in name for name in _database(small))
