"""``/api/session``: signing in with a token, and out again."""

from __future__ import annotations

import secrets
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from api.describing import problems
from api.desk import AtDesk
from api.models import SignedIn, SignIn
from api.queries import Account, account_with
from api.roles import Act, may
from api.sessions import LONGEST_SESSION
from api.signin import COOKIE, Bearer, Cookie, known, require_own_page
from api.tokens import token_digest

router = APIRouter(prefix="/api/session", tags=["session"])


@router.post("", status_code=201, summary="用令牌登录 · Sign in with a token", responses=problems("cross-site"))
def sign_in(asked: SignIn, request: Request, response: Response, desk: AtDesk) -> SignedIn:
    """Open a session for the holder of a token; it lasts twelve hours, or until the token is revoked."""
    # without this, another site could sign somebody in under an account of its own
    require_own_page(request)
    token = token_digest(asked.token)
    account = account_with(desk.services.engine, token)
    if account is None:
        desk.strangers.add()
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "signed-out")
    secret = secrets.token_urlsafe(32)
    desk.sessions.keep(token_digest(secret), token)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(LONGEST_SESSION.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return _signed_in(account)


@router.get("", summary="当前登录者 · Who is signed in", responses=problems())
def who(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> SignedIn:
    """Say who is asking and what they may do."""
    return _signed_in(known(request, desk, bearer, cookie).account)


@router.delete("", status_code=204, summary="退出 · Sign out", responses=problems("cross-site"))
def sign_out(request: Request, response: Response, desk: AtDesk, cookie: Cookie) -> None:
    """End the session; doing it twice is fine."""
    require_own_page(request)
    if cookie is not None:
        desk.sessions.drop(token_digest(cookie))
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


def _signed_in(account: Account) -> SignedIn:
    acts = sorted(act.value for act in Act if may(account.role, act))
    return SignedIn(account=str(account.subject), role=account.role, name=account.name, acts=acts)
