"""What the entries of `cases.duty` change in its tables. Each act finds the row it is about as it was seen, or is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from cases.duty.cards import card_index
from cases.duty.tables import holdings, officer_means
from storage.evidence import Recorded, utc_text
from storage.projecting import Change, Projection
from storage.schema import history
from storage.vault import ERASED

_STANDS = holdings.c.undone_seq.is_(None)


def projection(index_key: bytes) -> Projection:
    """Return the projection of `cases.duty`; *index_key* makes the blind index by which a card is found again."""
    by_type: dict[str, Callable[[Recorded], Iterable[Change]]] = {
        **_PROJECTIONS,
        "CARD_ASSIGNED": partial(_card_assigned, index_key),
    }

    def project(recorded: Recorded) -> Iterable[Change]:
        changes = by_type.get(recorded.entry.type)
        return () if changes is None else changes(recorded)

    return project


def _officer_registered(recorded: Recorded) -> Iterable[Change]:
    yield Change(officer_means.insert().values(officer=str(recorded.entry.subject), cameras=0, pin_wrong=0))


def _issued(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    yield _taken(body["officer"])
    yield _opened(recorded, body["officer"], body["how"], verdict=body["fit"]["verdict"])


def _returned(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    yield _given(body["officer"])
    yield _ended(recorded, body["officer"], claimed=body.get("until"), condition=" ".join(body["condition"]))


def _handed_over(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    yield _given(body["from"])
    yield _taken(body["to"])
    yield _ended(recorded, body["from"], claimed=body.get("since"))
    yield _opened(recorded, body["to"], body["took"])


def _undone(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    if body["what"] == "RETURNED":
        yield _taken(body["officer"])
        yield _reopened(recorded, body["officer"])
        return
    yield _given(body["officer"])
    yield _never_was(recorded, body["officer"])
    if body["what"] == "HANDED_OVER":
        yield _taken(body["from"])
        yield _reopened(recorded, body["from"])


def _taken(officer: str) -> Change:
    """Whoever was erased is given nothing more."""
    gone = history.select().where(history.c.subject == officer, history.c.type == ERASED)
    mine = officer_means.update().where(officer_means.c.officer == officer, ~gone.exists())
    return Change(mine.values(cameras=officer_means.c.cameras + 1))


def _given(officer: str) -> Change:
    mine = officer_means.update().where(officer_means.c.officer == officer)
    return Change(mine.values(cameras=officer_means.c.cameras - 1))


def _opened(recorded: Recorded, officer: str, how: str, verdict: str = "") -> Change:
    entry = recorded.entry
    row = {
        "device": str(entry.subject),
        "seq": recorded.seq,
        "officer": officer,
        "how": how,
        "opened_by": str(entry.actor.who),
        "verdict": verdict,
        "since": utc_text(recorded.at),
        "since_claimed": entry.body.get("since"),
        "condition": "",
    }
    return Change(holdings.insert().values(**row))


def _ended(recorded: Recorded, officer: str, *, claimed: str | None, condition: str = "") -> Change:
    entry = recorded.entry
    mine = (holdings.c.device == str(entry.subject), holdings.c.officer == officer, holdings.c.ended_seq.is_(None), _STANDS)
    ended = {"ended_seq": recorded.seq, "ended_by": str(entry.actor.who), "until": utc_text(recorded.at)}
    return Change(holdings.update().where(*mine).values(**ended, until_claimed=claimed, condition=condition))


def _never_was(recorded: Recorded, officer: str) -> Change:
    entry = recorded.entry
    mine = (
        holdings.c.device == str(entry.subject),
        holdings.c.seq == entry.body["undoes"],
        holdings.c.officer == officer,
        holdings.c.opened_by == str(entry.actor.who),
        holdings.c.ended_seq.is_(None),
        _STANDS,
    )
    return Change(holdings.update().where(*mine).values(undone_seq=recorded.seq))


def _reopened(recorded: Recorded, officer: str) -> Change:
    entry, later = recorded.entry, holdings.alias()
    since = later.select().where(
        later.c.device == str(entry.subject), later.c.seq > entry.body["undoes"], later.c.undone_seq.is_(None)
    )
    mine = (
        holdings.c.device == str(entry.subject),
        holdings.c.officer == officer,
        holdings.c.ended_seq == entry.body["undoes"],
        holdings.c.ended_by == str(entry.actor.who),
        _STANDS,
        ~since.exists(),
    )
    nothing = {"ended_seq": None, "ended_by": None, "until": None, "until_claimed": None, "condition": ""}
    return Change(holdings.update().where(*mine).values(**nothing))


def _card_assigned(index_key: bytes, recorded: Recorded) -> Iterable[Change]:
    number: Any = recorded.entry.personal.get("card")
    yield _known_by(recorded, card_index=None if number is None else card_index(index_key, number))


def _card_withdrawn(recorded: Recorded) -> Iterable[Change]:
    yield _known_by(recorded, card_index=None)


def _pin_set(recorded: Recorded) -> Iterable[Change]:
    yield _known_by(recorded, pin=recorded.entry.personal.get("pin"), pin_wrong=0, pin_until=None)


def _pin_removed(recorded: Recorded) -> Iterable[Change]:
    yield _known_by(recorded, pin=None, pin_wrong=0, pin_until=None)


def _pin_refused(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    # of two that tried at once, the second sees that somebody was faster and is counted after it
    seen = officer_means.c.pin_wrong == body["wrong"] - 1
    yield _known_by(recorded, seen, pin_wrong=body["wrong"], pin_until=body.get("until"))


def _pin_accepted(recorded: Recorded) -> Iterable[Change]:
    yield _known_by(recorded, officer_means.c.pin_wrong == recorded.entry.body["wrong"], pin_wrong=0, pin_until=None)


def _known_by(recorded: Recorded, *seen: Any, **values: object) -> Change:  # noqa: ANN401 - conditions belong to the database room
    mine = officer_means.c.officer == str(recorded.entry.subject)
    return Change(officer_means.update().where(mine, *seen).values(**values))


_PROJECTIONS: dict[str, Callable[[Recorded], Iterable[Change]]] = {
    "OFFICER_REGISTERED": _officer_registered,
    "ISSUED": _issued,
    "RETURNED": _returned,
    "HANDED_OVER": _handed_over,
    "HOLDING_UNDONE": _undone,
    "CARD_WITHDRAWN": _card_withdrawn,
    "PIN_SET": _pin_set,
    "PIN_REMOVED": _pin_removed,
    "PIN_REFUSED": _pin_refused,
    "PIN_ACCEPTED": _pin_accepted,
}
