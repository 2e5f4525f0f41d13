"""What goes over the wire about roles that were given: which, over what, until when."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from api.models import shown
from api.policy import Grant, Scope
from api.samples import Sample, example, pattern
from storage.evidence import Kind, Role, Subject, utc_text

_ASKED: Sample = {
    "role": "reviewer",
    "offices": [],
    "matters": [example(Kind.MATTER)],
    "until": "2026-12-31T16:00:00Z",
}
_GIVEN: Sample = {**_ASKED, "until": "2026-12-31T16:00:00.000Z", "grant": 7, "over": False}
_MOST = 100
Offices = Annotated[list[Annotated[str, Field(pattern=pattern(Kind.OFFICE))]], Field(max_length=_MOST)]
Matters = Annotated[list[Annotated[str, Field(pattern=pattern(Kind.MATTER))]], Field(max_length=_MOST)]


class GrantAsked(BaseModel):
    """授予的角色、范围与期限。A role to be given; neither offices nor matters means everything."""

    model_config = shown(_ASKED)
    role: Role
    offices: Offices = []
    matters: Matters = []
    until: AwareDatetime | None = None
    """When it ends, by the clock of the server."""

    @model_validator(mode="after")
    def _is_for_people(self) -> Self:
        if not self.role.is_for_people:
            message = f"{self.role}: nobody signs in with it"
            raise ValueError(message)
        return self

    def grant(self) -> Grant:
        """Return it as the policy knows it."""
        return Grant(self.role, Scope.of(map(Subject.parse, [*self.offices, *self.matters])), self.until)


class GrantLine(BaseModel):
    """已授予的角色。A role that was given."""

    model_config = shown(_GIVEN)
    role: Role
    offices: list[str]
    matters: list[str]
    until: str | None
    grant: int
    """Number of the entry by which it was given; names it when it is withdrawn."""
    over: bool


def grant_line(grant: Grant, *, counts: bool) -> GrantLine:
    """Show a grant."""
    return GrantLine(
        role=grant.role,
        offices=sorted(map(str, grant.scope.offices)),
        matters=sorted(map(str, grant.scope.matters)),
        until=None if grant.until is None else utc_text(grant.until),
        grant=grant.number,
        over=not counts,
    )
