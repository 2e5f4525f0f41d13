"""``/api/accounts``: who has an account, for whoever administers them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.describing import problems
from api.desk import AtDesk
from api.paging import LISTED, AtPage
from api.people import queries
from api.people.accounts import Link
from api.people.models import LinkMade, NewPerson, PersonLine, Reason, RoleNamed
from api.people.own import line
from api.principal import Principal
from api.repeating import Repeatable
from api.roles import Act
from api.samples import example, pattern
from api.signin import allowed
from storage.evidence import Kind, Role, Subject, utc_text

router = APIRouter(prefix="/api/accounts", tags=["accounts"], route_class=Repeatable)

Administrator = Annotated[Principal, Depends(allowed(Act.ADMINISTER))]
_PATH = Path(pattern=pattern(Kind.ACCOUNT), examples=[example(Kind.ACCOUNT)], description="account: 假名 · pseudonym")


def _account(account: Annotated[str, _PATH]) -> Subject:
    return Subject.parse(account, Kind.ACCOUNT)


AccountInPath = Annotated[Subject, Depends(_account)]
_CHANGES = problems("cross-site", "not-found", "life-cycle", "stale")


@router.get("", summary="账户列表 · Everybody with an account", responses={**problems(), **LISTED})
def everybody(desk: AtDesk, _caller: Administrator, page: AtPage) -> list[PersonLine]:
    """List who may sign in, and who may not any more, in the order in which the accounts were made."""
    found = queries.people_part(desk.services.engine, page.slice())
    page.lead_on(found.last)
    return [line(person) for person in found.items]


@router.post("", status_code=201, summary="新建账户 · Make an account", responses=problems("cross-site", "stale"))
def add(asked: NewPerson, desk: AtDesk, caller: Administrator) -> LinkMade:
    """Make an account; the link by which its owner sets a password is shown this once."""
    return _made(desk.accounts.add(asked.login, name=asked.name, role=asked.role, actor=caller.actor))


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
def grant(account: AccountInPath, asked: RoleNamed, desk: AtDesk, caller: Administrator) -> None:
    """Give somebody a further role."""
    desk.accounts.grant(account, asked.role, actor=caller.actor)


@router.delete(
    "/{account}/roles/{role}",
    status_code=204,
    summary="收回角色 · Withdraw a role",
    response_class=Response,
    responses=_CHANGES,
)
def withdraw(account: AccountInPath, role: Role, desk: AtDesk, caller: Administrator) -> None:
    """Take a role away; that counts for the next request already."""
    desk.accounts.withdraw(account, role, actor=caller.actor)


def _made(link: Link) -> LinkMade:
    return LinkMade(account=str(link.account), link=f"/link#{link.secret}", until=utc_text(link.until))
