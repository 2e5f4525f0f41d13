"""Revealing chosen values of the vault, and what an erased subject means to it."""

from __future__ import annotations

from itertools import combinations

import pytest
from sqlalchemy import select, text

from storage.database import reading, writing
from storage.errors import Erased, LedgerError, NotFound
from storage.evidence import Actor, Entry, Json, Kind, Recorded, Role
from storage.identity import fresh
from storage.schema import entries, vault_keys
from storage.verifier.disclosure import DisclosedField, Disclosure, parse_disclosure, verify_disclosure
from storage.verifier.leaves import LeafRecord, read_leaf

from .conftest import DOCK, ORIGIN, Bench, enrolled, secured

PERSONAL: dict[str, Json] = {"label": "DEMO-0009", "owner": "王小明", "place": None, "spare": ["A", 1]}


def recorded_with_fields(bench: Bench) -> tuple[Recorded, LeafRecord]:
    device = fresh(Kind.DEVICE)
    recorded = bench.custody.record(Entry("DEVICE_ENROLLED", device, DOCK, {"identified_by": "named"}, PERSONAL))
    return recorded, read_leaf(bench.log.leaf(recorded.seq))


def revealed(bench: Bench, leaf: LeafRecord, *fields: str) -> tuple[DisclosedField, ...]:
    with reading(bench.engine) as connection:
        return bench.vault.reveal(connection, leaf.seq, leaf.commitments, fields)


def erase(bench: Bench, recorded: Recorded) -> None:
    with writing(bench.engine) as connection:
        bench.vault.erase(connection, recorded.entry.subject)


def test_any_choice_of_fields_verifies_and_tells_nothing_of_the_others(bench: Bench) -> None:
    _, leaf = recorded_with_fields(bench)
    salts = {one.field: one.salt.hex() for one in revealed(bench, leaf, *PERSONAL)}

    for size in range(1, len(PERSONAL) + 1):
        for chosen in combinations(sorted(PERSONAL, reverse=True), size):
            raw = Disclosure(ORIGIN, leaf.seq, revealed(bench, leaf, *chosen)).encode()

            assert verify_disclosure(parse_disclosure(raw), leaf) == tuple(sorted(chosen))
            assert {one.field: one.value for one in parse_disclosure(raw).fields} == {name: PERSONAL[name] for name in chosen}
            assert not any(salts[name] in raw.decode() for name in PERSONAL.keys() - set(chosen))


def test_a_field_that_the_entry_has_not_is_named_with_those_it_has(bench: Bench) -> None:
    _, leaf = recorded_with_fields(bench)

    with pytest.raises(NotFound, match=r"entry 0: it has no field 'badge', but label, owner, place, spare"):
        revealed(bench, leaf, "label", "badge")


def test_what_was_erased_is_not_revealed(bench: Bench) -> None:
    recorded, leaf = recorded_with_fields(bench)
    erase(bench, recorded)

    with pytest.raises(Erased, match="entry 0: owner: erased"):
        revealed(bench, leaf, "owner")


def test_a_value_that_was_exchanged_is_not_revealed(bench: Bench) -> None:
    _, leaf = recorded_with_fields(bench)
    bench.unguard()
    with writing(bench.engine) as connection:
        sealed = "SELECT sealed FROM vault WHERE field = 'label'"
        connection.execute(text(f"UPDATE vault SET sealed = ({sealed}) WHERE field = 'owner'"))  # noqa: S608 - a constant

    with pytest.raises(LedgerError, match="value 'owner' of entry 0 was changed or moved"):
        revealed(bench, leaf, "owner")
    assert revealed(bench, leaf, "label")[0].value == "DEMO-0009"


def test_a_key_is_never_made_again_for_an_erased_subject(bench: Bench) -> None:
    """A value that came later is refused with its whole entry; an entry without one is recorded."""
    recorded, _ = recorded_with_fields(bench)
    erase(bench, recorded)
    device = recorded.entry.subject

    with pytest.raises(Erased, match=str(device)):
        bench.custody.record(Entry("DOCKED", device, DOCK, {"profile": "x"}, {"where": "/media/x"}))
    assert bench.custody.record(Entry("DOCKED", device, DOCK, {"profile": "x"})).seq == 1
    with reading(bench.engine) as connection:
        assert connection.scalars(select(vault_keys.c.wrapped).where(vault_keys.c.subject == str(device))).all() == [b""]
        assert len(connection.scalars(select(entries.c.seq)).all()) == 2


def test_erasing_twice_is_erasing_once(bench: Bench) -> None:
    recorded, leaf = recorded_with_fields(bench)
    for _ in range(2):
        erase(bench, recorded)
        with reading(bench.engine) as connection:
            assert bench.vault.is_erased(connection, recorded.entry.subject)
            assert bench.vault.open(connection, leaf.seq, leaf.commitments) == {}


def test_nobody_else_is_touched_by_an_erasure(bench: Bench) -> None:
    recorded, _ = recorded_with_fields(bench)
    other = bench.custody.record(enrolled())
    clip = bench.custody.record(secured(other.entry.subject))
    erase(bench, recorded)

    for one in (other, clip):
        leaf = read_leaf(bench.log.leaf(one.seq))
        with reading(bench.engine) as connection:
            assert bench.vault.open(connection, one.seq, leaf.commitments) == dict(one.entry.personal)


def test_what_was_confided_to_somebody_else_outlives_the_subject(bench: Bench) -> None:
    """And goes with that somebody."""
    keeper = Actor(fresh(Kind.ACCOUNT), Role.ADMINISTRATOR)
    device = bench.custody.record(enrolled()).entry.subject
    entry = Entry("DOCKED", device, keeper, {"profile": "x"}, {"where": "w"}, confided_to=keeper.who)
    recorded = bench.custody.record(entry)
    leaf = read_leaf(bench.log.leaf(recorded.seq))
    with writing(bench.engine) as connection:
        bench.vault.erase(connection, device)
        assert bench.vault.open(connection, recorded.seq, leaf.commitments) == {"where": "w"}
        assert bench.vault.sealed(connection, keeper.who) == {recorded.seq: ["where"]}
        bench.vault.erase(connection, keeper.who)
        assert bench.vault.open(connection, recorded.seq, leaf.commitments) == {}
