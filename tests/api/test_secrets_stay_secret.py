"""What opens something is told to nobody else: it is sent everywhere, and looked for wherever anything is written down."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import structlog

from api.desk import desk_of
from cases.dossier import Dossiers
from cases.lists.parts import Lists
from storage.database import reading
from storage.errors import StorageUnavailable
from storage.evidence import Role
from storage.ledger.log import count, leaves
from tests.api.small_office import SmallOffice, copied
from tests.api.somebody import OWN, PASSWORD, enrolled, linked
from tests.api.whole_api import WholeApi, routes, whole_api
from yihu.web import running


@pytest.fixture
def api(founded: tuple[SmallOffice, Path], tmp_path: Path) -> Iterator[WholeApi]:
    office = copied(founded[0], source=founded[1], home=tmp_path)
    api = whole_api(office, tmp_path)
    enrolled(api.office, "owner", Role.CLERK)
    yield api
    office.services.engine.dispose()


def secrets_of(api: WholeApi) -> dict[str, str]:
    """One of each that opens something."""
    page = api.page("owner")
    return {
        "token": api.tokens[Role.CLERK],
        "cookie": page.cookies["yihu_session"],
        "link": linked(api.office, "with.a.link").secret,
        "password": PASSWORD,
        "metrics": "a-token-that-reads-metrics",
    }


def sent_everywhere(api: WholeApi, secret: str) -> Iterator[str]:
    """Every answer to a request that carries *secret* where it does not belong."""
    client, known = api.client(api.tokens[Role.CLERK]), {"token": secret, "code": secret, "q": secret, "password": secret}
    for route in routes(api.app):
        path = api.filled(route.path)
        body = {"json": {"reason": [secret], **known}} if route.method in {"POST", "PUT"} else {}
        aside = {**OWN, "X-Token": secret, "Referer": f"http://x/#{secret}", "User-Agent": secret, "Last-Event-ID": secret}
        yield client.request(route.method, path, params=known, headers=aside, **body).text  # type: ignore[arg-type]
        if "{" in route.path:
            yield client.request(route.method, f"{route.path.partition('{')[0]}{secret}", headers=OWN).text


def test_no_secret_is_written_down_wherever_it_is_sent(api: WholeApi, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in logs, tables, leaves, metrics nor answers; a browser that says it as its name confides it to the vault."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "httpx2")  # the client of this test writes down what it asks for
    secrets = secrets_of(api)
    with structlog.testing.capture_logs() as lines:
        answers = {name: "".join(sent_everywhere(api, secret)) for name, secret in secrets.items()}
    metrics = desk_of(api.app).metrics.text(desk_of(api.app)).decode()
    with reading(api.office.services.engine) as connection:
        raw = b"".join(leaf for _seq, leaf, _ in leaves(connection, 0, count(connection))).decode()
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        rows = "".join(repr(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in tables)  # noqa: S608

    assert len(lines) > 5 * len(routes(api.app))
    assert "REFUSED" in raw
    for name, secret in secrets.items():
        for where, text in {"logs": repr(lines) + caplog.text, "tables": rows + raw, "metrics": metrics}.items():
            assert secret not in text, (name, where)
        assert secret not in answers[name], name


@pytest.mark.parametrize("error", [StorageUnavailable("unplugged"), RuntimeError("a bug")], ids=["away", "bug"])
def test_a_server_that_breaks_over_a_request_logs_no_secret_of_it(
    api: WholeApi,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    """Over a real socket, with the traceback that uvicorn writes."""
    secrets = secrets_of(api)

    def breaking(*_args: object, **_kwargs: object) -> None:
        raise error

    for kind, name in ((Lists, "matters"), (Lists, "parties"), (Dossiers, "matter_file"), (Dossiers, "dossier")):
        monkeypatch.setattr(kind, name, breaking)
    monkeypatch.setattr("api.people.accounts.hashed_password", breaking)
    with running(api.app, host="127.0.0.1", port=0) as server:
        ways = [{"Authorization": f"Bearer {secrets['token']}"}, {"Cookie": f"yihu_session={secrets['cookie']}"}]
        places = ["/api/matters", f"/api/parties?q={secrets['link']}", f"/api/parties/{api.ids['party'][0]}/dossier"]
        asked = [(server.url + place, way) for way in ways for place in places]
        statuses = [requests.get(place, headers=way, timeout=10).status_code for place, way in asked]
        used = {"link": secrets["link"], "password": PASSWORD}
        statuses.append(requests.post(f"{server.url}/api/links", json=used, headers=OWN, timeout=10).status_code)

    heard = "".join(capfd.readouterr()) + caplog.text
    assert set(statuses) == {503 if isinstance(error, StorageUnavailable) else 500}
    assert ("Traceback" in heard) == isinstance(error, RuntimeError)
    assert [name for name, secret in secrets.items() if secret in heard] == []
