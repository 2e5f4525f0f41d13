"""
Whoever asks, and whatever they send: the API answers as its description says (schemathesis).

A run takes another seed each time and prints it where something fails; ``YIHU_TEST_SEED`` repeats it. ``--full`` looks longer.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)
from starlette.testclient import TestClient

from tests.api.small_office import SmallOffice, copied
from tests.api.somebody import OWN
from tests.api.whole_api import WholeApi, everybody, whole_api

SEED = int(os.environ.get("YIHU_TEST_SEED") or random.SystemRandom().randrange(2**32))
SECONDS = 12.0
"""For all of it; a slow machine sees fewer examples of what comes last, and the order is another each time."""

_ASIDE = [
    positive_data_acceptance,  # that a thing is gone, over, or somebody else's is said with 409, 410, 412
    not_a_server_error,  # below: a 503 that is described is an answer
    ignored_auth,  # `test_every_route` asks every route without a sign-in
    unsupported_method,  # the same for methods
    missing_required_header,  # negative data, in other words
]
_NO_REQUEST_IS_WRONG = {"DELETE /api/session"}
"""Signing out without being signed in is well."""


@pytest.fixture(scope="module")
def api(founded: tuple[SmallOffice, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApi]:
    home = tmp_path_factory.mktemp("fuzzed")
    office = copied(founded[0], source=founded[1], home=home)
    yield whole_api(office, home)
    office.services.engine.dispose()


class Asking:
    """Sends cases as everybody in turn and keeps what was wrong with the answers."""

    def __init__(self, api: WholeApi, chance: random.Random) -> None:
        self.api, self.chance = api, chance
        self.everybody = list(everybody(api))
        self.wrong: dict[str, str] = {}
        self.seen: dict[str, set[int]] = {}
        self._client = TestClient(api.app, raise_server_exceptions=False)

    def ask(self, case: Case[Any], mode: GenerationMode) -> None:
        """Send one, as it is or about something that exists."""
        label = case.operation.label
        if mode is GenerationMode.POSITIVE and self.chance.random() < 0.7:
            self._about_real_things(case)
        who, headers = self.chance.choice(self.everybody)
        self._client.cookies.clear()
        answer = case.call(session=cast("Any", self._client), headers={**OWN, **headers})
        self.seen.setdefault(label, set()).add(answer.status_code)
        if who == "session" and answer.status_code == 204:
            self.everybody = list(everybody(self.api))  # it may be theirs that ended
        # any refusal is one; schemathesis itself would not take 410 or 412
        is_taken = answer.status_code >= 400 or label in _NO_REQUEST_IS_WRONG
        aside = [*_ASIDE, *([negative_data_rejection] if is_taken else [])]
        try:
            case.validate_response(answer, excluded_checks=aside)
        except FailureGroup as found:
            # a stream is described as the text that it is; schemathesis would hold each of its events against that
            streams = answer.headers.get("content-type", [""])[0].startswith("text/event-stream")
            for each in found.exceptions:
                if streams and type(each).__name__ == "JsonSchemaError":
                    continue
                self.wrong[f"{label} {type(each).__name__}"] = f"{who}: {each}\n{case.as_curl_command()}"
        if answer.status_code >= 500 and not _is_away(answer):
            self.wrong[f"{label} {answer.status_code}"] = f"{who}\n{case.as_curl_command()}\n{answer.text}"

    def _about_real_things(self, case: Case[Any]) -> None:
        for place in (case.path_parameters, case.body):
            if isinstance(place, dict):
                for name in place.keys() & self.api.ids.keys():
                    place[name] = self.chance.choice(self.api.ids[name])


def _is_away(answer: Response) -> bool:
    return answer.status_code == 503 and b"/problems/unavailable" in (answer.content or b"")


def _each(operation: Any, mode: GenerationMode, examples: int, ask: Callable[[Case[Any], GenerationMode], None]) -> None:  # noqa: ANN401
    @seed(SEED)
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(operation.as_strategy(generation_mode=mode))
    def asked(case: Case[Any]) -> None:
        ask(case, mode)

    try:
        asked()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, operation.label  # there is nothing in it that could be wrong


def test_every_answer_to_everybody_is_one_that_is_described(api: WholeApi, pytestconfig: pytest.Config) -> None:
    """No fault of ours, no status or form that the description does not name, and nothing taken that it forbids."""
    is_full = pytestconfig.getoption("--full")
    schema, chance = schemathesis.openapi.from_asgi("/openapi.json", api.app), random.Random(SEED)
    asking, until = Asking(api, chance), time.monotonic() + (600 if is_full else SECONDS)
    operations = [cast("Any", found).ok() for found in schema.get_all_operations()]
    work = [(operation, mode) for operation in operations for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    chance.shuffle(work)
    for operation, mode in work:
        late = time.monotonic() > until
        _each(operation, mode, 1 if late else 60 if is_full else 5, asking.ask)

    assert not asking.wrong, f"YIHU_TEST_SEED={SEED}\n" + "\n\n".join(f"{what}: {how}" for what, how in asking.wrong.items())
    assert asking.seen.keys() == {operation.label for operation in operations}
    # of what was drawn only this much is certain
    assert {200, 401, 422} <= set().union(*asking.seen.values()), f"YIHU_TEST_SEED={SEED}"
