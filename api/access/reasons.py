"""Why somebody wants something: their own words, or the case that the clip is filed to."""

from __future__ import annotations

from dataclasses import dataclass

from api.limits import limits
from api.principal import Principal
from api.roles import Act
from api.services import Services
from storage.errors import LifeCycleError
from storage.evidence import Json, Kind, Subject


@dataclass(frozen=True, slots=True)
class Why:
    """A reason, for the two halves of an entry."""

    body: dict[str, Json]
    personal: dict[str, Json]


def why(services: Services, caller: Principal, clip: Subject, reason: str | None, matter: str | None) -> Why:
    """
    Return the reason; a case is one only for clips that are filed to it, else `LifeCycleError` is raised.

    A case that *caller* may not see is as one that the clip is not filed to: neither that it is, nor its number is told.
    """
    if matter is None:
        assert reason is not None  # noqa: S101 - the model asks for one of the two
        return Why({}, {"reason": reason.strip()})
    case = Subject.parse(matter, Kind.MATTER)
    if all(filing.matter != case for filing in services.dossiers.filings(clip, limits(caller, Act.READ))):
        message = f"{clip}: it is not filed to {case}"
        raise LifeCycleError(message)
    inherited = f"办案 for case {services.dossiers.matter_file(case).matter.number or case}"
    return Why({"matter": matter}, {"reason": inherited if reason is None else reason.strip()})
