"""How routes are described in the OpenAPI document: pseudonyms in paths, problems, bytes."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Path

from api.problems import PROBLEMS
from api.samples import example, pattern
from storage.evidence import Kind, Subject

Responses: TypeAlias = dict[int | str, dict[str, Any]]

_EVERYWHERE = ("signed-out", "refused", "invalid", "unavailable")


def problems(*slugs: str, everywhere: bool = True) -> Responses:
    """Describe the problems a route may answer with, beside those that every route has."""
    described: Responses = {}
    for slug in (*(_EVERYWHERE if everywhere else ()), *slugs):
        problem = PROBLEMS[slug]
        sample = {
            "type": f"/problems/{slug}",
            "title": problem.titles[0],
            "status": problem.status.value,
            "detail": problem.details[0],
        }
        answer = described.setdefault(
            problem.status.value,
            {
                "description": "",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        answer["description"] = " / ".join(filter(None, [answer["description"], " · ".join(problem.titles)]))
        answer["content"]["application/problem+json"]["examples"][slug] = {"value": sample}
    return described


def together(some: Responses, more: Responses) -> Responses:
    """Describe what *some* and *more* describe; of a status in both, all its problems."""
    both = {**some}
    for status, answer in more.items():
        before = both.get(status)
        if before is None:
            both[status] = answer
            continue
        content = {name: dict(of) for name, of in before.get("content", {}).items()}
        for media_type, of in answer.get("content", {}).items():
            mine = content.setdefault(media_type, dict(of))
            mine["examples"] = {**mine.get("examples", {}), **of.get("examples", {})}
        both[status] = {**before, "description": f"{before['description']} / {answer['description']}", "content": content}
    return both


def raw(description: str, media_type: str, sample: str) -> dict[str, Any]:
    """Describe an answer that is not JSON of ours."""
    schema = {"type": "string", "contentMediaType": media_type}
    return {"description": description, "content": {media_type: {"schema": schema, "example": sample}}}


def _path(kind: Kind) -> Any:  # noqa: ANN401 - what FastAPI calls a parameter
    return Path(
        pattern=pattern(kind), examples=[example(kind)], description=f"{kind.value}: 假名 · pseudonym, as in the ledger"
    )


def _clip(clip: Annotated[str, _path(Kind.CLIP)]) -> Subject:
    return Subject.parse(clip)


def _party(party: Annotated[str, _path(Kind.PARTY)]) -> Subject:
    return Subject.parse(party)


def _matter(matter: Annotated[str, _path(Kind.MATTER)]) -> Subject:
    return Subject.parse(matter)


def _viewing(viewing: Annotated[str, _path(Kind.VIEWING)]) -> Subject:
    return Subject.parse(viewing)


ClipInPath = Annotated[Subject, Depends(_clip)]
PartyInPath = Annotated[Subject, Depends(_party)]
MatterInPath = Annotated[Subject, Depends(_matter)]
ViewingInPath = Annotated[Subject, Depends(_viewing)]
