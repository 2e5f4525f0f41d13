"""The section of ``yihu.toml`` about signing in elsewhere, by OpenID Connect."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from yihu.sections import Section


class OidcSection(Section):
    """Where people may sign in instead of here; needs the extra ``oidc``."""

    issuer: str = Field(default="", pattern=r"^(https?://[^\s?#@]+)?$")
    """The issuer, exactly as it calls itself; ``http`` for this machine alone. Empty: people sign in here only."""
    client_id: str = ""
    """As which this installation is registered there."""
    client_secret_file: Path | None = None
    """File (mode 0600) with the secret that the issuer gave for it. Unset: it gave none."""
    name: str = Field(default="", max_length=40)
    """What stands on the button of the sign-in page."""
    ca_file: Path | None = None
    """Certificates (PEM) by which the issuer's server is known, where the system does not know it."""
