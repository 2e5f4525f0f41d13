"""Somebody with an account, and how they sign in."""

from __future__ import annotations

from fastapi.testclient import TestClient
from httpx2 import Response

from api.people.accounts import Accounts, Link
from storage.evidence import Role, Subject
from tests.api.small_office import SmallOffice

OWN = {"X-Yihu": "1"}
LOGIN, PASSWORD, OTHER = "zhang.san", "a long sentence of mine", "quite another sentence"


def accounts_of(office: SmallOffice) -> Accounts:
    services = office.services
    rules = services.signing_in
    return Accounts(services.custody, services.engine, services.clock, rules, key=services.index_key)


def linked(office: SmallOffice, login: str = LOGIN, role: Role = Role.REVIEWER) -> Link:
    """An account that has a link and no password yet."""
    return accounts_of(office).add(login, name="样例员", role=role, actor=office.operator)


def enrolled(office: SmallOffice, login: str = LOGIN, role: Role = Role.REVIEWER) -> Subject:
    """An account whose owner set a password."""
    return accounts_of(office).use(linked(office, login, role).secret, PASSWORD).subject


def sign_in(client: TestClient, password: str = PASSWORD, *, login: str = LOGIN, code: str = "") -> Response:
    return client.post("/api/session/password", json={"login": login, "password": password, "code": code}, headers=OWN)


def browser(client: TestClient, *, base: str = "http://testserver") -> TestClient:
    """Another browser at the same application."""
    return TestClient(client.app, base_url=base, raise_server_exceptions=False)


def restarted(office: SmallOffice) -> TestClient:
    """A browser at a new process over the same database."""
    office.services.engine.dispose()
    return TestClient(office.app(), raise_server_exceptions=False)
