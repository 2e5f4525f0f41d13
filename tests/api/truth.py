"""
An office in which everything that the policy tells apart stands once, and real requests about it.

Which letter is which request:

``g``, ``m``  no object; granted for everything, for one case
``c``, ``o``  filed; of the case that was granted, of the office that was granted
``u``         filed nowhere, of the office that was granted
``n``, ``y``  filed nowhere and of no office; granted for everything, for one office
``e``, ``x``  filed, of another office; granted for everything, for one office
``s``, ``t``  one's own, somebody else's
``a``         as ``o``, with a request that was approved
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from ulid import ULID

from api.access import queries
from api.access.reasons import Why
from api.desk import desk_of
from api.footage import Wanted, choose
from api.policy import EVERYTHING, Scope
from api.roles import SIGNING_IN
from api.tokens import issue_token, token_digest
from cases.duty.tables import holdings
from cases.values import ActivityDetails, ActivityKind, MatterDetails, MatterKind
from storage import copies
from storage.database import writing
from storage.evidence import Actor, Kind, Role, Stage, Subject
from storage.identity import fresh
from storage.open_viewings import OpenViewing
from tests.api.small_office import OPERATOR, SmallOffice
from tests.api.somebody import enrolled

TABLE = Path(__file__).with_name("truth_table.csv")
ROLES = [role for role in Role if role in SIGNING_IN]
_AS = {"n": "e", "s": "g", "t": "g", "u": "o", "x": "o", "y": "o"}
"""By which grant a letter is asked, where it is not its own."""
_VALUES = {"tile": "0/000.p/1", "seq": "0", "session": "0" * 64, "role": "clerk"}
GENERAL, CLIP, OBJECT, ACCOUNT, VIEWING = "gm", "counexy", "coex", "st", "st"


@dataclass
class World:
    """The office, what stands in it by letter, and who asks."""

    office: SmallOffice
    app: FastAPI
    things: dict[str, dict[str, str]] = field(default_factory=dict)
    other: str = ""
    clients: dict[tuple[Role, str], tuple[TestClient, Subject, str]] = field(default_factory=dict)

    def ask(self, role: Role, letter: str, method: str, path: str, body: Any) -> int:  # noqa: ANN401 - JSON
        """Return the status that somebody in *role* is answered."""
        client, account, token = self.clients[
            role, letter if letter in "gmcoea" else {"n": "e", "s": "g", "t": "g"}.get(letter, "o")
        ]
        values = {
            **self.things.get(letter, self.things["o"]),
            "tile": "0/000.p/1",
            "seq": "0",
            "session": "0" * 64,
            "role": "clerk",
        }
        values["account"] = str(account) if letter == "s" else self.other
        owner = account if letter == "s" else Subject.parse(self.other)
        if "{request_id}" in path:
            values["request_id"] = _asked(self.app, owner, Subject.parse(values["clip"]), "original")
        if "{copy}" in path:
            values["copy"] = self._copy(owner)
        if "{viewing}" in path:
            values["viewing"] = self._viewing(account, token if letter == "s" else "yihu_other")
        filled = None if body is None else {name: _fill(value, values) for name, value in body.items()}
        return client.request(
            method, path.replace(":path", "").format(**values), json=filled, headers={"X-Yihu": "1"}
        ).status_code

    def _viewing(self, account: Subject, token: str) -> str:
        catalog, clip = self.office.services.catalog, Subject.parse(self.things["o"]["clip"])
        footage = choose(catalog.clip(clip), catalog.derivatives(clip), Wanted.REVIEW)
        now = self.office.clock()
        one = OpenViewing(
            viewing=fresh(Kind.VIEWING),
            asked="",
            accessed=1,
            clip=clip,
            actor=Actor(account, Role.CLERK),
            credential=token_digest(token),
            what=Wanted.REVIEW.value,
            copy=None,
            sha256=footage.sha256.hex,
            size=footage.size,
            until=now + timedelta(hours=1),
            last=now,
        )
        desk_of(self.app).viewings.keep(one)
        return str(one.viewing)

    def _copy(self, owner: Subject) -> str:
        clip, name = Subject.parse(self.things["o"]["clip"]), str(ULID())
        entry = copies.asked(clip, name, body={}, personal={"reason": "示例", "mark": []}, actor=Actor(owner, Role.CLERK))
        self.office.services.custody.record(entry)
        return name


def rows() -> list[dict[str, str]]:
    """Return the expected table, a row for each route and way to ask it."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [{name: value.strip() for name, value in row.items()} for row in csv.DictReader(file)]


