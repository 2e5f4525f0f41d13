"""``/api/session``: signing in with a token or a password, and out again; ``/api/links``: setting a password by a link."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.exceptions import HTTPException

from api.describing import problems
from api.desk import AtDesk, Desk
from api.models import SignedIn, SignIn
from api.people.models import LinkFor, LinkUsed, PasswordSignIn
from api.principal import Means, Principal, by_token
from api.queries import account_with
from api.roles import SIGNING_IN, Act
from api.rules import Ruled
from api.signin import Cookie, allowed_here, came, cookie_name, is_secure, require_own_page, stranger
from api.tokens import token_digest
from storage.errors import NotFound
from storage.passwords import WeakPassword

router = Ruled(prefix="/api/session", tags=["session"])
links = Ruled(prefix="/api/links", tags=["session"])


@router.post("", status_code=201, summary="用令牌登录 · Sign in with a token", responses=problems("cross-site", "too-many"))
def sign_in(asked: SignIn, request: Request, response: Response, desk: AtDesk, cookie: Cookie) -> SignedIn:
    """Open a session for the holder of a token; it ends when the token is revoked."""
    # without this, another site could sign somebody in under an account of its own
    require_own_page(request)
    digest, now = token_digest(asked.token), desk.services.clock()
    found = by_token(account_with(desk.services.engine, digest, now), Means.TOKEN, digest, now)
    if found is None or found.account.role not in SIGNING_IN:
        raise stranger(desk)
    # a password costs a hash each time, and a token nothing
    desk.pace.take(found.subject)
    secret = desk.sessions.open(found.actor, how="token", came=came(request))
    return _signed_in(open_in(request, response, desk, cookie, secret))


@router.post(
    "/password",
    status_code=201,
    summary="用密码登录 · Sign in with a password",
    responses=problems("cross-site", "sign-in", "second-factor", "locked-out"),
)
def sign_in_with_password(
    asked: PasswordSignIn, request: Request, response: Response, desk: AtDesk, cookie: Cookie
) -> SignedIn:
    """Open a session for whoever has the password, and the code where one is asked for."""
    require_own_page(request)
    secret, _person = desk.signing_in.with_password(asked.login, asked.password, asked.code, came(request))
    return _signed_in(open_in(request, response, desk, cookie, secret))


@router.get("", summary="当前登录者 · Who is signed in", responses=problems())
def who(caller: Annotated[Principal, Depends(allowed_here(Act.OWN))]) -> SignedIn:
    """Say who is asking and what they may do."""
    return _signed_in(caller)


@router.delete("", status_code=204, summary="退出 · Sign out", responses=problems("cross-site"))
def sign_out(request: Request, response: Response, desk: AtDesk, cookie: Cookie) -> None:
    """End the session; doing it twice is fine."""
    require_own_page(request)
    _end(desk, cookie, why="signed-out")
    response.delete_cookie(cookie_name(request), httponly=True, samesite="strict", secure=is_secure(request))


@links.post(
    "",
    summary="用一次性链接设置密码 · Set a password by a one-time link",
    responses=problems("cross-site", "link-over", "password", "locked-out"),
)
def use_link(asked: LinkUsed, request: Request, desk: AtDesk) -> LinkFor:
    """Set a password, once; whoever did signs in with it then."""
    require_own_page(request)
    attempt = desk.signing_in.begin(f"link {token_digest(asked.link)}", came(request))
    try:
        person = desk.accounts.use(asked.link, asked.password)
    except WeakPassword:
        desk.signing_in.was_not_wrong(attempt)
        raise
    except NotFound as error:
        desk.strangers.add("link")
        raise HTTPException(HTTPStatus.GONE, "link-over") from error
    desk.signing_in.was_right(attempt)
    return LinkFor(login=person.login or "")


def open_in(request: Request, response: Response, desk: Desk, before: str | None, secret: str) -> Principal:
    """Give the browser a session that was just opened; the one it had *before* ends."""
    _end(desk, before, why="replaced")
    response.set_cookie(
        cookie_name(request),
        secret,
        max_age=int(desk.sessions.rules.longest.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )
    found = desk.sessions.find(secret)
    if found is None:  # the account was disabled at this very moment
        raise stranger(desk)
    return found


def _end(desk: Desk, cookie: str | None, *, why: str) -> None:
    principal = None if cookie is None else desk.sessions.find(cookie)
    if principal is not None:
        desk.sessions.end(principal.subject, principal.credential, why=why, actor=principal.actor)


def _signed_in(principal: Principal) -> SignedIn:
    account, acts = principal.account, sorted(act.value for act in Act if principal.may_unasked(act))
    return SignedIn(account=str(account.subject), role=account.role, name=account.name, acts=acts)
