"""
``/api/session/oidc``: signing in where the office's people sign in already (OpenID Connect), and coming back.

Both ways are navigations of a browser, so what goes wrong is a word in the address of the sign-in page. Which account it is was
said before by an administrator, who bound it to issuer and subject (`api.people.identities`); nobody gets an account or a role
by what an issuer says. The attempt belongs to one browser by a cookie, which may come along when the issuer sends the browser
back (``SameSite=Lax``); without it the answer counts for nothing, so that nobody is signed in as somebody else.
"""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.responses import RedirectResponse

from api.describing import problems
from api.desk import AtDesk, Desk
from api.models import shown
from api.people.accounts import actor_of
from api.people.identities import person_bound
from api.people.issuers import LASTS, Declined, Why
from api.rules import Ruled
from api.session import open_in
from api.signin import Cookie, came, is_secure
from storage.errors import StorageUnavailable

router = Ruled(prefix="/api/session/oidc", tags=["session"])

_COOKIE = "yihu_oidc"


class Offered(BaseModel):
    """是否可用统一认证登录。Whether one may sign in elsewhere."""

    model_config = shown({"offered": True, "name": "统一认证"})
    offered: bool
    name: str


@router.get("", summary="是否可用统一认证登录 · Whether one may sign in elsewhere", responses=problems())
def offered(desk: AtDesk) -> Offered:
    """Say whether the page shows a button, and what stands on it."""
    elsewhere = desk.services.elsewhere
    return Offered(offered=elsewhere is not None, name="" if elsewhere is None else elsewhere.name)


@router.get("/start", include_in_schema=False)
def start(request: Request, desk: AtDesk) -> Response:
    """Send the browser to the issuer."""
    elsewhere = desk.services.elsewhere
    if elsewhere is None:
        return _back("away")
    try:
        begun = elsewhere.begin()
    except StorageUnavailable:
        return _back("away")
    answer = RedirectResponse(begun.url, status_code=303)
    longest = int(LASTS.total_seconds())
    secure = is_secure(request)
    answer.set_cookie(_cookie_name(request), begun.browser, max_age=longest, httponly=True, samesite="lax", secure=secure)
    return answer


@router.get("/back", include_in_schema=False)
def back(request: Request, desk: AtDesk, cookie: Cookie) -> Response:
    """Open a session for whoever comes back from the issuer and is bound to an account here; ends on our own page always."""
    try:
        answer = _opened(request, desk, cookie)
    except Declined as error:
        desk.strangers.add("oidc")
        answer = _back(error.why)
    except StorageUnavailable:
        answer = _back("away")
    answer.delete_cookie(_cookie_name(request), httponly=True, samesite="lax", secure=is_secure(request))
    return answer


def _opened(request: Request, desk: Desk, cookie: str | None) -> Response:
    elsewhere, browser = desk.services.elsewhere, request.cookies.get(_cookie_name(request), "")
    if elsewhere is None:
        return _back("away")
    identity = elsewhere.finish(dict(request.query_params), browser)
    person = person_bound(desk.services.engine, identity, key=desk.services.index_key)
    now = desk.services.clock()
    if person is None or not person.is_enabled or not person.counting(now):
        desk.strangers.add("oidc", None if person is None else person.subject)
        return _back("unknown")
    secret = desk.sessions.open(actor_of(person, now), how="oidc", came=came(request))
    answer = RedirectResponse("/", status_code=303)
    open_in(request, answer, desk, cookie, secret)
    return answer


def _back(why: Why) -> Response:
    return RedirectResponse(f"/signin?oidc={why}", status_code=303)


def _cookie_name(request: Request) -> str:
    return f"__Host-{_COOKIE}" if is_secure(request) else _COOKIE
