"""Opening the issuer that the settings name; without one, or without the extra, nothing of it is imported."""

from __future__ import annotations

from api.people.issuers import BACK, Elsewhere
from yihu.settings import SettingsError
from yihu.stores import secret
from yihu.wiring import Office


def elsewhere_of(office: Office) -> Elsewhere | None:
    """Return where people may sign in instead; raises `SettingsError` where that cannot be used as it is set."""
    section, address = office.settings.oidc, office.settings.web.address
    if not section.issuer:
        return None
    if not section.client_id or not address:
        message = "[oidc] issuer: expected client_id beside it, and [web] address, to which the issuer sends people back"
        raise SettingsError(message)
    try:
        from api.people.openid import OpenId, Registered  # noqa: PLC0415 - an optional package
    except ModuleNotFoundError as error:
        message = f"[oidc] issuer: {error.name} is not installed; it comes with the extra: pip install 'yihu[oidc]'"
        raise SettingsError(message) from error
    known = Registered(
        issuer=section.issuer,
        client_id=section.client_id,
        client_secret=None if section.client_secret_file is None else secret(office.home / section.client_secret_file),
        back=f"{address}{BACK}",
        name=section.name,
        authority=None if section.ca_file is None else office.home / section.ca_file,
    )
    try:
        return OpenId(known, office.clock)
    except (ValueError, OSError) as error:
        message = f"[oidc]: {error}"
        raise SettingsError(message) from error
