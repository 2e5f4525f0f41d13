"""``/api/account``: one's own account: password, second factor, sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from starlette.exceptions import HTTPException

from api.describing import problems
from api.desk import AtDesk, Desk
from api.people import queries
from api.people.accounts import actor_of
from api.people.grants import grant_line
from api.people.models import (
    CodeShown,
    OwnAccount,
    PasswordAgain,
    PasswordChange,
    PersonLine,
    RecoveryCodes,
    SecondFactorOffered,
    SessionLine,
)
from api.people.queries import Person
from api.principal import Principal
from api.repeating import Repeatable
from api.roles import Act
from api.rules import Ruled
from api.session import open_in
from api.signin import Cookie, allowed_here, came
from storage.evidence import Subject, utc_text

router = Ruled(prefix="/api/account", tags=["account"], route_class=Repeatable)


Somebody = Annotated[Principal, Depends(allowed_here(Act.OWN))]
"""Who is asking: everybody has the right to their own account."""
SessionInPath = Annotated[str, Path(pattern="^[0-9a-f]{64}$", examples=["9f86d081" * 8])]
_CHANGES = ("cross-site", "not-found", "sign-in", "locked-out")


@router.get("", summary="本人账户 · One's own account", responses=problems("not-found"))
def own(desk: AtDesk, caller: Somebody) -> OwnAccount:
    """Say what stands in one's account, and where one is signed in."""
    person = _person(desk, caller)
    [told] = lines(desk, [person])
    sessions = [
        SessionLine(
            session=each.digest.removeprefix("sha256:"),
            opened_at=utc_text(each.opened_at),
            how=each.how,
            this=each.digest == caller.credential,
        )
        for each in desk.sessions.of(caller.subject)
    ]
    left = desk.second_factor.codes_left(person)
    return OwnAccount(person=told, recovery_codes_left=left, sessions=sessions)


@router.put("/password", status_code=204, summary="修改密码 · Change the password", responses=problems(*_CHANGES, "password"))
def change_password(
    asked: PasswordChange, request: Request, response: Response, desk: AtDesk, caller: Somebody, cookie: Cookie
) -> None:
    """Set another password; every session ends, and a browser gets a new one in place of its own."""
    person = _person(desk, caller)
    desk.signing_in.confirm_password(person, asked.password, came(request))
    desk.accounts.change_password(person, asked.new)
    secret = desk.sessions.open(actor_of(person, desk.services.clock()), how="changed", came=came(request))
    open_in(request, response, desk, cookie, secret)


@router.post("/totp", summary="设置验证器 · Offer a second factor", responses=problems(*_CHANGES))
def offer(asked: PasswordAgain, request: Request, desk: AtDesk, caller: Somebody) -> SecondFactorOffered:
    """Make a secret for a telephone; it counts once a code of it is shown."""
    person = _person(desk, caller)
    desk.signing_in.confirm_password(person, asked.password, came(request))
    offered = desk.second_factor.offer(person, caller.credential)
    return SecondFactorOffered(secret=offered.secret, uri=offered.uri, picture=offered.picture)


@router.put("/totp", summary="确认验证器 · Confirm the second factor", responses=problems(*_CHANGES))
def confirm(asked: CodeShown, request: Request, desk: AtDesk, caller: Somebody) -> RecoveryCodes:
    """Ask for codes from now on; the recovery codes are shown this once."""
    person = _person(desk, caller)
    attempt = desk.signing_in.begin(person.login or "", came(request))
    codes = desk.second_factor.confirm(person, caller.credential, asked.code)
    if codes is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "sign-in")
    desk.signing_in.was_right(attempt)
    return RecoveryCodes(codes=list(codes))


@router.post(
    "/totp/removal", status_code=204, summary="停用验证器 · Remove the second factor", responses=problems(*_CHANGES, "stale")
)
def remove(asked: PasswordAgain, request: Request, desk: AtDesk, caller: Somebody) -> None:
    """Ask for codes no more."""
    person = _person(desk, caller)
    desk.signing_in.confirm_password(person, asked.password, came(request))
    desk.second_factor.remove(person)


@router.delete(
    "/sessions/{session}",
    status_code=204,
    summary="结束一次登录 · End a session",
    response_class=Response,
    responses=problems("cross-site", "not-found"),
)
def end_session(session: SessionInPath, desk: AtDesk, caller: Somebody) -> None:
    """End one of one's sessions at once, wherever it is."""
    desk.sessions.end(caller.subject, f"sha256:{session}", why="revoked", actor=caller.actor)


def lines(desk: Desk, people: Sequence[Person]) -> list[PersonLine]:
    """Show people, with what their grants cover as people name it."""
    covered = {thing for person in people for grant in person.grants for thing in grant.scope.offices | grant.scope.matters}
    names, now = desk.services.dossiers.names_of(covered), desk.services.clock()
    return [_line(person, now, names) for person in people]


def _line(person: Person, now: datetime, names: Mapping[Subject, str]) -> PersonLine:
    """Say of somebody what lists show."""
    counting = person.counting(now)
    return PersonLine(
        account=str(person.subject),
        login=person.login,
        name=person.name,
        roles=sorted({grant.role for grant in counting}),
        grants=[grant_line(grant, names, counts=grant in counting) for grant in person.grants],
        enabled=person.is_enabled,
        has_password=person.password is not None,
        second_factor=person.totp_seq is not None,
    )


def _person(desk: Desk, caller: Principal) -> Person:
    return queries.person(desk.services.engine, caller.subject)
