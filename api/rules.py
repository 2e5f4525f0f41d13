"""
That every route has a rule: what has none cannot be registered, and an application that has one does not start.

A rule is a dependency that `api.signin` made. Who is answered without one stands below, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from api.roles import Act

ANONYMOUS = {
    "GET /api/status": "says only that we are here",
    "POST /api/session": "is how somebody becomes known",
    "POST /api/session/password": "is how somebody becomes known",
    "DELETE /api/session": "ends what the browser shows; without a session it does nothing",
    "GET /api/session/oidc": "says whether there is a button for an issuer",
    "GET /api/session/oidc/start": "is how somebody becomes known",
    "GET /api/session/oidc/back": "is how somebody becomes known",
    "POST /api/links": "the link is the right, once",
    "GET /healthz": "for the program that watches this one; says only that it lives",
    "GET /readyz": "for the program that watches this one; states out of a short list",
    "GET /metrics": "for this machine or whoever has the token of metrics; numbers that name nobody",
    "GET /openapi.json": "the description of the interface is public",
}
"""Routes that ask nobody who they are, and why. HEAD is as GET."""

_PAGES = "the pages hold nothing but words; everything in them is asked for by the API"
_ACTS: WeakKeyDictionary[Callable[..., Any], Act] = WeakKeyDictionary()


def is_rule(dependency: Callable[..., Any], act: Act) -> None:
    """Remember that *dependency* lets nobody pass who may not *act*."""
    _ACTS[dependency] = act


class Ruled(APIRouter):
    """A router that takes no route without a rule."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        """Register a route; raises `LookupError` where nothing says who may ask."""
        super().add_api_route(path, endpoint, **options)
        route = self.routes[-1]
        for name in _names(route):
            if name not in ANONYMOUS and act_of(getattr(route, "dependant", None)) is None:
                self.routes.pop()
                message = f"{name}: a route without a rule; add Depends(allowed(Act.…)), or say in api.rules why none"
                raise LookupError(message)


def acts(app: FastAPI) -> dict[str, Act | None]:
    """Return each route of *app*, shown in its description or not, with the act that it lets somebody do."""
    return {
        name: act_of(getattr(route, "dependant", None)) for route in iter_route_contexts(app.routes) for name in _names(route)
    }


def require_rules(app: FastAPI, pages: frozenset[str]) -> None:
    """Raise `LookupError` where a route of *app* has no rule and no reason for that; *pages* are addresses of pages."""
    for name, act in acts(app).items():
        if act is None and name not in ANONYMOUS and name.partition(" ")[2] not in pages:
            message = f"{name}: a route without a rule"
            raise LookupError(message)


def act_of(dependant: Dependant | None) -> Act | None:
    """Return the act of the rule among the dependencies of a route."""
    return next(filter(None, (_ACTS.get(call) for call in _calls(dependant))), None)


def _calls(dependant: Dependant | None) -> Iterator[Callable[..., Any]]:
    if dependant is None:
        return
    if dependant.call is not None:
        yield dependant.call
    for below in dependant.dependencies:
        yield from _calls(below)


def _names(route: Any) -> Iterator[str]:  # noqa: ANN401 - a route of FastAPI or Starlette
    methods = getattr(route, "methods", None) or {"MOUNT"}
    return (f"{method} {route.path}" for method in sorted(methods - {"HEAD"} or methods))
