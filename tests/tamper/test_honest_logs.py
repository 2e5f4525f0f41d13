"""No false alarm: fifty honest logs of random length and random days verify, in the office and for a stranger."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from api.tokens import issue_token, revoke_token
from cases.values import PartyDetails, PartyKind
from storage.evidence import Entry, Kind, Role
from storage.identity import found_again
from storage.ledger.publish import DirectoryShelf, publish, publish_all
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome
from yihu.erasing import erase
from yihu.wiring import Office

from .tally import SEED
from .world import Clock, World, findings_in, grow, life_cycle, log_subject, sign

LOGS = 50
_CROWD = 250


def _clock_steps(office: Office, draw: random.Random) -> None:
    clock = office.clock
    assert isinstance(clock, Clock)
    clock.now += timedelta(milliseconds=draw.randrange(-86_400_000, 86_400_000))


def _party_is_erased(office: Office, draw: random.Random) -> None:
    party = office.registry.add_party(PartyDetails(PartyKind.ORGANISATION, f"样例{draw.random()}"), actor=office.operator)
    erase(office, party, reason="要求删除")


def _token(office: Office, draw: random.Random) -> None:
    account, _ = issue_token(office.custody, name=f"测试岗{draw.random()}", role=Role.CLERK, actor=office.operator)
    if draw.random() < 1 / 2:
        revoke_token(office.custody, account, actor=office.operator)


def _device(office: Office, draw: random.Random) -> None:
    serial = str(draw.random())
    device = found_again(office.index_key, Kind.DEVICE, serial)
    office.custody.record(Entry("DEVICE_ENROLLED", device, office.dock, {"identified_by": "named"}, {"label": serial}))


def _bureau(office: Office, draw: random.Random) -> None:
    office.registry.add_office("演示局", code=f"D-{draw.randrange(10**9)}", actor=office.operator)


def _batch(office: Office, draw: random.Random) -> None:
    grow(office, draw.randrange(1, 40))


def _crowd(office: Office, _draw: random.Random) -> None:
    """Enough for a full tile."""
    grow(office, _CROWD)


def _signed(office: Office, _draw: random.Random) -> None:
    office.log.checkpoint()


def _started(office: Office, _draw: random.Random) -> None:
    office.custody.record(Entry("STARTED", log_subject(office), office.dock))


EVENTS: dict[Callable[[Office, random.Random], None], int] = {
    _clock_steps: 3,
    _party_is_erased: 1,
    _token: 3,
    _device: 3,
    _bureau: 3,
    _batch: 4,
    _signed: 4,
    _started: 4,
}
"""What may happen in an honest office, and how often."""


@pytest.mark.parametrize("number", range(LOGS))
def test_an_honest_log_verifies(bare: World, tmp_path: Path, number: int) -> None:
    draw = random.Random(f"{SEED} {number}")
    world = bare.copied_whole(tmp_path / "log")
    office = world.office()
    for event in draw.choices(list(EVENTS), list(EVENTS.values()), k=draw.randrange(1, 25)):
        event(office, draw)
        if draw.random() < 1 / 6:
            sign(office, world)
            publish(office.log, DirectoryShelf(tmp_path / "published"))
    if number % 10 == 0:
        _crowd(office, draw)
    sign(office, world)
    publish(office.log, DirectoryShelf(tmp_path / "published"))
    publish_all(office.log, DirectoryShelf(tmp_path / "published"))

    keys = [one.key for one in world.witnesses()]
    held = draw.sample(world.held(), draw.randrange(len(world.held()) + 1))
    report = verify_directory(tmp_path / "published", world.keys(), witnesses=keys, held=held, life_cycle=life_cycle(office))
    found = findings_in(office), list(office.log.anchors.forgotten(world.held()))
    office.engine.dispose()

    assert found == ([], [])
    assert [str(step.detail) for step in report.steps if not step.ok] == []
    assert report.outcome is Outcome.VERIFIED
