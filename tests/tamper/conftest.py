"""The honest offices that are spoilt here, made once; and the table that says what became of the mutations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from storage import rebuild
from tests.servers.fixtures import minio, seaweed

from .offices import make, make_bare
from .tally import Tally
from .world import World

__all__ = ["minio", "seaweed"]


@pytest.fixture(scope="session", autouse=True)
def put_together_once() -> Iterator[None]:
    """
    The audit makes a database of its own each time; here it makes a thousand, and puts its statements together once.

    What was put together is found again by the dialect, so all of them have the same one.
    """
    statements: dict[Any, Any] = {}
    first = create_engine("sqlite://")
    with first.connect():  # only then is the dialect complete
        pass

    def created(url: str, **more: Any) -> Engine:  # noqa: ANN401 - as wide as what it stands for
        engine = create_engine(url, **more).execution_options(compiled_cache=statements)
        engine.dialect = first.dialect
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rebuild, "create_engine", created)
        yield
    first.dispose()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An office that has two witnesses and nothing else. Not to be changed."""
    return make_bare(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An honest office with something in every table but `tiles`. Not to be changed: `World.copy` is cheap."""
    return make(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An honest office with a full tile and a partial one on two levels. Not to be changed."""
    return make(tmp_path_factory.mktemp("large"), entries=265)


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts the mutations of a module, whose letter it names in ``CLASS``, and says in the end what became of them."""
    made = Tally(request.module.CLASS)
    yield made
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\n{made}")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for copies."""
    return tmp_path_factory.mktemp("spoilt")
