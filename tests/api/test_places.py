"""From where somebody comes: an address, and of IPv6 its network, of which one host has every address."""

from __future__ import annotations

import pytest
from starlette.exceptions import HTTPException

from api.people.addresses import place_of
from api.people.attempts import Attempts
from api.people.credentials import Credentials
from api.people.rules import Rules
from api.people.sessions import Came
from storage import passing
from tests.api.small_office import DOCK, OPERATOR, SmallOffice


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::/64"),
        ("fe80::7%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_place_is_an_address_or_a_network(address: str, place: str) -> None:
    assert place_of(address) == place


def test_who_guesses_from_ever_new_addresses_of_one_network_is_stopped(office: SmallOffice) -> None:
    services, rules = office.services, Rules(per_address=3)
    passing.prepare(services.engine)
    attempts = Attempts(services.engine, services.clock, rules, key=services.index_key)
    for number in range(3):
        attempts.begin(f"somebody.{number}", f"2001:db8::{number + 1}")

    with pytest.raises(HTTPException):
        attempts.begin("somebody.else", "2001:db8::ffff")
    attempts.begin("somebody.else", "2001:db8:0:1::1")


def test_a_stolen_credential_makes_one_entry_for_a_network(office: SmallOffice) -> None:
    services, token = office.services, "yihu_" + "a" * 43
    passing.prepare(services.engine)
    known = Credentials(services.custody, services.engine, services.clock, key=services.index_key)
    known.enrol(token, name="一号站", dock=DOCK.who, actor=OPERATOR)
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.7"):
        assert known.find(token, Came(address)) is not None

    assert [each.entry.personal["address"] for each in office.entries("TOKEN_CAME")] == [
        "2001:db8::1",
        "2001:db8:0:1::1",
        "192.0.2.7",
    ]
