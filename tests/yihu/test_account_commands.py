"""Accounts by the command line, served over TLS with certificates of the office's own, on each kind of database."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
import urllib3
from fastapi.testclient import TestClient

from api.app import create_app
from storage.errors import EvidenceError
from storage.evidence import Role
from storage.office_ca import make_certificates
from storage.rebuild import rebuild
from tests.api.somebody import LOGIN, OTHER, OWN, PASSWORD, sign_in
from tests.crashes.offices import founded
from tests.servers.postgres_server import Prepared, empty, postgresql, prepared_database
from yihu.cli.common import Exit
from yihu.erasing import erase
from yihu.founding import started
from yihu.people import accounts_of
from yihu.settings import SettingsError
from yihu.strangers import counting
from yihu.web import services_of, serving
from yihu.wiring import Office, now

from .commanding import answer, fresh, yihu
from .whole_office import audited, rows, values_left

__all__ = ["postgresql", "prepared_database"]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = founded(tmp_path / "office")
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()


def test_the_first_administrator_gets_a_link_and_makes_the_others(office: Office) -> None:
    first = answer("account", "first")
    page = TestClient(create_app(services_of(office), pages=None))
    link = first["link"].partition("#")[2]
    page.post("/api/links", json={"link": link, "password": PASSWORD}, headers=OWN)

    assert first["link"].startswith("http://127.0.0.1:8300/link#")
    assert answer("account", "first", code=Exit.EVIDENCE)["error"] == "LifeCycleError"
    assert sign_in(page, login="admin").json()["acts"] == ["administer", "alarms", "grant", "own", "prove"]


def test_an_account_is_added_listed_changed_and_disabled(office: Office) -> None:
    added = answer("account", "add", LOGIN, "--name", "样例员", "--role", "clerk")
    answer("account", "grant", LOGIN, "--role", "auditor")
    answer("account", "withdraw", added["account"], "--role", "clerk")
    answer("account", "disable", LOGIN, "--reason", "离职")
    [line] = answer("account", "list")["accounts"]

    assert (line["login"], line["name"], line["roles"], line["enabled"]) == (LOGIN, "样例员", ["auditor"], False)
    assert answer("account", "link", LOGIN, code=Exit.EVIDENCE)["error"] == "LifeCycleError"
    assert answer("account", "enable", LOGIN, "--reason", "复职") == {"enabled": added["account"]}
    assert answer("account", "link", LOGIN)["link"] != added["link"]
    assert answer("account", "link", "nobody", code=Exit.NOT_FOUND)["error"] == "NotFound"
    assert answer("account", "add", LOGIN.upper(), code=Exit.EVIDENCE)["error"] == "StaleState"
    assert LOGIN in yihu("account", "list")[1]


def test_a_link_is_shown_once_and_with_the_address_that_people_type(office: Office) -> None:
    with (office.home / "yihu.toml").open("a") as settings:
        settings.write('\n[web]\naddress = "https://yihu.office.example"\n')
    ended, said = yihu("account", "add", LOGIN)

    assert ended == Exit.DONE
    assert "https://yihu.office.example/link#yihu_link_" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "yihu.office.example"])  # noqa: S104 - that is refused
def test_other_machines_do_not_come_without_tls_unless_that_is_asked_for(office: Office, host: str) -> None:
    with pytest.raises(SettingsError, match="plain_http"), serving(office, host=host, port=0):
        pass


def test_plain_http_is_served_where_it_is_asked_for(tmp_path: Path) -> None:
    office = founded(tmp_path / "office", "", "[web]", "plain_http = true")
    with serving(office, host="0.0.0.0", port=0) as server:  # noqa: S104 - that is what is asked for
        assert server.url.startswith("http://0.0.0.0:")
    office.engine.dispose()


def test_certificates_of_the_office_are_trusted_by_whoever_has_its_authority(office: Office) -> None:
    """And the cookie of a real sign-in over TLS is of this host alone."""
    made = answer("setup", "certificates", "127.0.0.1", "yihu.office.example")
    with (office.home / "yihu.toml").open("a") as settings:
        settings.write('\n[web]\ncertificate = "keys/web.pem"\nkey = "keys/web.key"\n')
    later = fresh(office)
    link = answer("account", "first")["link"].partition("#")[2]
    closing = {**OWN, "Connection": "close"}
    context = ssl.create_default_context(cafile=made["authority"])
    with (
        serving(later, host="127.0.0.1", port=0) as server,
        urllib3.PoolManager(ssl_context=context, retries=False) as trusting,
    ):
        trusting.request("POST", f"{server.url}/api/links", json={"link": link, "password": PASSWORD}, headers=closing)
        body = {"login": "admin", "password": PASSWORD}
        signed_in = trusting.request("POST", f"{server.url}/api/session/password", json=body, headers=closing)
    later.engine.dispose()

    assert server.url.startswith("https://")
    assert signed_in.status == 201
    assert signed_in.headers["set-cookie"].startswith("__Host-yihu_session=")
    assert "Secure" in signed_in.headers["set-cookie"]


def test_certificates_that_exist_are_not_replaced_and_the_authority_goes_on(tmp_path: Path) -> None:
    first = make_certificates(tmp_path, ["127.0.0.1"], office="样例局", now=now())
    authority = first.authority.read_bytes()
    with pytest.raises(EvidenceError, match="there is one already"):
        make_certificates(tmp_path, ["127.0.0.1"], office="样例局", now=now())
    first.certificate.unlink()
    first.key.unlink()
    again = make_certificates(tmp_path, ["yihu.office.example"], office="样例局", now=now())

    assert again.authority.read_bytes() == authority
    assert again.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "office-ca.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("host", ["", "a b", "样例", "*.office.example", "x/y"])
def test_a_certificate_is_for_names_and_addresses_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="host"):
        make_certificates(tmp_path, [host], office="x", now=now())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def on_each(prepared_database: Prepared, tmp_path: Path) -> Iterator[Office]:
    """On each kind of database."""
    made = founded(tmp_path / "office", "", "[database]", f'url = "{prepared_database(empty)}"')
    yield made
    made.engine.dispose()


def test_a_life_of_an_account_on_each_database(on_each: Office) -> None:
    """Made, signed in, locked out, counted, disabled, erased; the catalog made again is the same, and the audit is content."""
    office = on_each
    started(office)
    app = create_app(services_of(office), pages=None)
    page = TestClient(app, raise_server_exceptions=False)
    accounts = accounts_of(office)
    link = accounts.add(LOGIN, name="样例员", role=Role.REVIEWER, actor=office.operator)
    assert page.post("/api/links", json={"link": link.secret, "password": PASSWORD}, headers=OWN).status_code == 200
    assert sign_in(page).status_code == 201
    secret = page.post("/api/account/totp", json={"password": PASSWORD}, headers=OWN).json()["secret"]
    code = pyotp.TOTP(secret).now()
    codes = page.put("/api/account/totp", json={"code": code}, headers=OWN).json()["codes"]
    assert [sign_in(page, code=each).status_code for each in (codes[0], codes[0], code)] == [201, 401, 401]
    assert page.put("/api/account/password", json={"password": PASSWORD, "new": OTHER}, headers=OWN).status_code == 204
    with counting(office, app.state.desk):
        assert [sign_in(TestClient(app), "wrong").status_code for _ in range(6)] == [401] * 5 + [429]

    before = rows(office)
    rebuild(office.engine, office.projector, office.vault)
    assert rows(office) == before
    assert page.get("/api/session").status_code == 200
    accounts.disable(link.account, reason="离职", actor=office.operator)
    assert page.get("/api/session").status_code == 401
    erase(office, link.account, reason="离职")
    assert values_left(office, LOGIN, "样例员", "argon2id") == []
    office.log.checkpoint()
    assert audited(office) == []
