"""
Access: the entries about it, their tables, and what each changes in them.

====================  =======  =========================  ==================================================  ========
entry                 subject  moves                      body                                                personal
====================  =======  =========================  ==================================================  ========
``WATCHED``           clip     stays (deposited or on)    which viewing, entry of its ``ACCESSED``, spans in
                                                          ms, bytes that were sent of how many, how it ended
``ACCESS_REQUESTED``  clip     stays (deposited or on)    which request, what of the clip, matter             reason
``ACCESS_APPROVED``   clip     stays (deposited or on)    which request, whose, until when                    reason
``ACCESS_DENIED``     clip     stays (deposited or on)    which request, whose                                reason
``ACCESS_WITHDRAWN``  clip     stays (deposited or on)    which request, whose                                reason
``BULK_ACCESS``       account  stays                      how many clips since when, how many are too many,
                                                          the alarm before
====================  =======  =========================  ==================================================  ========

``ACCESSED`` itself is a move of `storage.clips`; here is kept by whom, so that its ``WATCHED`` comes once.
What must happen once (an alarm after another, a decision, the end of a viewing) is a row that the second does not find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Table, Text, insert, update

from storage.clips import DEPOSITED, RENDERED
from storage.evidence import Kind, Recorded, utc_text
from storage.lifecycle import move
from storage.projecting import Change
from storage.schema import projections

REQUESTED, APPROVED, DENIED, WITHDRAWN = "requested", "approved", "denied", "withdrawn"
_IN_STORE = f"{DEPOSITED}|{RENDERED}"

MOVES = (
    move(Kind.CLIP, "WATCHED", _IN_STORE),
    move(Kind.CLIP, "ACCESS_REQUESTED", _IN_STORE),
    move(Kind.CLIP, "ACCESS_APPROVED", _IN_STORE),
    move(Kind.CLIP, "ACCESS_DENIED", _IN_STORE),
    move(Kind.CLIP, "ACCESS_WITHDRAWN", _IN_STORE),
    move(Kind.ACCOUNT, "BULK_ACCESS", "active|disabled|revoked"),
)

accesses = Table(
    "accesses",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("clip", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("viewing", Text),
    Column("what", Text),
    Column("at", Text, nullable=False),
    Column("watched_seq", BigInteger),
    Index("accesses_account", "account", "at"),
    Index("accesses_at", "at"),
)

access_requests = Table(
    "access_requests",
    projections,
    Column("request", Text, primary_key=True),
    Column("clip", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("matter", Text),
    Column("state", Text, nullable=False),
    Column("open", Text, unique=True),
    Column("requested_seq", BigInteger, nullable=False),
    Column("requested_at", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided_seq", BigInteger),
    Column("decided_at", Text),
    Column("until", Text),
    Column("ended_seq", BigInteger),
    Index("access_requests_account", "account", "clip"),
    Index("access_requests_state", "state"),
)

bulk_alarms = Table(
    "bulk_alarms",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("before", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("clips", BigInteger, nullable=False),
    Column("most", BigInteger, nullable=False),
    Index("bulk_alarms_each", "account", "before", unique=True),
)


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about access changes."""
    changes = _PROJECTIONS.get(recorded.entry.type)
    return () if changes is None else changes(recorded)


def open_name(account: str, clip: str, what: str) -> str:
    """Return the name that a request has while it is open: there is one of each at a time."""
    return f"{account} {clip} {what}"


def _accessed(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    row = {
        "seq": recorded.seq,
        "clip": str(entry.subject),
        "account": str(entry.actor.who),
        "viewing": entry.body.get("viewing"),
        "what": entry.body.get("what"),
        "at": utc_text(recorded.at),
    }
    yield Change(insert(accesses).values(**row))


def _watched(recorded: Recorded) -> Iterable[Change]:
    entry = recorded.entry
    mine = accesses.c.seq == entry.body["accessed"], accesses.c.clip == str(entry.subject)
    yield Change(update(accesses).where(*mine, accesses.c.watched_seq.is_(None)).values(watched_seq=recorded.seq))


def _requested(recorded: Recorded) -> Iterable[Change]:
    entry, body = recorded.entry, recorded.entry.body
    clip, account = str(entry.subject), str(entry.actor.who)
    row = {
        "request": body["request"],
        "clip": clip,
        "account": account,
        "what": body["what"],
        "matter": body.get("matter"),
        "state": REQUESTED,
        "open": open_name(account, clip, str(body["what"])),
        "requested_seq": recorded.seq,
        "requested_at": utc_text(recorded.at),
    }
    yield Change(insert(access_requests).values(**row))


def _approved(recorded: Recorded) -> Iterable[Change]:
    yield _decided(recorded, APPROVED, until=recorded.entry.body["until"])


def _denied(recorded: Recorded) -> Iterable[Change]:
    yield _decided(recorded, DENIED)


def _decided(recorded: Recorded, state: str, **more: object) -> Change:
    decided = {"decided_by": str(recorded.entry.actor.who), "decided_seq": recorded.seq, "decided_at": utc_text(recorded.at)}
    return _of_request(recorded, (REQUESTED,), state=state, open=None, **decided, **more)


def _withdrawn(recorded: Recorded) -> Iterable[Change]:
    yield _of_request(recorded, (REQUESTED, APPROVED), state=WITHDRAWN, open=None, ended_seq=recorded.seq)


def _of_request(recorded: Recorded, after: tuple[str, ...], **values: object) -> Change:
    entry = recorded.entry
    mine = access_requests.c.request == entry.body["request"], access_requests.c.clip == str(entry.subject)
    return Change(update(access_requests).where(*mine, access_requests.c.state.in_(after)).values(**values))


def _alarmed(recorded: Recorded) -> Iterable[Change]:
    body: Any = recorded.entry.body
    row = {
        "seq": recorded.seq,
        "account": str(recorded.entry.subject),
        "before": body["before"],
        "at": utc_text(recorded.at),
        "since": body["since"],
        "clips": body["clips"],
        "most": body["most"],
    }
    yield Change(insert(bulk_alarms).values(**row))


_PROJECTIONS: dict[str, Callable[[Recorded], Iterable[Change]]] = {
    "ACCESSED": _accessed,
    "WATCHED": _watched,
    "ACCESS_REQUESTED": _requested,
    "ACCESS_APPROVED": _approved,
    "ACCESS_DENIED": _denied,
    "ACCESS_WITHDRAWN": _withdrawn,
    "BULK_ACCESS": _alarmed,
}
