"""What is known of accesses, requests and alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, distinct, func, select

from api.access.tables import APPROVED, REQUESTED, access_requests, accesses, bulk_alarms, open_name
from api.queries import Engine
from storage.database import reading
from storage.errors import NotFound
from storage.evidence import Kind, Subject, utc_moment, utc_text

_PAGE = 200


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A request for footage that its asker may not see by their role alone."""

    id: str
    clip: Subject
    account: Subject
    what: str
    matter: Subject | None
    state: str
    requested_seq: int
    """The entry that holds the reason."""
    requested_at: str
    decided_by: Subject | None
    decided_seq: int | None
    decided_at: str | None
    until: datetime | None
    """Until when an approval counts."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """That somebody looked at very many clips."""

    seq: int
    account: Subject
    at: str
    since: str
    clips: int
    most: int


def request(engine: Engine, identifier: str) -> AccessRequest:
    """Return one request; raises `NotFound`."""
    found = _requests(engine, access_requests.c.request == identifier)
    if not found:
        message = f"request {identifier}: there is no such request"
        raise NotFound(message)
    return found[0]


def open_request(engine: Engine, account: Subject, clip: Subject, what: str) -> AccessRequest | None:
    """Return the request of that account for that clip that nobody has decided."""
    name = open_name(str(account), str(clip), what)
    return next(iter(_requests(engine, access_requests.c.open == name)), None)


def approval(engine: Engine, account: Subject, clip: Subject, what: str, now: datetime) -> AccessRequest | None:
    """Return the approval by which that account may see that clip in that form now."""
    mine = access_requests.c.account == str(account), access_requests.c.clip == str(clip), access_requests.c.what == what
    return next(
        iter(_requests(engine, *mine, access_requests.c.state == APPROVED, access_requests.c.until > utc_text(now))), None
    )


def requests_of(engine: Engine, account: Subject) -> list[AccessRequest]:
    """Return the requests of somebody, the newest first."""
    return _requests(engine, access_requests.c.account == str(account))


def undecided(engine: Engine) -> Iterator[AccessRequest]:
    """Yield the requests that nobody has decided, the newest first."""
    return _every(engine, access_requests.c.state == REQUESTED)


def standing_approvals(engine: Engine, now: datetime) -> Iterator[AccessRequest]:
    """Yield the approvals that count now, the newest first."""
    return _every(engine, access_requests.c.state == APPROVED, access_requests.c.until > utc_text(now))


def all_requests(engine: Engine) -> list[AccessRequest]:
    """Return the newest requests, whatever became of them."""
    return _requests(engine)


def undecided_of(engine: Engine, account: Subject) -> int:
    """Return how many requests of somebody nobody has decided."""
    mine = access_requests.c.account == str(account), access_requests.c.state == REQUESTED
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(access_requests).where(*mine)) or 0


def clips_opened(engine: Engine, account: Subject, since: datetime) -> int:
    """Return how many distinct clips somebody opened since then."""
    mine = accesses.c.account == str(account), accesses.c.at >= utc_text(since)
    with reading(engine) as connection:
        return connection.scalar(select(func.count(distinct(accesses.c.clip))).where(*mine)) or 0


def has_opened(engine: Engine, account: Subject, clip: Subject, since: datetime) -> bool:
    """Say whether somebody opened that clip since then."""
    mine = accesses.c.account == str(account), accesses.c.clip == str(clip), accesses.c.at >= utc_text(since)
    with reading(engine) as connection:
        return connection.scalar(select(accesses.c.seq).where(*mine).limit(1)) is not None


def opening_since(engine: Engine, since: datetime, most: int) -> Sequence[Subject]:
    """Return who opened more than *most* distinct clips since then."""
    chosen = select(accesses.c.account).where(accesses.c.at >= utc_text(since)).group_by(accesses.c.account)
    with reading(engine) as connection:
        many = connection.scalars(chosen.having(func.count(distinct(accesses.c.clip)) > most)).all()
    return [Subject.parse(account, Kind.ACCOUNT) for account in many]


def last_alarm(engine: Engine, account: Subject) -> Alarm | None:
    """Return the newest alarm about somebody."""
    return next(iter(_alarms(engine, bulk_alarms.c.account == str(account))), None)


def alarms(engine: Engine) -> list[Alarm]:
    """Return the newest alarms."""
    return _alarms(engine)


def alarms_since(engine: Engine, since: datetime) -> int:
    """Return how many alarms there were since then."""
    with reading(engine) as connection:
        recent = select(func.count()).select_from(bulk_alarms).where(bulk_alarms.c.at >= utc_text(since))
        return connection.scalar(recent) or 0


def _alarms(engine: Engine, *conditions: Any) -> list[Alarm]:  # noqa: ANN401 - conditions of SQLAlchemy
    query = select(bulk_alarms).where(*conditions).order_by(bulk_alarms.c.seq.desc()).limit(_PAGE)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return [Alarm(row.seq, Subject.parse(row.account), row.at, row.since, row.clips, row.most) for row in rows]


def _every(engine: Engine, *conditions: Any) -> Iterator[AccessRequest]:  # noqa: ANN401 - conditions of SQLAlchemy
    older: tuple[Any, ...] = ()
    while found := _requests(engine, *conditions, *older):
        yield from found
        older = (access_requests.c.requested_seq < found[-1].requested_seq,)


def _requests(engine: Engine, *conditions: Any) -> list[AccessRequest]:  # noqa: ANN401 - conditions of SQLAlchemy
    query = select(access_requests).where(*conditions).order_by(access_requests.c.requested_seq.desc()).limit(_PAGE)
    with reading(engine) as connection:
        return [_request(row) for row in connection.execute(query)]


def _request(row: Row[Any]) -> AccessRequest:
    return AccessRequest(
        id=row.request,
        clip=Subject.parse(row.clip, Kind.CLIP),
        account=Subject.parse(row.account),
        what=row.what,
        matter=None if row.matter is None else Subject.parse(row.matter, Kind.MATTER),
        state=row.state,
        requested_seq=row.requested_seq,
        requested_at=row.requested_at,
        decided_by=None if row.decided_by is None else Subject.parse(row.decided_by),
        decided_seq=row.decided_seq,
        decided_at=row.decided_at,
        until=None if row.until is None else utc_moment(row.until),
    )
