"""A key that nobody can have tried is not looked for before depositing; one that may have been tried always is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.objects import ObjectName
from storage.testing import FaultyStore
from tests.crashes.offices import faults, fill, footage, founded, opened, take_in
from yihu.wiring import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A small real office that renders nothing."""
    office = founded(tmp_path / "office")
    yield office
    office.engine.dispose()


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with three clips."""
    return fill(tmp_path / "card", footage(3))


@dataclass(slots=True)
class LookedAtStore(FaultyStore):
    """A store that notes for what somebody looked before depositing."""

    looked_for: list[ObjectName] = field(default_factory=list)

    def abandon(self, name: ObjectName) -> int:
        self.looked_for.append(name)
        return FaultyStore.abandon(self, name)


def test_the_first_try_of_a_clip_that_this_process_has_just_secured_looks_for_nothing(office: Office, card: Path) -> None:
    store = LookedAtStore(office.store)
    vars(office)["store"] = store

    take_in(office, card)

    assert store.looked_for == []
    assert faults(office, {"DEMO-1": card}) == []


def test_the_first_try_is_the_only_one_that_does_not_look(office: Office, card: Path) -> None:
    vars(office)["store"] = FaultyStore(office.store, fault="after")
    [waiting] = take_in(office, card).waiting
    store = LookedAtStore(vars(office)["store"].store)
    vars(office)["store"] = store

    assert take_in(office, card).waiting == ()
    assert {name.key.split("/")[1] for name in store.looked_for} == {waiting.clip.id}
    assert faults(office, {"DEMO-1": card}) == []


def test_a_later_start_looks_where_another_process_may_have_tried(office: Office, card: Path) -> None:
    """A process that secured and then died may have begun to deposit; nobody knows."""
    vars(office)["store"] = FaultyStore(office.store, away=True)
    take_in(office, card)
    again = opened(office.home)
    store = LookedAtStore(again.store)
    vars(again)["store"] = store

    assert again.pipeline().advance() == ()
    assert len(store.looked_for) == 2 * 3
    assert faults(again, {"DEMO-1": card}) == []
