"""What goes over the wire about roles that were given: which, over what, until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from api.models import shown
from api.policy import Grant, Scope
from api.samples import Sample, example, pattern
from cases.dossier import Dossiers
from storage.evidence import Kind, Role, Subject, utc_text

_COVERED: Sample = {"role": "reviewer", "offices": [], "matters": [example(Kind.MATTER)]}
_ASKED: Sample = {
    **_COVERED,
    "office_codes": ["A01"],
    "matter_numbers": [],
    "until": "2026-12-31T16:00:00Z",
}
_GIVEN: Sample = {**_COVERED, "until": "2026-12-31T16:00:00.000Z", "scope": ["示执立〔2026〕1号"], "grant": 7, "over": False}
_MOST = 100
_Code = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=200)]
Codes = Annotated[list[_Code], Field(max_length=_MOST)]
Offices = Annotated[list[Annotated[str, Field(pattern=pattern(Kind.OFFICE))]], Field(max_length=_MOST)]
Matters = Annotated[list[Annotated[str, Field(pattern=pattern(Kind.MATTER))]], Field(max_length=_MOST)]


class GrantAsked(BaseModel):
    """授予的角色、范围与期限。A role to be given; neither offices nor matters means everything."""

    model_config = shown(_ASKED)
    role: Role
    offices: Offices = []
    matters: Matters = []
    office_codes: Codes = []
    """Further offices, by their codes: whoever gives roles may not list offices or matters."""
    matter_numbers: Codes = []
    """Further matters, by their numbers; one that several offices gave is named in *matters*."""
    until: AwareDatetime | None = None
    """When it ends, by the clock of the server."""

    @model_validator(mode="after")
    def _is_for_people(self) -> Self:
        if not self.role.is_for_people:
            message = f"{self.role}: nobody signs in with it"
            raise ValueError(message)
        return self

    def grant(self, dossiers: Dossiers) -> Grant:
        """Return it as the policy knows it; raises `RequestValidationError` for a code or number that names no single thing."""
        numbered = [[each.subject for each in dossiers.matters_with_number(number)] for number in self.matter_numbers]
        coded = [dossiers.office_with_code(code) for code in self.office_codes]
        found = [
            *map(Subject.parse, [*self.offices, *self.matters]),
            *(_one("office_codes", place, [each.subject] if each else []) for place, each in enumerate(coded)),
            *(_one("matter_numbers", place, each) for place, each in enumerate(numbered)),
        ]
        return Grant(self.role, Scope.of(found), self.until)


def _one(field: str, place: int, found: Sequence[Subject]) -> Subject:
    if len(found) == 1:
        return found[0]
    said = "有多个，请写假名 · several have it, give the pseudonym" if found else "没有 · there is none"
    raise RequestValidationError([{"type": "scope", "loc": ("body", field, place), "msg": said}])


class GrantLine(BaseModel):
    """已授予的角色。A role that was given."""

    model_config = shown(_GIVEN)
    role: Role
    offices: list[str]
    matters: list[str]
    scope: list[str]
    """The same as people name them, by code and number; a pseudonym where there is none. Nothing is everything."""
    until: str | None
    grant: int
    """Number of the entry by which it was given; names it when it is withdrawn."""
    over: bool


def grant_line(grant: Grant, names: Mapping[Subject, str], *, counts: bool) -> GrantLine:
    """Show a grant."""
    covered = [*sorted(grant.scope.offices, key=str), *sorted(grant.scope.matters, key=str)]
    return GrantLine(
        role=grant.role,
        offices=sorted(map(str, grant.scope.offices)),
        matters=sorted(map(str, grant.scope.matters)),
        scope=[names.get(thing, str(thing)) for thing in covered],
        until=None if grant.until is None else utc_text(grant.until),
        grant=grant.number,
        over=not counts,
    )
