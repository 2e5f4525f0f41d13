"""The entries of `cases`, made from what people say: what goes into the leaf in clear, and what only the vault may know."""

from __future__ import annotations

from datetime import timedelta

from cases.moves import entered
from cases.records import Filing
from cases.values import ActivityDetails, MatterDetails, PartyDetails
from storage.evidence import Actor, Entry, Json, Stage, Subject, TimeRange, utc_text

_MILLISECOND = timedelta(milliseconds=1)


def office_registered(office: Subject, name: str, *, code: str, actor: Actor) -> Entry:
    """Say that an office enforces."""
    return Entry("OFFICE_REGISTERED", office, actor, {"code": code}, {"name": name})


def officer_registered(officer: Subject, name: str, *, badge: str, office: Subject, actor: Actor) -> Entry:
    """Say that an officer works for an office."""
    return Entry("OFFICER_REGISTERED", officer, actor, {"office": str(office)}, {"name": name, "badge": badge})


def party_registered(party: Subject, details: PartyDetails, *, actor: Actor) -> Entry:
    """Say who a party is."""
    number = details.id_number
    body: dict[str, Json] = {"kind": details.kind.value}
    personal: dict[str, Json] = {"name": details.name}
    if number is not None:
        body["id_kind"], personal["id_number"] = number.kind.value, number.text
    return Entry("PARTY_REGISTERED", party, actor, body, personal)


def matter_opened(matter: Subject, details: MatterDetails, *, office: Subject, actor: Actor) -> Entry:
    """Say that an office looks into something."""
    body: dict[str, Json] = {"kind": details.kind.value, "office": str(office)}
    return Entry("MATTER_OPENED", matter, actor, body, {"title": details.title, **_number(details.number)})


def party_joined(matter: Subject, party: Subject, *, actor: Actor) -> Entry:
    """Say that a matter concerns one more party."""
    return Entry("PARTY_JOINED", matter, actor, {"party": str(party)})


def case_registered(matter: Subject, *, number: str | None, actor: Actor) -> Entry:
    """Say that a matter is a case from now on (立案)."""
    return Entry("CASE_REGISTERED", matter, actor, {}, _number(number))


def stage_entered(matter: Subject, stage: Stage, *, actor: Actor) -> Entry:
    """Say that a case has come to a stage."""
    return Entry(entered(stage), matter, actor)


def matter_closed(matter: Subject, *, actor: Actor) -> Entry:
    """Say that a matter has ended."""
    return Entry("MATTER_CLOSED", matter, actor)


def activity_recorded(activity: Subject, details: ActivityDetails, *, matter: Subject, stage: Stage, actor: Actor) -> Entry:
    """Say what was done in a stage of a matter."""
    body: dict[str, Json] = {
        "matter": str(matter),
        "stage": stage.value,
        "kind": details.kind.value,
        "officers": [str(officer) for officer in details.officers],
        "started_at": utc_text(details.started_at),
    }
    if details.ended_at is not None:
        body["ended_at"] = utc_text(details.ended_at)
    personal: dict[str, Json] = {"title": details.title}
    if details.place is not None:
        personal["place"] = details.place
    return Entry("ACTIVITY_RECORDED", activity, actor, body, personal)


def filed(
    clip: Subject, filing: str, *, activity: Subject, matter: Subject, part: tuple[int, int] | None, actor: Actor
) -> Entry:
    """Say that a clip, or a part of it, shows an activity."""
    body: dict[str, Json] = {"filing": filing, "activity": str(activity), "matter": str(matter)}
    if part is not None:
        body["start_ms"], body["end_ms"] = part
    return Entry("FILED", clip, actor, body)


def unfiled(filing: Filing, *, reason: str | None, actor: Actor) -> Entry:
    """Say that a filing no longer stands."""
    body: dict[str, Json] = {"filing": filing.id, "activity": str(filing.activity), "matter": str(filing.matter)}
    return Entry("UNFILED", filing.clip, actor, body, {} if reason is None else {"reason": reason})


def milliseconds(part: TimeRange | None) -> tuple[int, int] | None:
    """Return the whole milliseconds that cover *part*."""
    return None if part is None else (part.start // _MILLISECOND, -(-part.end // _MILLISECOND))


def _number(number: str | None) -> dict[str, Json]:
    return {} if number is None else {"number": number}
