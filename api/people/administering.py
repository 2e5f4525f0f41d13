"""``/api/accounts``: who has an account, for whoever administers them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Path, Query, Response
from fastapi.exceptions import RequestValidationError

from api.describing import problems
from api.desk import AtDesk
from api.models import LEDGER_NUMBERS
from api.paging import LISTED, AtPage
from api.people import queries
from api.people.accounts import Link
from api.people.grants import GrantAsked
from api.people.models import LinkMade, NewPerson, PersonLine, Reason
from api.people.own import lines
from api.principal import Principal
from api.repeating import Repeatable
from api.roles import Act
from api.rules import Ruled
from api.samples import example, pattern
from api.signin import allowed
from storage.evidence import Kind, Role, Subject, utc_text

router = Ruled(prefix="/api/accounts", tags=["accounts"], route_class=Repeatable)

Administrator = Annotated[Principal, Depends(allowed(Act.ADMINISTER))]
Granting = Annotated[Principal, Depends(allowed(Act.GRANT))]
_PATH = Path(pattern=pattern(Kind.ACCOUNT), examples=[example(Kind.ACCOUNT)], description="account: 假名 · pseudonym")


def _account(account: Annotated[str, _PATH]) -> Subject:
    return Subject.parse(account, Kind.ACCOUNT)


GrantNumber = Annotated[int | None, Query(ge=0, le=LEDGER_NUMBERS, description="授权编号 · number of the grant", examples=[7])]
AccountInPath = Annotated[Subject, Depends(_account)]
_CHANGES = problems("cross-site", "not-found", "life-cycle", "stale")


@router.get("", summary="账户列表 · Everybody with an account", responses={**problems(), **LISTED})
def everybody(desk: AtDesk, _caller: Administrator, page: AtPage) -> list[PersonLine]:
    """List who may sign in, and who may not any more, in the order in which the accounts were made."""
    found = queries.people_part(desk.services.engine, page.slice())
    page.lead_on(found.last)
    return lines(desk, found.items)


@router.post("", status_code=201, summary="新建账户 · Make an account", responses=_CHANGES)
def add(asked: NewPerson, desk: AtDesk, caller: Administrator) -> LinkMade:
    """Make an account; the link by which its owner sets a password is shown this once."""
    with _of_the_request():
        role = asked.grant(desk.services.dossiers)
        return _made(desk.accounts.add(asked.login, name=asked.name, role=role, actor=caller.actor))


@router.post("/{account}/link", status_code=201, summary="给出一次性链接 · Make a one-time link", responses=_CHANGES)
def link(account: AccountInPath, desk: AtDesk, caller: Administrator) -> LinkMade:
    """Make a link by which a password may be set, for whoever forgot theirs; the one before counts no more."""
    return _made(desk.accounts.link(account, actor=caller.actor))


@router.post(
    "/{account}/disabled", status_code=204, summary="停用账户 · Disable an account", response_class=Response, responses=_CHANGES
)
def disable(account: AccountInPath, asked: Reason, desk: AtDesk, caller: Administrator) -> None:
    """Let somebody sign in no more; their sessions end at once."""
    desk.accounts.disable(account, reason=asked.reason, actor=caller.actor)


@router.post(
    "/{account}/enabled", status_code=204, summary="恢复账户 · Enable an account", response_class=Response, responses=_CHANGES
)
def enable(account: AccountInPath, asked: Reason, desk: AtDesk, caller: Administrator) -> None:
    """Let somebody sign in again."""
    desk.accounts.enable(account, reason=asked.reason, actor=caller.actor)


@router.post(
    "/{account}/roles", status_code=204, summary="授予角色 · Grant a role", response_class=Response, responses=_CHANGES
)
def grant(account: AccountInPath, asked: GrantAsked, desk: AtDesk, caller: Granting) -> None:
    """Give somebody a further role, for everything or for offices and cases, for ever or until a time; never oneself."""
    with _of_the_request():
        desk.accounts.grant(account, asked.grant(desk.services.dossiers), actor=caller.actor)


@router.delete(
    "/{account}/roles/{role}",
    status_code=204,
    summary="收回角色 · Withdraw a role",
    response_class=Response,
    responses=_CHANGES,
)
def withdraw(account: AccountInPath, role: Role, desk: AtDesk, caller: Granting, grant: GrantNumber = None) -> None:
    """Take a grant away; that counts for the next request already. *grant* says which, where a role was given twice."""
    desk.accounts.withdraw(account, role, actor=caller.actor, number=grant)


@contextmanager
def _of_the_request() -> Iterator[None]:
    """A login that cannot be one, or a role nobody signs in with, is a fault of the request."""
    try:
        yield
    except ValueError as error:
        raise RequestValidationError([{"type": "account", "loc": ("body",), "msg": "no login or no role of people"}]) from error


def _made(link: Link) -> LinkMade:
    return LinkMade(account=str(link.account), link=f"/link#{link.secret}", until=utc_text(link.until))
