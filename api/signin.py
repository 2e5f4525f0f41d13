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
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, NoReturn

from fastapi import Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from api.desk import AtDesk, Desk
from api.people.sessions import Came
from api.policy import Thing
from api.principal import Principal
from api.reach.queries import thing, thing_of_filing
from api.roles import Act
from api.rules import is_rule
from storage.errors import NotFound, Refused
from storage.evidence import Json, Kind, Subject

COOKIE = "yihu_session"
OWN_HEADER = "x-yihu"
_NAMED = {
    "clip": Kind.CLIP,
    "matter": Kind.MATTER,
    "party": Kind.PARTY,
    "activity": Kind.ACTIVITY,
    "account": Kind.ACCOUNT,
    "filing": None,
}
"""Parts of a path that name what an act is about."""
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


def is_secure(request: HTTPConnection) -> bool:
    """Say whether the request came over HTTPS, as far as we or a proxy on this machine saw it."""
    return bool(
        request.scope["scheme"] == "https"
    )  # not by `url`: that reads the Host, and anybody writes what they like there


def cookie_name(request: HTTPConnection) -> str:
    """Return the name of the session's cookie."""
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE


def came(request: Request) -> Came:
    """Return from where a request came."""
    return Came(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def allowed(act: Act) -> Callable[..., Principal]:
    """
    Return the rule of a route: the caller, if they may do *act* to what the path names, in the role that allows it.

    Otherwise a signed-in person's act is recorded as ``REFUSED`` and `Refused` raised; a stranger is counted and answered 401.
    What the path names and nobody recorded is `NotFound`, for whoever may do that to anything at all.
    """

    def rule(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> Principal:
        caller = _able(request, desk, known(request, desk, bearer, cookie), act)
        for name, value in request.path_params.items():
            if name in _NAMED:
                caller = must(request, desk, caller, act, _read(name, value))
        return caller

    is_rule(rule, act)
    return rule


def allowed_here(act: Act) -> Callable[..., Principal]:
    """Return the rule of a route that itself asks `must` about its object, once it knows which that is."""

    def rule(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> Principal:
        return _able(request, desk, known(request, desk, bearer, cookie), act)

    is_rule(rule, act)
    return rule


def must(
    request: Request, desk: Desk, caller: Principal, act: Act, named: Subject | str | Thing, *, approved: bool = False
) -> Principal:
    """
    Return *caller* in the role that allows *act* to what is *named*: a subject, a filing, or what is known of a thing.

    Otherwise the refusal is recorded and `Refused` raised. Raises `NotFound` for what nobody recorded. *approved* says that a
    request of theirs for this very thing was approved and still counts.
    """
    thing = named if isinstance(named, Thing) else _thing(desk, named)
    if thing is None:
        message = f"{named}: nobody recorded it"
        raise NotFound(message)
    decision = caller.decide(act, replace(thing, is_approved=True) if approved else thing)
    if decision.grant is None:
        refuse(request, desk, caller, act, about=named if isinstance(named, Subject) else None, why=decision.why_not)
    return caller.acting_as(decision.grant.role)


def _able(request: Request, desk: Desk, caller: Principal, act: Act) -> Principal:
    if not caller.may(act):
        refuse(request, desk, caller, act)
    # the policy asks again about the object; here it is only whether there may be one
    if not _has_object(request):
        decision = caller.decide(act)
        if decision.grant is None:
            refuse(request, desk, caller, act, why=decision.why_not)
        return caller.acting_as(decision.grant.role)
    return caller.acting_for(act)


def _has_object(request: Request) -> bool:
    return any(name in _NAMED for name in request.path_params)


def _read(name: str, value: object) -> Subject | str:
    """Read what a path names; what no subject is called nobody recorded."""
    if name == "filing":
        return str(value)
    try:
        return Subject.parse(str(value), _NAMED[name])
    except ValueError as error:
        found = {"type": "string_pattern_mismatch", "loc": ("path", name), "msg": f"expected {_NAMED[name]}:…"}
        raise RequestValidationError([found]) from error


def _thing(desk: Desk, named: Subject | str) -> Thing | None:
    engine = desk.services.engine
    return thing(engine, named) if isinstance(named, Subject) else thing_of_filing(engine, named)


def known(request: Request, desk: AtDesk, bearer: Bearer, cookie: Cookie) -> Principal:
    """Return who is asking, whatever they may; raises a 401 or the 403 of a foreign page."""
    if bearer is not None:
        found = desk.credentials.find(bearer.credentials, came(request))
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
    ours = f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    from_here = request.headers.get("sec-fetch-site", "same-origin") == "same-origin" and origin in {None, ours}
    if request.headers.get(OWN_HEADER) != "1" or not from_here:
        raise HTTPException(HTTPStatus.FORBIDDEN, "cross-site")


def refuse(
    request: Request, desk: Desk, caller: Principal, act: Act, *, about: Subject | None = None, why: str | None = None
) -> NoReturn:
    """Record that *caller* was refused *act* (`api.refusals`) and raise `Refused`; *about* a thing that is known to be one."""
    route = getattr(request.scope.get("route"), "path", "")
    body: dict[str, Json] = {"act": act.value, "route": f"{request.method} {route}"}
    told = _about(request) if about is None else str(about)
    if told is not None:
        body["about"] = told
    if why not in {None, "role"}:
        body["why"] = why
    desk.refusals.record(caller.actor, body)
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
