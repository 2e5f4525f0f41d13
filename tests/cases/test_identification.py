"""Who stands at the dock: by card or PIN; how often a PIN was wrong outlives restarts and other docks; nothing is in clear."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from cases.duty.cards import card_index, card_number
from cases.duty.holdings import Holdings
from cases.duty.identification import Identification, Patience
from cases.duty.tables import officer_means
from cases.duty.values import Confirmed, How
from storage.custody import Custody
from storage.database import reading
from storage.errors import LifeCycleError, LockedOut, NotFound, Refused, StorageUnavailable
from storage.evidence import Entry, Kind, Recorded, Subject
from storage.identity import fresh
from storage.pins import check_pin, hashed_pin, is_right_pin
from storage.schema import entries, history, vault

from .conftest import CLERK, DOCK, INDEX_KEY, MORNING, SmallOffice

PIN, CARD = "8412", "0012 3456"
PATIENCE = Patience(attempts=3, locked=timedelta(minutes=15))


@dataclass
class Door:
    """A dock at which people say who they are."""

    county: SmallOffice
    now: datetime = MORNING + timedelta(hours=1)
    first: Subject = field(init=False)
    second: Subject = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.second = self.county.officers

    def asked(self) -> Identification:
        """The same dock after a restart, or another one."""
        return self.recording(self.county.custody)

    def recording(self, custody: object) -> Identification:
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731 - a clock that the test sets
        return Identification(custody, self.county.engine, index_key=INDEX_KEY, clock=clock, patience=PATIENCE)  # type: ignore[arg-type]

    def tries(self, *pins: str) -> list[str]:
        """What each PIN is answered, every one of them after a restart."""
        return [self.tried(pin) for pin in pins]

    def tried(self, pin: str) -> str:
        try:
            self.asked().by_pin(self.first, pin, actor=DOCK)
        except Refused as refused:
            return type(refused).__name__
        return "let in"

    def types(self) -> list[str]:
        """What was recorded of the first officer since he was registered."""
        query = select(history.c.type).where(history.c.subject == str(self.first)).order_by(history.c.seq)
        with reading(self.county.engine) as view:
            return list(view.scalars(query))[1:]


@pytest.fixture
def door(county: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> Door:
    """Its hashes cost less than they should; what they should cost is said by the test of the hash alone."""
    monkeypatch.setattr("storage.argon._MEMORY_KIB", 64)
    made = Door(county)
    made.asked().set_pin(made.first, PIN, actor=CLERK)
    return made


ON_SQLITE = pytest.mark.parametrize("prepared_database", ["sqlite"], indirect=True)
"""The hash of a PIN is slow on purpose; the other database runs the same kind of statements in test_random_histories."""


@ON_SQLITE
class TestPins:
    def test_whoever_knows_the_pin_is_known_and_nothing_is_recorded(self, door: Door) -> None:
        assert door.asked().by_pin(door.first, PIN, actor=DOCK) == Confirmed(door.first, How.PIN)
        assert door.types() == ["PIN_SET"]

    def test_too_many_wrong_ones_lock_it_across_restarts_and_then_nobody_is_asked(self, door: Door) -> None:
        assert door.tries("1111", "2222", "3333", PIN, "4444") == ["Refused", "Refused", *["LockedOut"] * 3]
        assert door.types() == ["PIN_SET", *["PIN_REFUSED"] * 3]

    def test_after_a_while_there_is_one_more_try_and_each_wrong_one_locks_for_twice_as_long(self, door: Door) -> None:
        door.tries("1111", "1111", "1111")
        door.now += timedelta(minutes=15)
        assert door.tries("1111", PIN) == ["LockedOut", "LockedOut"]

        door.now += timedelta(minutes=29, seconds=59)
        assert door.tried(PIN) == "LockedOut"
        door.now += timedelta(seconds=1)
        assert door.tries(PIN, "1111") == ["let in", "Refused"]

    def test_a_right_one_ends_the_row_and_says_how_long_it_was(self, door: Door) -> None:
        assert door.tries("1111", "1111", PIN, "1111", "1111", PIN) == ["Refused", "Refused", "let in"] * 2
        assert door.types() == ["PIN_SET", *["PIN_REFUSED", "PIN_REFUSED", "PIN_ACCEPTED"] * 2]
        assert door.county.differences() == []

    def test_an_administrator_unlocks_it_by_setting_it_again(self, door: Door) -> None:
        door.tries("1111", "1111", "1111")
        door.asked().set_pin(door.first, "9753", actor=CLERK)

        assert door.tries("9753", PIN) == ["let in", "Refused"]

    def test_without_a_pin_nobody_gets_in(self, door: Door) -> None:
        door.asked().remove_pin(door.first, actor=CLERK)

        assert door.tried(PIN) == "Refused"
        with pytest.raises(LifeCycleError, match="has no PIN"):
            door.asked().remove_pin(door.first, actor=CLERK)
        with pytest.raises(NotFound, match="there is no such officer"):
            door.asked().by_pin(fresh(Kind.OFFICER), PIN, actor=DOCK)

    def test_many_docks_at_once_give_no_more_tries_than_one(self, door: Door) -> None:
        docks, together = [door.asked() for _ in range(4)], threading.Barrier(4)

        def guess(dock: Identification) -> str:
            together.wait()
            with pytest.raises(Refused) as refused:
                dock.by_pin(door.first, "1111", actor=DOCK)
            return type(refused.value).__name__

        with ThreadPoolExecutor(4) as pool:
            answers = sorted(pool.map(guess, docks))

        assert answers == ["LockedOut"] * 2 + ["Refused"] * 2
        assert door.types() == ["PIN_SET", *["PIN_REFUSED"] * 3]

    def test_neither_pin_nor_its_hash_stands_in_clear_in_what_is_permanent(self, door: Door) -> None:
        with reading(door.county.engine) as view:
            kept = view.scalar(select(officer_means.c.pin).where(officer_means.c.officer == str(door.first))) or ""
            permanent = b"".join([*view.scalars(select(entries.c.leaf)), *view.scalars(select(vault.c.sealed))])

        assert kept.startswith("$argon2id$")
        assert (b"argon2id" in permanent, f'"{PIN}"'.encode() in permanent) == (False, False)

    def test_an_erased_officer_is_known_by_nothing_any_more(self, door: Door) -> None:
        door.asked().assign_card(door.first, CARD, actor=CLERK)
        door.county.erase(door.first)

        means = Holdings(door.county.engine).means(door.first)
        assert (means.has_card, means.pin) == (False, None)
        with pytest.raises(NotFound, match="nobody has this one"):
            door.asked().by_card(CARD)
        assert door.tried(PIN) == "Refused"


@ON_SQLITE
@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
class TestCutOff:
    @dataclass
    class Unplugged:
        custody: Custody
        moment: str

        def record(self, entry: Entry) -> Recorded:
            if self.moment == "after":
                self.custody.record(entry)
            message = "unplugged"
            raise StorageUnavailable(message)

    def test_an_answer_that_could_not_be_recorded_is_given_to_nobody(self, door: Door, moment: str) -> None:
        cut = door.recording(self.Unplugged(door.county.custody, moment))
        with pytest.raises(StorageUnavailable):
            cut.by_pin(door.first, "1111", actor=DOCK)

        assert Holdings(door.county.engine).means(door.first).wrong == (moment == "after")
        assert door.tried("1111") == "Refused"
        with pytest.raises(StorageUnavailable):
            cut.by_pin(door.first, PIN, actor=DOCK)
        assert door.tried(PIN) == "let in"
        assert Holdings(door.county.engine).means(door.first).wrong == 0

    def test_what_an_officer_is_given_may_be_given_again(self, door: Door, moment: str) -> None:
        cut, working = door.recording(self.Unplugged(door.county.custody, moment)), door.asked()
        for act in ("assign_card", "set_pin"):
            with pytest.raises(StorageUnavailable):
                getattr(cut, act)(door.first, "86420", actor=CLERK)
            getattr(working, act)(door.first, "86420", actor=CLERK)

        assert (working.by_card("86420").officer, door.tried("86420")) == (door.first, "let in")
        assert door.county.differences() == []

    def test_what_is_taken_away_is_gone_or_taken_away_again(self, door: Door, moment: str) -> None:
        door.asked().assign_card(door.first, CARD, actor=CLERK)
        cut, working = door.recording(self.Unplugged(door.county.custody, moment)), door.asked()
        for act in ("withdraw_card", "remove_pin"):
            with pytest.raises(StorageUnavailable):
                getattr(cut, act)(door.first, actor=CLERK)
            if moment == "before":
                getattr(working, act)(door.first, actor=CLERK)
            with pytest.raises(LifeCycleError, match="it has no"):
                getattr(working, act)(door.first, actor=CLERK)

        means = Holdings(door.county.engine).means(door.first)
        assert (means.has_card, means.pin) == (False, None)


class TestCards:
    def test_a_card_is_found_again_however_the_reader_types_it(self, door: Door) -> None:
        door.asked().assign_card(door.first, "ab 12:34-56", actor=CLERK)

        assert door.asked().by_card("AB123456\n") == Confirmed(door.first, How.CARD)
        with pytest.raises(NotFound, match="^card: nobody has this one$"):
            door.asked().by_card("AB123457")

    def test_a_card_has_one_officer_and_an_officer_one_card(self, door: Door) -> None:
        door.asked().assign_card(door.first, CARD, actor=CLERK)
        door.asked().assign_card(door.first, CARD, actor=CLERK)
        with pytest.raises(LifeCycleError, match=f"card: {door.first} has it"):
            door.asked().assign_card(door.second, CARD, actor=CLERK)
        door.asked().assign_card(door.first, "77778888", actor=CLERK)
        door.asked().assign_card(door.second, CARD, actor=CLERK)

        assert (door.asked().by_card(CARD).officer, door.asked().by_card("77778888").officer) == (door.second, door.first)
        assert door.types().count("CARD_ASSIGNED") == 2
        assert door.county.differences() == []

    def test_after_several_that_nobody_has_none_is_read_for_a_moment(self, door: Door) -> None:
        door.asked().assign_card(door.first, CARD, actor=CLERK)
        dock = door.asked()
        for number in range(PATIENCE.attempts):
            with pytest.raises(NotFound):
                dock.by_card(f"9999{number}")
        with pytest.raises(LockedOut, match="3 in a row that nobody has"):
            dock.by_card(CARD)
        door.now += timedelta(seconds=10)

        assert dock.by_card(CARD).officer == door.first

    def test_its_number_stands_in_no_table_that_people_query(self, door: Door) -> None:
        door.asked().assign_card(door.first, CARD, actor=CLERK)
        with reading(door.county.engine) as view:
            row = repr(view.execute(select(officer_means)).all())

        assert "00123456" not in row
        assert card_index(INDEX_KEY, "00123456") in row

    @pytest.mark.parametrize("number", ["", "123", "12/34", "１２３４", "a" * 65, "卡片号码"])
    def test_what_no_reader_types_is_refused_and_not_repeated(self, number: str) -> None:
        with pytest.raises(ValueError, match="^number of a card: expected 4 to 64 letters and digits$"):
            card_number(number)

    @given(st.text())
    def test_a_number_is_plain_or_refused(self, typed: str) -> None:
        try:
            assert re.fullmatch("[0-9A-Z]{4,64}", card_number(typed))
        except ValueError as refused:
            assert str(refused) == "number of a card: expected 4 to 64 letters and digits"  # noqa: PT017 - either is fine


@ON_SQLITE
def test_a_name_that_was_chosen_says_so(door: Door) -> None:
    assert door.asked().by_choice(door.second) == Confirmed(door.second, How.CHOICE)
    with pytest.raises(NotFound):
        door.asked().by_choice(fresh(Kind.OFFICER))


@pytest.mark.parametrize("pin", ["", "123", "1234", "9876", "0000", "12a4", "１３５７", "1" * 13, " 8412"])
def test_a_pin_that_is_none_or_that_everybody_tries_first_is_refused_and_not_repeated(pin: str) -> None:
    with pytest.raises(ValueError, match="^PIN: expected (4 to 12 digits|no row of digits like 1111 or 1234)$"):
        check_pin(pin)


def test_the_hash_of_a_pin_says_nothing_without_the_key() -> None:
    kept = hashed_pin(PIN, key=INDEX_KEY)

    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert is_right_pin(PIN, kept, key=INDEX_KEY)
    assert not is_right_pin(PIN, kept, key=b"j" * 32)
    assert not is_right_pin("8413", kept, key=INDEX_KEY)
    assert not is_right_pin("\ud800", kept, key=INDEX_KEY)
    assert hashed_pin(PIN, key=INDEX_KEY) != kept


def test_a_lock_never_lasts_longer_than_a_day() -> None:
    now = MORNING
    lasting = [PATIENCE.until(wrong, now) for wrong in (2, 3, 4, 9, 10, 10**6)]

    assert lasting[0] is None
    assert [end - now for end in lasting if end] == [timedelta(minutes=m) for m in (15, 30, 960, 1440, 1440)]
