"""To which matters the lists of somebody are limited, as the questions of `cases` take it."""

from __future__ import annotations

from api.policy import Thing
from api.principal import Principal
from api.roles import Act
from cases.dossier import Limits

UNKNOWN = Thing()
"""What is filed nowhere and of no office that anybody knows: whoever may see that is limited by nothing."""


def limits(caller: Principal, act: Act) -> Limits:
    """Return what *caller* may see of a list that *act* lets them see."""
    scope = caller.within(act)
    filed = not caller.decide(act, UNKNOWN).is_allowed
    return Limits(sorted(map(str, scope.offices)), sorted(map(str, scope.matters)), only_in_matters=filed)
