"""An intranet of its own: who trusts the office's authority is served, and nobody else; what runs out is said ahead of time."""

from __future__ import annotations

import json
import ssl
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError

import pytest

from storage.office_ca import ends_at, make_certificates
from yihu.health import checks_of
from yihu.web import Manner, Tls, running
from yihu.web_sections import WebSection
from yihu.wiring import Office


async def hello(scope: object, receive: object, send: object) -> None:
    """The smallest application there is."""
    if isinstance(scope, dict) and scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"{}"})  # type: ignore[operator]


def asked(url: str, trust: ssl.SSLContext) -> object:
    with urllib.request.urlopen(url, context=trust, timeout=10) as answer:  # noqa: S310 - https, on loopback
        return json.loads(answer.read())


def test_a_client_that_does_not_know_the_authority_is_not_served_and_one_that_does_is(tmp_path: Path) -> None:
    made = make_certificates(tmp_path, ["127.0.0.1"], office="示例所", now=datetime.now(UTC))
    with running(hello, host="127.0.0.1", port=0, how=Manner(Tls(made.certificate, made.key))) as server:
        assert asked(server.url, ssl.create_default_context(cafile=made.authority)) == {}
        with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
            asked(server.url, ssl.create_default_context())


@pytest.mark.parametrize(
    ("days", "told"), [(31, ("ok", "")), (29, ("warn", "ending")), (-1, ("warn", "ended"))], ids=["in time", "soon", "over"]
)
def test_a_certificate_that_runs_out_is_said_ahead_of_time(office: Office, tmp_path: Path, days: int, told: object) -> None:
    made = make_certificates(tmp_path, ["127.0.0.1"], office="示例所", now=office.clock())
    web = WebSection(certificate=made.certificate, key=made.key)
    now = ends_at(made.certificate) - timedelta(days=days)
    later = replace(office, settings=office.settings.model_copy(update={"web": web}), clock=lambda: now)

    [check] = [each for each in checks_of(later) if each.name == "certificate"]
    assert (check.state, check.reason) == told
