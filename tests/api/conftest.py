"""A fresh office for each test, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from storage.evidence import Role
from tests.api.small_office import SmallOffice, copied, found

As = Callable[[Role], TestClient]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallOffice, Path]:
    """An office that is only ever copied: making one takes many durable commits."""
    home = tmp_path_factory.mktemp("office")
    small = found(home)
    small.services.engine.dispose()
    return small, home


@pytest.fixture
def office(founded: tuple[SmallOffice, Path], tmp_path: Path) -> Iterator[SmallOffice]:
    """A small real office."""
    small = copied(founded[0], source=founded[1], home=tmp_path)
    yield small
    small.services.engine.dispose()


@pytest.fixture
def stranger(office: SmallOffice) -> Iterator[TestClient]:
    """Somebody who is not signed in."""
    with TestClient(office.app(), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def as_(office: SmallOffice, stranger: TestClient) -> As:
    """Signs somebody in, by token, at the same application that *stranger* sees."""

    def signed_in(role: Role) -> TestClient:
        client = TestClient(stranger.app, raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {office.token(role)[1]}"
        return client

    return signed_in


@pytest.fixture
def clerk(as_: As) -> TestClient:
    """Somebody who may read, view and file."""
    return as_(Role.CLERK)
