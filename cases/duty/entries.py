"""The entries of `cases.duty`, made from what people say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cases.duty.fitness import Fitness
from cases.duty.values import Back, Condition, Confirmed
from storage.evidence import Actor, Entry, Json, Subject, utc_text


def issued(
    device: Subject, to: Confirmed, *, fit: Fitness, actor: Actor, since: datetime | None = None, reason: str | None = None
) -> Entry:
    """Say that an officer has a camera from now on, or has had it *since*, as is claimed."""
    body: dict[str, Json] = {"officer": str(to.officer), "how": to.how.value, "fit": fit.as_json(), **_at("since", since)}
    return Entry("ISSUED", device, actor, body, _said("reason", reason))


def returned(
    device: Subject,
    officer: Subject,
    *,
    how: Back,
    condition: Sequence[Condition],
    actor: Actor,
    until: datetime | None = None,
    remarks: str | None = None,
) -> Entry:
    """Say that the camera came back."""
    seen: list[Json] = [one.value for one in dict.fromkeys(condition)]
    body: dict[str, Json] = {"officer": str(officer), "how": how.value, "condition": seen, **_at("until", until)}
    return Entry("RETURNED", device, actor, body, _said("remarks", remarks))


def handed_over(
    device: Subject,
    gave: Confirmed,
    took: Confirmed,
    *,
    actor: Actor,
    since: datetime | None = None,
    remarks: str | None = None,
) -> Entry:
    """Say that one officer gave the camera to another; both confirmed it."""
    between: dict[str, Json] = {"from": str(gave.officer), "to": str(took.officer)}
    body = {**between, "gave": gave.how.value, "took": took.how.value, **_at("since", since)}
    return Entry("HANDED_OVER", device, actor, body, _said("remarks", remarks))


def undone(
    device: Subject, seq: int, what: str, *, officer: Subject, giver: Subject | None, actor: Actor, reason: str
) -> Entry:
    """Say that what entry *seq* says never was."""
    body: dict[str, Json] = {"undoes": seq, "what": what, "officer": str(officer)}
    if giver is not None:
        body["from"] = str(giver)
    return Entry("HOLDING_UNDONE", device, actor, body, {"reason": reason})


def card_assigned(officer: Subject, number: str, *, actor: Actor) -> Entry:
    """Say which card an officer has."""
    return Entry("CARD_ASSIGNED", officer, actor, {}, {"card": number})


def card_withdrawn(officer: Subject, *, actor: Actor) -> Entry:
    """Say that his card counts no more."""
    return Entry("CARD_WITHDRAWN", officer, actor)


def pin_set(officer: Subject, kept: str, *, actor: Actor) -> Entry:
    """Say that an officer has a PIN; only its hash is kept, in the vault."""
    return Entry("PIN_SET", officer, actor, {}, {"pin": kept})


def pin_removed(officer: Subject, *, actor: Actor) -> Entry:
    """Say that he has none any more."""
    return Entry("PIN_REMOVED", officer, actor)


def pin_refused(officer: Subject, wrong: int, *, until: datetime | None, actor: Actor) -> Entry:
    """Say that the PIN was wrong, for the *wrong*-th time in a row."""
    return Entry("PIN_REFUSED", officer, actor, {"wrong": wrong, **_at("until", until)})


def pin_accepted(officer: Subject, wrong: int, *, actor: Actor) -> Entry:
    """Say that it was right, after so many that were wrong."""
    return Entry("PIN_ACCEPTED", officer, actor, {"wrong": wrong})


def _at(key: str, moment: datetime | None) -> dict[str, Json]:
    return {} if moment is None else {key: utc_text(moment)}


def _said(field: str, text: str | None) -> dict[str, Json]:
    return {} if text is None else {field: text}
