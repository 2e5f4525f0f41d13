"""What signing in elsewhere asks of an issuer; `api.people.openid` is one, and needs the extra ``oidc``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol, TypeAlias

from api.people.identities import Identity

BACK = "/api/session/oidc/back"
"""The path to which an issuer sends a browser back."""
LASTS = timedelta(minutes=10)
"""How long somebody may take to sign in there."""

Why: TypeAlias = Literal["over", "refused", "unknown", "away"]


class Declined(Exception):
    """What came back opens nothing: it is not what was asked for."""

    why: Why = "refused"


class Over(Declined):
    """Nobody began this here, or another browser did, or it is over."""

    why: Why = "over"


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that was begun."""

    url: str
    """Where the browser goes."""
    browser: str
    """What this browser must have when it comes back."""


class Elsewhere(Protocol):
    """An issuer that is asked who somebody is. Raises `StorageUnavailable` where it is away."""

    @property
    def name(self) -> str:
        """What people call it."""

    def begin(self) -> Begun:
        """Begin an attempt."""

    def finish(self, came_back: Mapping[str, str], browser: str) -> Identity:
        """Return who it is, once for each attempt; raises `Declined` or `Over`."""