def world(office: SmallOffice) -> World:
    """Set everything up in *office*."""
    made = World(office, office.app(), other=str(enrolled(office, "somebody", Role.CLERK)))
    desk_of(made.app).closing.set()  # a stream that is followed ends at once
    _things(made)
    office.services.log.checkpoint()
    scopes = {"g": EVERYTHING, "e": EVERYTHING, "o": Scope.of([office.office]), "c": Scope.of([office.matter])}
    scopes["a"] = scopes["o"]
    for role in ROLES:
        for letter, scope in scopes.items():
            account, token = issue_token(office.services.custody, name="岗", role=role, actor=OPERATOR, scope=scope)
            client = TestClient(made.app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {token}"})
            made.clients[role, letter] = client, account, token
            if letter == "a":
                _approved(made.app, account, Subject.parse(made.things["a"]["clip"]))
        made.clients[role, "m"] = made.clients[role, "c"]
    return made


def _asked(app: FastAPI, account: Subject, clip: Subject, what: str) -> str:
    why = Why({}, {"reason": "示例"})
    return desk_of(app).requests.ask(clip, what, why, actor=Actor(account, Role.CLERK))[0].id


def _approved(app: FastAPI, account: Subject, clip: Subject) -> None:
    """Let somebody see that clip in every form for an hour."""
    desk = desk_of(app)
    for what in ("review", "original"):
        found = queries.request(desk.services.engine, _asked(app, account, clip, what))
        until = desk.services.clock() + timedelta(hours=1)
        desk.requests.approve(found, until=until, reason="同意", actor=OPERATOR)


def _things(made: World) -> None:
    office, registry = made.office, made.office.services.registry
    nobodys = _stored(office, b"nobody's")
    _held(office, nobodys)
    unfiled = _stored(office, b"of the office")
    mine, others = office.clip(b"mine"), _stored(office, b"others'")
    elsewhere = registry.add_office("另一示例所", code="DEMO-2", actor=OPERATOR)
    case = MatterDetails(MatterKind.CASE, "另案", "示执立〔2026〕2号")
    matter = registry.register_case(case, office=elsewhere, parties=[], actor=OPERATOR)
    closed = registry.register_case(replace(case, number="示执立〔2026〕3号"), office=office.office, parties=[], actor=OPERATOR)
    activity, over = _activity(office, matter), _activity(office, closed)
    registry.file_clip(others, activity, actor=OPERATOR)
    dead = {act: _taken_out(office, mine, act) for act in (over, activity)}
    registry.enter_stage(closed, Stage.INITIATION, actor=OPERATOR)
    registry.close(closed, actor=OPERATOR)
    own = _names(clip=mine, matter=office.matter, party=office.party, activity=office.activity) | {"filing": _own(office)}
    foreign = _names(clip=others, matter=matter, activity=activity) | {
        "party": _party(office, matter),
        "filing": dead[activity],
    }
    unfiled_here = _names(clip=unfiled, activity=over)
    made.things = {"c": own, "o": own, "a": own, "e": foreign, "x": foreign, "u": unfiled_here}
    made.things |= {letter: _names(clip=nobodys, activity=over) for letter in "ny"}


def _stored(office: SmallOffice, original: bytes) -> Subject:
    clip = office.secure(original)
    office.deposit(clip, original)
    return clip


def _names(**subjects: Subject) -> dict[str, str]:
    return {name: str(subject) for name, subject in subjects.items()}


def _own(office: SmallOffice) -> str:
    return _taken_out(office, office.secure(b"taken out"), office.activity)


def _taken_out(office: SmallOffice, clip: Subject, activity: Subject) -> str:
    filing = office.services.registry.file_clip(clip, activity, actor=OPERATOR)
    office.services.registry.unfile(filing, actor=OPERATOR)
    return filing


def _party(office: SmallOffice, matter: Subject) -> str:
    from cases.values import PartyDetails, PartyKind  # noqa: PLC0415 - only here

    party = office.services.registry.add_party(PartyDetails(PartyKind.ORGANISATION, "另一商铺"), actor=OPERATOR)
    office.services.registry.join_party(matter, party, actor=OPERATOR)
    return str(party)


def _activity(office: SmallOffice, matter: Subject) -> Subject:
    start = datetime(2026, 11, 21, 15, tzinfo=UTC)
    details = ActivityDetails(ActivityKind.OTHER, "检查", "示例路", start)
    return office.services.registry.record_activity(details, matter=matter, stage=Stage.INITIATION, actor=OPERATOR)


def _held(office: SmallOffice, last: Subject) -> None:
    """The officer of the office has the camera from then on that *last* was taken in."""
    officer = office.services.dossiers.officers()[0].subject
    seq = office.services.catalog.history(last)[-1].seq
    values = {"device": str(office.services.catalog.clips()[0].device), "seq": seq + 1, "officer": str(officer)}
    values |= {
        "how": "typed",
        "opened_by": "HANDED_OVER",
        "verdict": "fit",
        "since": "2026-11-21T08:00:00.000Z",
        "condition": "",
    }
    with writing(office.services.engine) as connection:
        connection.execute(holdings.insert().values(**values))


def _fill(value: Any, values: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    return value.format(**values) if isinstance(value, str) else value
