"""The sections of ``yihu.toml`` about the pages, the API and who signs in there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, model_validator

from api.people.rules import Rules
from yihu.sections import Section


class WebSection(Section):
    """How the pages and the API are reached."""

    address: str = Field(default="", pattern=r"^(https?://[^\s/@#]+)?$")
    """What people type to come here, for example ``https://yihu.office.example``; stands in links. Empty: where it listens."""
    certificate: Path | None = None
    """Certificate (PEM) of this server, its chain after it; ``yihu setup certificates`` makes one. Unset: no TLS."""
    key: Path | None = None
    """Its key (PEM, mode 0600)."""
    plain_http: bool = False
    """Whether other machines may come without TLS, or this is behind a proxy that has it. Passwords can be read on the way."""

    @model_validator(mode="after")
    def _both_or_none(self) -> WebSection:
        if (self.certificate is None) != (self.key is None):
            message = "expected certificate and key, or neither"
            raise ValueError(message)
        return self


class SigninSection(Section):
    """How long sessions last and how often somebody may be wrong."""

    session_hours: int = Field(default=12, ge=1, le=168)
    """Hours after which a session ends."""
    idle_minutes: int = Field(default=60, ge=5, le=1440)
    """Minutes without a request after which it ends."""
    attempts: int = Field(default=5, ge=1, le=20)
    """Wrong passwords or codes of one account before nobody is asked."""
    locked_minutes: int = Field(default=15, ge=1, le=1440)
    """Minutes, from the first wrong one on, after which somebody is asked again."""
    per_address: int = Field(default=50, ge=1, le=10000)
    """Wrong ones from one address in that time, whatever the account."""
    link_hours: int = Field(default=24, ge=1, le=168)
    """Hours for which a one-time link counts."""

    @property
    def rules(self) -> Rules:
        """The same as the API knows it."""
        return Rules(
            longest=timedelta(hours=self.session_hours),
            idle=timedelta(minutes=self.idle_minutes),
            attempts=self.attempts,
            locked=timedelta(minutes=self.locked_minutes),
            per_address=self.per_address,
            link_lasts=timedelta(hours=self.link_hours),
        )
