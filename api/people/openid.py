"""
An issuer by OpenID Connect: authorization code with PKCE, state and nonce, by `authlib`.

What its own description says counts only as far as it names itself as configured and stays on HTTPS (plain HTTP on this very
machine is for trying things out). Keys are asked for at every sign-in, so one that was changed there counts at once, and one
that was withdrawn does not any more. Signatures by a shared secret, or none, are none here. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import compare_digest, token_urlsafe
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from api.people.identities import Identity
from api.people.issuers import LASTS, Begun, Declined, Over
from api.sessions import Passing
from storage.errors import StorageUnavailable

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_LEEWAY_SECONDS = 60
_TIMEOUT = 10.0
_FRESH = timedelta(minutes=10)
"""For so long the description of an issuer is believed without asking again."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What an issuer and we know of each other."""

    issuer: str
    client_id: str
    client_secret: str | None
    back: str
    """Where it sends browsers back: the whole address."""
    name: str = ""
    authority: Path | None = None
    """Certificates (PEM) by which its server is known, where the system's do not know it."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    browser: str
    nonce: str
    verifier: str


class OpenId:
    """Signs people in at an issuer. Safe to call from many threads."""

    def __init__(self, registered: Registered, clock: Callable[[], datetime]) -> None:
        _require_safe(registered.issuer, registered.issuer)
        self._registered, self._clock = registered, clock
        self._attempts: Passing[_Attempt] = Passing(clock, longest=LASTS, idle=LASTS)
        self._about: tuple[datetime, dict[str, str]] | None = None
        self._trust = ssl.create_default_context(cafile=registered.authority)

    @property
    def name(self) -> str:
        """What people call it."""
        return self._registered.name

    def begin(self) -> Begun:
        """Begin an attempt; raises `StorageUnavailable` where the issuer is away or does not say what it must."""
        about, state = self._description(), token_urlsafe(32)
        attempt = _Attempt(token_urlsafe(32), token_urlsafe(32), token_urlsafe(48))
        with self._client() as client:
            url, _ = client.create_authorization_url(
                about["authorization_endpoint"], state=state, nonce=attempt.nonce, code_verifier=attempt.verifier
            )
        self._attempts.keep(state, attempt)
        return Begun(url, attempt.browser)

    def finish(self, came_back: Mapping[str, str], browser: str) -> Identity:
        """Return who came back; an attempt counts once, whatever comes of it, and only in the browser that began it."""
        state = came_back.get("state", "")
        attempt = self._attempts.find(state)
        if attempt is None or not compare_digest(attempt.browser.encode(), browser.encode()):
            raise Over
        self._attempts.drop(state)
        issuer = came_back.get("iss", self._registered.issuer)
        if issuer != self._registered.issuer or "code" not in came_back:
            raise Declined
        token = self._exchanged(came_back["code"], attempt)
        return self._identity(token, attempt)

    def _exchanged(self, code: str, attempt: _Attempt) -> str:
        about = self._description()
        with self._client() as client:
            answer = client.fetch_token(
                about["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=attempt.verifier
            )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Declined
        return token

    def _identity(self, token: str, attempt: _Attempt) -> Identity:
        keys = self._asked(self._description()["jwks_uri"])
        try:
            decoded = jwt.decode(token, KeySet.import_key_set(cast("KeySetSerialization", keys)), algorithms=_ALGORITHMS)
            essential = {"iss": self._registered.issuer, "aud": self._registered.client_id, "nonce": attempt.nonce}
            expected = {name: {"essential": True, "value": value} for name, value in essential.items()}
            params = {"nonce": attempt.nonce, "client_id": self._registered.client_id}
            claims = CodeIDToken(decoded.claims, decoded.header, expected, params)
            claims.validate(now=self._clock().timestamp(), leeway=_LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
            raise Declined from error
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise Declined
        return Identity(self._registered.issuer, subject)

    def _description(self) -> dict[str, str]:
        now = self._clock()
        if self._about is None or now - self._about[0] >= _FRESH:
            told = self._asked(f"{self._registered.issuer.rstrip('/')}/.well-known/openid-configuration")
            self._about = now, self._believed(told)
        return self._about[1]

    def _believed(self, told: Mapping[str, Any]) -> dict[str, str]:
        if told.get("issuer") != self._registered.issuer:
            message = "the issuer calls itself by another name"
            raise StorageUnavailable(message)
        places = {name: told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        try:
            for place in places.values():
                _require_safe(place, self._registered.issuer)
        except ValueError as error:
            message = "the issuer names an address that is not safe"
            raise StorageUnavailable(message) from error
        return {name: str(place) for name, place in places.items()}

    def _asked(self, url: str) -> dict[str, Any]:
        with self._client() as client:
            answer = client.request("GET", url, withhold_token=True)
            found = answer.raise_for_status().json()
        if not isinstance(found, dict):
            message = "the issuer answered something else"
            raise StorageUnavailable(message)
        return found

    @contextmanager
    def _client(self) -> Iterator[Any]:
        registered = self._registered
        method = "none" if registered.client_secret is None else "client_secret_basic"
        client = OAuth2Client(
            client_id=registered.client_id,
            client_secret=registered.client_secret,
            token_endpoint_auth_method=method,
            scope="openid",
            redirect_uri=registered.back,
            code_challenge_method="S256",
            verify=self._trust,
            timeout=_TIMEOUT,
            trust_env=False,
        )
        try:
            with client:
                yield client
        except AuthlibBaseError as error:
            raise Declined from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            message = f"the issuer is away: {type(error).__name__}"
            raise StorageUnavailable(message) from error


def _require_safe(url: object, issuer: str) -> None:
    """Raise `ValueError` unless *url* is HTTPS, or plain HTTP of this machine beside an issuer that is too."""
    parts = urlsplit(url if isinstance(url, str) else "")
    local = parts.scheme == "http" and _is_this_machine(parts.hostname or "") and issuer.startswith("http://")
    if not parts.hostname or (parts.scheme != "https" and not local):
        message = "issuer: expected an address with https"
        raise ValueError(message)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
