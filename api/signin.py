"""
Who is asking, and whether they may.

Somebody shows an API token (``Authorization: Bearer …``) or the cookie of a session (`api.people.sessions`). A cookie is sent
by a browser whoever wrote the page, so with a cookie everything that changes something also needs the header ``X-Yihu: 1``:
another site's page cannot send it without asking us first (CORS), and we never answer that it may. Where the browser says from
where a request comes (``Sec-Fetch-Site``, ``Origin``), that must be our own page as well. A header was chosen over a token in
the page because there is nothing to keep, to leak or to let expire. The cookie is ``SameSite=Strict`` besides, and over HTTPS
it has the name ``__Host-yihu_session``, which no other host or path of the domain can set.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, NoReturn

from fastapi import Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from api.desk import AtDesk, Desk
from api.people.sessions import Came
from api.principal import Means, Principal
from api.queries import account_with
from api.roles import Act
from api.tokens import token_digest
from storage.errors import Refused
from storage.evidence import Entry, Json, Subject

COOKIE = "yihu_session"
OWN_HEADER = "x-yihu"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})

_BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="API 令牌 · an API token")


class _SessionCookie(APIKeyCookie):
    """The cookie, under the name that it has over HTTPS or over plain HTTP, and never under the other."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return its value, if there is one."""
        return request.cookies.get(cookie_name(request))


_COOKIE = _SessionCookie(name=COOKIE, auto_error=False, scheme_name="session", description="网页会话 · a session of the pages")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
Cookie = Annotated[str | None, Security(_COOKIE)]
Caller = Principal
"""The older name."""


def is_secure(request: HTTPConnection) -> bool:
    """Say whether the request came over HTTPS, as far as we or a proxy on this machine saw it."""
    return request.url.scheme == "https"


def cookie_name(request: HTTPConnection) -> str:
    """Return the name of the session's cookie."""
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE


def came(request: Request) -> Came:
    """Return from where a request came."""
    return Came(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def allowed(act: Act) -> Callable[..., Principal]:
    """
    Return the rule of a route: the caller, if they may do *act*.

    Otherwise a signed-in person's act is recorded as ``REFUSED`` and `Refused` raised; a stranger is counted and answered 401.
    """

    def rule(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> Principal:
        caller = known(request, desk, bearer, cookie)
        if not caller.may(act):
            refuse(request, desk, caller, act)
        return caller.acting_for(act)

    return rule


def known(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> Principal:
    """Return who is asking, whatever they may; raises a 401 or the 403 of a foreign page."""
    if bearer is not None:
        digest = token_digest(bearer.credentials)
        account = account_with(desk.services.engine, digest)
        found = None if account is None else Principal(account, frozenset({account.role}), Means.TOKEN, digest)
    elif cookie is not None:
        if request.method not in _HARMLESS:
            require_own_page(request)
        found = desk.sessions.find(cookie)
    else:
        found = None
    if found is None:
        raise stranger(desk)
    return found


def require_own_page(request: Request) -> None:
    """Raise a 403 unless the request carries the header that only our own pages and programs send, and comes from them."""
    origin = request.headers.get("origin")
    ours = f"{request.url.scheme}://{request.url.netloc}"
    from_here = request.headers.get("sec-fetch-site", "same-origin") == "same-origin" and origin in {None, ours}
    if request.headers.get(OWN_HEADER) != "1" or not from_here:
        raise HTTPException(HTTPStatus.FORBIDDEN, "cross-site")


def refuse(request: Request, desk: Desk, caller: Principal, act: Act, about: Subject | None = None) -> NoReturn:
    """Record that *caller* was refused *act*, durably, and raise `Refused`; *about* what, if the path does not say it."""
    route = getattr(request.scope.get("route"), "path", "")
    body: dict[str, Json] = {"act": act.value, "route": f"{request.method} {route}"}
    told = _about(request) if about is None else str(about)
    if told is not None:
        body["about"] = told
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


def stranger(desk: Desk) -> HTTPException:
    """Count somebody we do not know, and return the 401 they are answered."""
    desk.strangers.add()
    return HTTPException(HTTPStatus.UNAUTHORIZED, "signed-out", {"WWW-Authenticate": 'Bearer realm="yihu"'})
