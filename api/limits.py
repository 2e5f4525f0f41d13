"""To which matters the lists of somebody are limited, as the questions of `cases` take it."""

from __future__ import annotations

from api.principal import Principal
from api.roles import Act
from cases.dossier import Limits


def limits(caller: Principal, act: Act) -> Limits:
    """Return what *caller* may see of a list that *act* lets them see."""
    scope = caller.within(act)
    return Limits(sorted(map(str, scope.offices)), sorted(map(str, scope.matters)))
