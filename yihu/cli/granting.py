"""What the commands about accounts and tokens say of a role: which, over what, until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from storage.errors import NotFound
from storage.evidence import Kind, Role, Subject
from yihu.language import either

if TYPE_CHECKING:
    from api.policy import Grant
    from yihu.wiring import Office

ROLES = ", ".join(f"{role} {either(*role.names)}" for role in Role if role.is_for_people)
Offices = Annotated[
    list[str] | None,
    typer.Option(
        "--office", help=either("限于机构：代码或 office:…，可多次", "only this office: code or office:…; repeatable")
    ),
]
Matters = Annotated[
    list[str] | None,
    typer.Option(
        "--matter", help=either("限于案件：案号或 matter:…，可多次", "only this case: number or matter:…; repeatable")
    ),
]
Until = Annotated[
    str,
    typer.Option("--until", metavar="DATE", help=either("截止日期（含当日）或时刻", "the last day, or a time: 2026-12-31")),
]


def grant_of(office: Office, role: str, *, offices: list[str] | None, matters: list[str] | None, until: str) -> Grant:
    """Read a grant as it was typed; raises `NotFound` and `ValueError`."""
    from api.policy import Grant, Scope

    named = [_office(office, each) for each in offices or []] + [_matter(office, each) for each in matters or []]
    return Grant(Role(role), Scope.of(named), end_of(until) if until else None)


def end_of(text: str) -> datetime:
    """Return when what counts until then ends: a day ends with its last moment here, a time without a zone is ours."""
    moment = datetime.fromisoformat(text).astimezone()
    return moment if len(text) > len("2026-12-31") else moment + timedelta(days=1)


def said(grant: Grant) -> str:
    """Say a grant in one line for people."""
    scope = grant.scope.text or either("全部", "everything")
    until = "" if grant.until is None else f" {either('至', 'until')} {grant.until.astimezone():%Y-%m-%d %H:%M}"
    return f"{grant.number}: {grant.role} {either(*grant.role.names)} · {scope}{until}"


def shown(grant: Grant) -> dict[str, object]:
    """Return a grant as JSON has it."""
    until = None if grant.until is None else grant.until.isoformat()
    return {"role": grant.role.value, "scope": grant.scope.text, "until": until, "grant": grant.number}


def _office(office: Office, named: str) -> Subject:
    found = [each.subject for each in office.dossiers.offices() if named in {each.code, str(each.subject)}]
    return _one(found, named)


def _matter(office: Office, named: str) -> Subject:
    if named.startswith("matter:"):
        return office.dossiers.matter_file(Subject.parse(named, Kind.MATTER)).matter.subject
    return _one([each.subject for each in office.dossiers.matters_with_number(named)], named)


def _one(found: list[Subject], named: str) -> Subject:
    if not found:
        message = f"{named}: there is no such office or case"
        raise NotFound(message)
    if len(found) > 1:
        message = f"{named}: {len(found)} cases have that number; name one as matter:…"
        raise ValueError(message)
    return found[0]
