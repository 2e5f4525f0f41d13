"""People of the honest office: accounts with everything that stands in their tables."""

from __future__ import annotations

from api.people import entries
from api.people.accounts import Accounts
from api.people.credentials import Credentials
from api.people.identities import Identities, Identity
from api.people.rules import Rules
from api.people.sessions import Came, Sessions
from api.tokens import fresh_token, token_digest
from storage.evidence import Actor, Kind, Role
from storage.identity import fresh
from storage.totp import fresh_secret, recovery_digest
from yihu.wiring import Office


def add_person(office: Office, login: str) -> None:
    """Somebody with a second role, a second factor, a link, and two sessions of which one ended."""
    rules, known = Rules(), (office.custody, office.engine, office.clock)
    accounts = Accounts(*known, rules, key=office.index_key)
    link = accounts.add(login, name=f"样例员 {login}", role=Role.REVIEWER, actor=office.operator)
    person = accounts.use(link.secret, "a long sentence of mine")
    accounts.grant(person.subject, Role.AUDITOR, actor=office.operator)
    actor = Actor(person.subject, Role.REVIEWER)
    codes = [recovery_digest(f"{login} {number}") for number in range(2)]
    office.custody.record(entries.totp_set(person.subject, fresh_secret(), step=1, recovery=codes, actor=actor))
    sessions = Sessions(*known, rules)
    first = sessions.open(actor, how="password+recovery", came=Came("192.0.2.1"), proof={"recovery": codes[0]})
    sessions.open(actor, how="password+totp", came=Came("192.0.2.1"), proof={"step": 2})
    sessions.end(person.subject, token_digest(first), why="signed-out", actor=actor)
    accounts.link(person.subject, actor=office.operator)
    identity, token = Identity("https://sso.office.example", login), fresh_token()
    Identities(*known[:2], key=office.index_key).bind(person.subject, identity, actor=office.operator)
    credentials = Credentials(*known, key=office.index_key)
    credentials.enrol(token, name=login, dock=fresh(Kind.DOCK), actor=office.operator)
    for address in ("192.0.2.7", "192.0.2.8"):
        credentials.find(token, Came(address))
