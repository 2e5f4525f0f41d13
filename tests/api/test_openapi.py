"""The description of the API: in two languages, with examples that are true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from typer.testing import CliRunner

from api import listed, models, oversight
from api.access import copying
from api.access import models as access_models
from api.people import grants
from api.people import models as people_models
from yihu.cli import app

EVERY_MODEL = [
    model
    for room in (models, listed, people_models, grants, oversight, access_models, copying)
    for model in vars(room).values()
    if isinstance(model, type)
    and issubclass(model, BaseModel)
    and "json_schema_extra" in model.model_config
    and model.__module__ == room.__name__
]


@pytest.fixture
def described(stranger: TestClient) -> dict[str, Any]:
    """The description, as strangers can read it."""
    found: dict[str, Any] = stranger.get("/openapi.json").json()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: str(model.__name__))
def test_every_example_is_valid(model: type[BaseModel]) -> None:
    [sample] = model.model_json_schema()["examples"]

    assert model.model_validate(sample).model_dump(mode="json", by_alias=True) == sample


def test_every_operation_has_a_summary_in_both_languages(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        chinese, _, english = operation["summary"].partition(" · ")
        assert any(ord(character) > 0x4E00 for character in chinese), name
        assert english[:1].isascii(), name
        assert english, name


def test_every_operation_says_how_it_can_fail(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        if name == "get /api/status":
            continue
        failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"401", "422", "503"} <= failures.keys(), name
        assert all(set(answer["content"]) == {"application/problem+json"} for answer in failures.values()), name


def test_every_answer_that_is_not_ours_shows_what_it_looks_like(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                assert media_type == "application/json" or "example" in content or "examples" in content, (name, status)


def test_every_example_of_a_parameter_is_valid(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        for parameter in operation.get("parameters", []):
            samples = parameter["schema"].get("examples") or [parameter[key] for key in ("example",) if key in parameter]
            assert samples or not parameter["required"] or "$ref" in parameter["schema"], (name, parameter["name"])
            for sample in samples:
                jsonschema_rs.validate({**parameter["schema"], "components": described["components"]}, sample)


def test_every_operation_has_a_name_a_group_and_a_description(described: dict[str, Any]) -> None:
    told = {tag["name"]: tag["description"] for tag in described["tags"]}
    names = [operation["operationId"] for _name, operation in operations(described)]
    assert len(set(names)) == len(names) > 20
    assert all(re.fullmatch("[a-z_]+", name) for name in names)
    for name, operation in operations(described):
        assert [told[tag] for tag in operation["tags"]], name
        assert operation["description"], name


def test_whatever_comes_as_json_shows_what_it_looks_like(described: dict[str, Any]) -> None:
    shapes = described["components"]["schemas"]
    for name, operation in operations(described):
        contents = [answer.get("content", {}) for answer in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        for content in (each["application/json"] for each in contents if "application/json" in each):
            inner = content["schema"].get("items", content["schema"])
            assert "example" in content or shapes[inner["$ref"].rpartition("/")[2]]["examples"], name


def test_what_may_happen_to_any_request_is_said_of_every_operation(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        assert {"408", "411", "413", "414", "431", "500"} <= operation["responses"].keys(), name


def test_the_description_needs_no_office(described: dict[str, Any]) -> None:
    ended = CliRunner().invoke(app, ["api", "describe"])

    assert json.loads(ended.stdout) == described


def test_no_page_of_the_framework_is_served(stranger: TestClient) -> None:
    """They would load scripts from somebody else's servers."""
    assert [stranger.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]
