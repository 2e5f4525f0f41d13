"""A real issuer on loopback: an HTTP server with keys made here, which can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "yihu", "a secret of the office"
NOW = 1_795_249_800
"""When the office of the tests lives, nearly."""


@dataclass
class Issuer:
    """An issuer, and what it does wrong."""

    url: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    """Said instead of what is true."""
    about: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None

    def rotate(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "two", "alg": "ES256"})

    def agrees(self, url: str, code: str = "code") -> dict[str, str]:
        """Let somebody sign in who was sent to *url*; returns what the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.url}

    def description(self) -> dict[str, Any]:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": self.url, **{name: f"{self.url}/{end}" for name, end in ends.items()}, **self.about}

    def keys(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = authorization in {f"Basic {basic}", f"Basic {plain}"}
        if asked is None or not right or (asked["code_challenge"], asked["redirect_uri"]) != (challenge, form["redirect_uri"]):
            return 400, {"error": "invalid_grant"}
        said = {"iss": self.url, "sub": "u-17", "aud": CLIENT, "iat": NOW, "exp": NOW + 36000, "nonce": asked["nonce"]}
        said = {name: value for name, value in {**said, **self.claims}.items() if value is not None}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": (self.sign or self.signed)(said)}

    def signed(self, said: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, said, self.key)

    def unsigned(self, said: dict[str, Any]) -> str:
        parts = ({"alg": "none"}, said)
        return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."

    def signed_with_the_public_key(self, said: dict[str, Any]) -> str:
        public = self.key.as_pem(private=False).decode()
        head, body = self.unsigned(said).split(".")[:2]
        head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).rstrip(b"=").decode()
        mac = hmac.new(public.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
        return f"{head}.{body}." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def signed_by_another(self, said: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": "one"}, said, ECKey.generate_key("P-256"))


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run an issuer while inside."""
    issuer = Issuer()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {"/.well-known/openid-configuration": issuer.description, "/jwks": issuer.keys}.get(self.path)
            self._say(404 if found is None else 200, {} if found is None else found())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*issuer.exchange(form, self.headers.get("authorization", "")))

        def _say(self, status: int, value: dict[str, Any]) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
