"""
Who is asking, and whether they may.

Somebody shows an API token (``Authorization: Bearer …``) or the cookie of a session that was opened with one. A cookie is sent
by a browser whoever wrote the page, so with a cookie everything that changes something also needs the header ``X-Yihu: 1``,
which no other site can make a browser send. The cookie is ``SameSite=Strict`` besides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, NoReturn

from fastapi import Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from api.desk import AtDesk, Desk
from api.queries import Account, account_with
from api.roles import Act, may
from api.tokens import token_digest
from storage.errors import Refused
from storage.evidence import Actor, Entry, Json, Subject

COOKIE = "yihu_session"
OWN_HEADER = "x-yihu"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})

_BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="API 令牌 · an API token")
_COOKIE = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session", description="网页会话 · a session of the pages")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
Cookie = Annotated[str | None, Security(_COOKIE)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody we know, and by what we know them."""

    account: Account
    credential: str
    """Digest of the token or of the session's secret."""

    @property
    def actor(self) -> Actor:
        """Under whom their acts are recorded."""
        return Actor(self.account.subject, self.account.role)


def allowed(act: Act) -> Callable[..., Caller]:
    """
    Return the rule of a route: the caller, if they may do *act*.

    Otherwise a signed-in person's act is recorded as ``REFUSED`` and `Refused` raised; a stranger is counted and answered 401.
    """

    def rule(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> Caller:
        caller = known(request, desk, bearer, cookie)
        if not may(caller.account.role, act):
            refuse(request, desk, caller, act)
        return caller

    return rule


def known(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> Caller:
    """Return who is asking, whatever they may; raises a 401 or the 403 of a foreign page."""
    if bearer is not None:
        return _account(desk, token_digest(bearer.credentials), token_digest(bearer.credentials))
    if cookie is None:
        raise _stranger(desk)
    if request.method not in _HARMLESS:
        require_own_page(request)
    credential = token_digest(cookie)
    token = desk.sessions.find(credential)
    if token is None:
        raise _stranger(desk)
    return _account(desk, token, credential)


def require_own_page(request: Request) -> None:
    """Raise a 403 unless the request carries the header that only our own pages and programs send."""
    if request.headers.get(OWN_HEADER) != "1":
        raise HTTPException(HTTPStatus.FORBIDDEN, "cross-site")


def refuse(request: Request, desk: Desk, caller: Caller, act: Act) -> NoReturn:
    """Record that *caller* was refused *act*, durably, and raise `Refused`."""
    route = getattr(request.scope.get("route"), "path", "")
    body: dict[str, Json] = {"act": act.value, "route": f"{request.method} {route}"}
    about = _about(request)
    if about is not None:
        body["about"] = about
    desk.services.custody.record(Entry("REFUSED", caller.account.subject, caller.actor, body=body))
    message = f"{caller.account.subject} as {caller.account.role}: may not {act}"
    raise Refused(message)


def _about(request: Request) -> str | None:
    """The pseudonym in the path; nothing else a stranger wrote gets into a leaf."""
    for value in request.path_params.values():
        try:
            return str(Subject.parse(str(value)))
        except ValueError:
            continue
    return None


def _account(desk: Desk, token: str, credential: str) -> Caller:
    account = account_with(desk.services.engine, token)
    if account is None:
        raise _stranger(desk)
    return Caller(account, credential)


def _stranger(desk: Desk) -> HTTPException:
    desk.strangers.add()
    return HTTPException(HTTPStatus.UNAUTHORIZED, "signed-out", {"WWW-Authenticate": 'Bearer realm="yihu"'})
