"""Accounts of an office, as the command line knows them: by login or by pseudonym."""

from __future__ import annotations

from api.people.accounts import Accounts, Link
from api.people.identities import Identities, Identity
from api.people.logins import folded
from api.people.queries import Person, all_people, person, person_called
from storage.errors import NotFound
from storage.evidence import Kind, Subject
from yihu.wiring import Office

__all__ = ["Accounts", "Link", "Person", "accounts_of", "all_people", "identities_of", "identity", "link_text", "somebody"]


def accounts_of(office: Office) -> Accounts:
    """Return what makes and changes accounts."""
    return Accounts(office.custody, office.engine, office.clock, office.settings.signin.rules, key=office.index_key)


def identities_of(office: Office) -> Identities:
    """Return what binds accounts to identities elsewhere."""
    return Identities(office.custody, office.engine, key=office.index_key)


def identity(issuer: str, subject: str) -> Identity:
    """Return who somebody is elsewhere; no trimming: an issuer means its names as they are written."""
    return Identity(issuer, subject)


def somebody(office: Office, named: str) -> Person:
    """Return who has that login or pseudonym; raises `NotFound`."""
    if named.startswith(f"{Kind.ACCOUNT}:"):
        return person(office.engine, Subject.parse(named, Kind.ACCOUNT))
    found = person_called(office.engine, folded(named))
    if found is None:
        message = f"{named}: nobody signs in by that name"
        raise NotFound(message)
    return found


def link_text(office: Office, link: Link) -> str:
    """Return the address that is handed over; what follows ``#`` never reaches a server or its log."""
    return f"{office.settings.web.address or 'http://127.0.0.1:8300'}/link#{link.secret}"
