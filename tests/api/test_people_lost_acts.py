"""What is done to an account may be lost, or its answer may; doing it again ends well, and it stands once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from api.people import entries
from api.people.credentials import Credentials
from api.people.identities import Identities, Identity
from api.people.sessions import Came, Sessions
from api.tokens import fresh_token, token_digest
from storage.errors import LifeCycleError, NotFound, StaleState, StorageUnavailable
from storage.evidence import Actor, Role, Subject
from storage.rebuild import differences
from storage.testing import Moment
from tests.api.small_office import DOCK, OPERATOR, SmallOffice
from tests.api.somebody import accounts_of, enrolled
from tests.api.test_people_lost import spoil
from tests.crashes.test_lost_writes import MOMENTS

Act = Callable[[], object]
IDENTITY = Identity("https://sso.office.example", "u-17")


def sessions(office: SmallOffice) -> Sessions:
    services = office.services
    return Sessions(services.custody, services.engine, services.clock, services.signing_in)


def prepared(office: SmallOffice, type_: str, account: Subject) -> Act:
    """Bring *account* to where the act of that type may follow, and return the act."""
    accounts, custody, own = accounts_of(office), office.services.custody, Actor(account, Role.REVIEWER)
    identities = Identities(custody, office.services.engine, key=office.services.index_key)
    credentials = Credentials(custody, office.services.engine, office.services.clock, key=office.services.index_key)
    totp = entries.totp_set(account, "JBSWY3DPEHPK3PXP", step=1, recovery=["sha256:" + "0" * 64], actor=own)
    digest = token_digest(sessions(office).open(own, how="password", came=Came("192.0.2.1")))
    if type_ == "ROLE_WITHDRAWN":
        accounts.grant(account, Role.AUDITOR, actor=OPERATOR)
    if type_ == "ACCOUNT_ENABLED":
        accounts.disable(account, reason="离职", actor=OPERATOR)
    if type_ == "TOTP_REMOVED":
        custody.record(totp)
    if type_ == "IDENTITY_UNBOUND":
        identities.bind(account, IDENTITY, actor=OPERATOR)
    token = fresh_token()
    acts: dict[str, Act] = {
        "ROLE_GRANTED": lambda: accounts.grant(account, Role.AUDITOR, actor=OPERATOR),
        "ROLE_WITHDRAWN": lambda: accounts.withdraw(account, Role.AUDITOR, actor=OPERATOR),
        "ACCOUNT_DISABLED": lambda: accounts.disable(account, reason="离职", actor=OPERATOR),
        "ACCOUNT_ENABLED": lambda: accounts.enable(account, reason="复职", actor=OPERATOR),
        "TOTP_SET": lambda: custody.record(totp),
        "TOTP_REMOVED": lambda: custody.record(entries.totp_removed(account, actor=own)),
        "SESSION_ENDED": lambda: sessions(office).end(account, digest, why="revoked", actor=own),
        "IDENTITY_BOUND": lambda: identities.bind(account, IDENTITY, actor=OPERATOR),
        "IDENTITY_UNBOUND": lambda: identities.unbind(account, IDENTITY, actor=OPERATOR),
        "TOKEN_ISSUED": lambda: credentials.enrol(token, name="一号站", dock=DOCK.who, actor=OPERATOR),
    }
    return acts[type_]


ACTS = (
    "ROLE_GRANTED",
    "ROLE_WITHDRAWN",
    "ACCOUNT_DISABLED",
    "ACCOUNT_ENABLED",
    "TOTP_REMOVED",
    "SESSION_ENDED",
    "IDENTITY_BOUND",
    "IDENTITY_UNBOUND",
    "TOKEN_ISSUED",
)


@MOMENTS
@pytest.mark.parametrize("type_", ACTS)
def test_what_was_done_in_vain_is_done_again_and_stands_once(
    office: SmallOffice, stranger: object, moment: Moment, type_: str
) -> None:
    act = prepared(office, type_, enrolled(office))
    fault = spoil(office, 1, moment)
    with pytest.raises(StorageUnavailable):
        act()
    with suppress(StaleState, LifeCycleError, NotFound):  # it stands already, and that is said
        act()

    assert fault.hit
    assert len(office.entries(type_)) == 1
    assert differences(office.services.engine, office.projector, office.vault) == []


@MOMENTS
def test_a_second_factor_that_was_set_in_vain_is_offered_again(office: SmallOffice, stranger: object, moment: Moment) -> None:
    """After a lost answer it stands, and the codes that nobody saw are replaced by those of the second time."""
    act = prepared(office, "TOTP_SET", enrolled(office))
    fault = spoil(office, 1, moment)
    with pytest.raises(StorageUnavailable):
        act()

    assert fault.hit
    assert len(office.entries("TOTP_SET")) == (1 if moment == "after" else 0)
    assert differences(office.services.engine, office.projector, office.vault) == []
