"""
What each entry changes in the tables of `cases`.

Pure functions of the entry: a replay makes the same rows. Where an entry refers to something else (an office, a party, an
activity), it counts itself in that row: if the row is not there, or its matter is closed, the whole entry is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from cases.duty.projections import projection as duty_projection
from cases.moves import CLOSED, OPEN, REGISTERED, entered
from cases.tables import activities, activity_officers, filings, matter_parties, matters, officers, offices, parties
from cases.values import number_index, shown_number
from storage.evidence import Recorded, Stage, utc_text
from storage.projecting import Change, Projection


def projection(index_key: bytes) -> Projection:
    """Return the projection of `cases`; *index_key* makes the blind indexes by which parties and cards are found."""
    by_type: dict[str, Callable[[Recorded], Iterable[Change]]] = {
        **_PROJECTIONS,
        "PARTY_REGISTERED": partial(_party_registered, index_key),
        **{entered(stage): partial(_entered, stage) for stage in Stage},
    }

    duty = duty_projection(index_key)

    def project(recorded: Recorded) -> Iterable[Change]:
        changes = by_type.get(recorded.entry.type)
        yield from () if changes is None else changes(recorded)
        yield from duty(recorded)

    return project


def _office_registered(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    yield Change(
        offices.insert().values(
            office=str(entry.subject),
            code=entry.body["code"],
            name=entry.personal.get("name"),
            officers=0,
            matters=0,
            registered_seq=recorded.seq,
        ),
    )


def _officer_registered(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    office = entry.body["office"]
    yield Change(offices.update().where(offices.c.office == office).values(officers=offices.c.officers + 1))
    yield Change(
        officers.insert().values(
            officer=str(entry.subject),
            office=office,
            name=entry.personal.get("name"),
            badge=entry.personal.get("badge"),
            activities=0,
            registered_seq=recorded.seq,
        ),
    )


def _party_registered(index_key: bytes, recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    personal: Any = recorded.entry.personal
    kind, number = body.get("id_kind"), personal.get("id_number")
    yield Change(
        parties.insert().values(
            party=str(recorded.entry.subject),
            kind=body["kind"],
            name=personal.get("name"),
            id_kind=kind,
            id_shown=None if number is None else shown_number(kind=kind, number=number),
            id_index=None if number is None else number_index(index_key, kind=kind, number=number),
            matters=0,
            registered_seq=recorded.seq,
            registered_at=utc_text(recorded.at),
        ),
    )


def _matter_opened(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    personal = recorded.entry.personal
    yield Change(offices.update().where(offices.c.office == body["office"]).values(matters=offices.c.matters + 1))
    yield Change(
        matters.insert().values(
            matter=str(recorded.entry.subject),
            kind=body["kind"],
            state=OPEN,
            office=body["office"],
            title=personal.get("title"),
            number=personal.get("number"),
            activities=0,
            filings=0,
            opened_seq=recorded.seq,
            opened_at=utc_text(recorded.at),
        ),
    )


def _party_joined(recorded: Recorded) -> Iterable[Change]:
    party, matter = recorded.entry.body["party"], str(recorded.entry.subject)
    yield Change(parties.update().where(parties.c.party == party).values(matters=parties.c.matters + 1))
    yield Change(matter_parties.insert().values(matter=matter, party=party, joined_seq=recorded.seq))


def _case_registered(recorded: Recorded) -> Iterable[Change]:
    # the matter may have been given its number when it was opened; an erased one is missing in both places
    number = {"number": recorded.entry.personal["number"]} if "number" in recorded.entry.personal else {}
    moment = utc_text(recorded.at)
    yield _matter_moved(recorded, state=REGISTERED, registered_seq=recorded.seq, registered_at=moment, **number)


def _entered(stage: Stage, recorded: Recorded) -> Iterable[Change]:
    yield _matter_moved(recorded, state=stage.value, stage=stage.value)


def _matter_closed(recorded: Recorded) -> Iterable[Change]:
    yield _matter_moved(recorded, state=CLOSED, closed_seq=recorded.seq, closed_at=utc_text(recorded.at))


def _matter_moved(recorded: Recorded, **values: object) -> Change:
    mine = matters.c.matter == str(recorded.entry.subject)
    return Change(matters.update().where(mine, matters.c.state != CLOSED).values(**values))


def _activity_recorded(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    activity = str(recorded.entry.subject)
    running = (matters.c.matter == body["matter"], matters.c.state != CLOSED)
    yield Change(matters.update().where(*running).values(activities=matters.c.activities + 1))
    yield Change(
        activities.insert().values(
            activity=activity,
            matter=body["matter"],
            stage=body["stage"],
            kind=body["kind"],
            title=recorded.entry.personal.get("title"),
            place=recorded.entry.personal.get("place"),
            started_at=body["started_at"],
            ended_at=body.get("ended_at"),
            filings=0,
            recorded_seq=recorded.seq,
        ),
    )
    for place, officer in enumerate(body["officers"]):
        yield Change(officers.update().where(officers.c.officer == officer).values(activities=officers.c.activities + 1))
        yield Change(activity_officers.insert().values(activity=activity, officer=officer, place=place))


def _filed(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    running = (matters.c.matter == body["matter"], matters.c.state != CLOSED)
    yield Change(matters.update().where(*running).values(filings=matters.c.filings + 1))
    yield _counted_in_activity(body, 1)
    yield Change(
        filings.insert().values(
            filing=body["filing"],
            clip=str(recorded.entry.subject),
            activity=body["activity"],
            start_ms=body.get("start_ms"),
            end_ms=body.get("end_ms"),
            filed_seq=recorded.seq,
            filed_at=utc_text(recorded.at),
        ),
    )


def _unfiled(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    live = (
        filings.c.filing == body["filing"],
        filings.c.clip == str(recorded.entry.subject),
        filings.c.activity == body["activity"],
        filings.c.unfiled_seq.is_(None),
    )
    yield Change(filings.update().where(*live).values(unfiled_seq=recorded.seq))
    yield _counted_in_activity(body, -1)
    # a closed matter too: footage of the wrong person must be able to leave a file at any time
    yield Change(matters.update().where(matters.c.matter == body["matter"]).values(filings=matters.c.filings - 1))


def _counted_in_activity(body: Any, step: int) -> Change:  # noqa: ANN401 - a body is parsed JSON
    mine = (activities.c.activity == body["activity"], activities.c.matter == body["matter"])
    return Change(activities.update().where(*mine).values(filings=activities.c.filings + step))


_PROJECTIONS: dict[str, Callable[[Recorded], Iterable[Change]]] = {
    "OFFICE_REGISTERED": _office_registered,
    "OFFICER_REGISTERED": _officer_registered,
    "MATTER_OPENED": _matter_opened,
    "PARTY_JOINED": _party_joined,
    "CASE_REGISTERED": _case_registered,
    "MATTER_CLOSED": _matter_closed,
    "ACTIVITY_RECORDED": _activity_recorded,
    "FILED": _filed,
    "UNFILED": _unfiled,
}
