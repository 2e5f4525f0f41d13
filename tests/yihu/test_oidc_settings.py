"""Signing in elsewhere, and credentials of docks, as whoever sets up an office meets them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from storage.errors import Refused
from tests.crashes.offices import founded
from yihu.cli.common import Exit
from yihu.oidc_section import OidcSection
from yihu.openid import elsewhere_of
from yihu.settings import SettingsError
from yihu.web import services_of
from yihu.web_sections import WebSection
from yihu.wiring import Office

from .commanding import answer

ISSUER = "https://sso.office.example"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = founded(tmp_path / "office")
    monkeypatch.chdir(made.home)
    monkeypatch.setenv("YIHU_LANG", "en")
    yield made
    made.engine.dispose()


def asking(office: Office, section: OidcSection, address: str = "https://yihu.office.example") -> Office:
    changed = {"oidc": section, "web": WebSection(address=address)}
    return replace(office, settings=office.settings.model_copy(update=changed))


def test_nobody_is_asked_unless_the_settings_say_so(office: Office) -> None:
    assert elsewhere_of(office) is None


def test_an_issuer_is_opened_with_its_secret_from_a_file_of_ours_alone(office: Office) -> None:
    path = office.home / "keys" / "oidc-secret"
    path.write_text("a secret\n")
    section = OidcSection(issuer=ISSUER, client_id="yihu", client_secret_file=Path("keys/oidc-secret"), name="统一认证")
    path.chmod(0o644)
    with pytest.raises(Refused, match="600"):
        elsewhere_of(asking(office, section))
    path.chmod(0o600)
    opened = elsewhere_of(asking(office, section))

    assert opened is not None
    assert opened.name == "统一认证"


@pytest.mark.parametrize(
    ("section", "address"),
    [
        (OidcSection(issuer=ISSUER), "https://yihu.office.example"),
        (OidcSection(issuer=ISSUER, client_id="yihu"), ""),
        (OidcSection(issuer="http://sso.office.example", client_id="yihu"), "https://yihu.office.example"),
        (OidcSection(issuer=ISSUER, client_id="yihu", ca_file=Path("nothing.pem")), "https://yihu.office.example"),
    ],
    ids=["no client", "no address", "plain http", "no authority"],
)
def test_settings_that_cannot_work_are_refused_at_once(office: Office, section: OidcSection, address: str) -> None:
    with pytest.raises(SettingsError, match="oidc"):
        elsewhere_of(asking(office, section, address))


def test_without_the_extra_it_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "api.people.openid", raising=False)
    for name in {"authlib.common.errors", *(each for each in sys.modules if each.partition(".")[0] == "authlib")}:
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(SettingsError, match=r"pip install 'yihu\[oidc\]'"):
        elsewhere_of(asking(office, OidcSection(issuer=ISSUER, client_id="yihu")))


def test_an_identity_is_bound_and_unbound_by_command(office: Office) -> None:
    account = answer("account", "add", "zhang.san")["account"]
    told = ("zhang.san", "--issuer", ISSUER, "--subject", "u-17")

    assert answer("account", "bind", *told) == {"bound": account}
    assert answer("account", "bind", *told, code=Exit.EVIDENCE)["error"] == "StaleState"
    assert answer("account", "unbind", *told) == {"unbound": account}


def test_a_dock_is_enrolled_into_a_file_exchanged_and_revoked(office: Office, tmp_path: Path) -> None:
    first, second = tmp_path / "one.token", tmp_path / "two.token"
    made = answer("credential", "enrol", "一号站", "--out", str(first), "--dock", office.settings.office.dock, "--days", "30")
    asked = TestClient(create_app(services_of(office), pages=None))

    def status(path: Path) -> int:
        headers = {"Authorization": f"Bearer {path.read_text().strip()}"}
        return asked.get("/api/docks/events", headers=headers).status_code

    assert first.stat().st_mode & 0o777 == 0o600
    assert status(first) == 503  # no dock runs here, but it was let in
    [listed] = answer("credential", "list")["credentials"]
    assert (listed["dock"], listed["addresses"]) == (office.settings.office.dock, ["testclient"])
    again = answer("credential", "enrol", "x", "--out", str(second), "--dock", office.settings.office.dock, code=Exit.EVIDENCE)
    assert (again["error"], second.exists()) == ("LifeCycleError", False)
    new = answer("credential", "exchange", made["account"], "--out", str(second))
    assert [status(path) for path in (first, second)] == [401, 503]
    answer("credential", "revoke", new["account"])
    assert status(second) == 401
    assert answer("credential", "enrol", "x", "--out", str(first), code=Exit.EVIDENCE)["error"] == "EvidenceError"


def test_tokens_are_listed_with_their_end(office: Office) -> None:
    answer("token", "add", "接口岗", "--until", "2030-12-31")

    [listed] = answer("token", "list")["tokens"]
    assert listed["until"]
    assert listed["last_used"] is None
