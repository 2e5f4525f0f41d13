"""The second factor: a code counts once, and the secret is nowhere but in the vault and on the telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pyotp
import pytest
import zxingcpp
from fastapi.testclient import TestClient
from PIL import Image

from storage.evidence import Subject
from tests.api.small_office import SmallOffice
from tests.api.somebody import LOGIN, OWN, PASSWORD, browser, enrolled, sign_in


@dataclass
class Telephone:
    """Somebody's telephone, and the paper with the recovery codes."""

    office: SmallOffice
    account: Subject
    secret: str
    codes: list[str]

    def code(self, *, steps: int = 0) -> str:
        """What it shows, by a clock that is some half minutes off."""
        return pyotp.TOTP(self.secret).at(self.office.clock.now + timedelta(seconds=30 * steps))

    def next_code(self) -> str:
        self.office.clock.now += timedelta(seconds=30)
        return self.code()


@pytest.fixture
def page(office: SmallOffice, stranger: TestClient) -> TestClient:
    enrolled(office)
    sign_in(stranger)
    return stranger


@pytest.fixture
def telephone(office: SmallOffice, page: TestClient) -> Telephone:
    """A telephone that was just made known."""
    offered = page.post("/api/account/totp", json={"password": PASSWORD}, headers=OWN).json()
    assert offered["uri"].startswith("otpauth://totp/")
    made = Telephone(office, office.entries("SIGNED_IN")[0].entry.subject, offered["secret"], [])
    made.codes = page.put("/api/account/totp", json={"code": made.code()}, headers=OWN).json()["codes"]
    return made


def test_a_code_is_asked_for_once_the_password_was_right(telephone: Telephone, page: TestClient) -> None:
    other = browser(page)
    answers = [sign_in(other), sign_in(other, "wrong password"), sign_in(other, code=telephone.next_code())]

    assert [(each.status_code, each.json().get("type")) for each in answers] == [
        (401, "/problems/second-factor"),
        (401, "/problems/sign-in"),
        (201, None),
    ]


def test_being_asked_for_the_code_is_no_wrong_attempt(telephone: Telephone, page: TestClient) -> None:
    for _ in range(7):
        assert sign_in(browser(page)).json()["type"] == "/problems/second-factor"

    assert sign_in(browser(page), code=telephone.next_code()).status_code == 201


def test_a_code_counts_once(telephone: Telephone, page: TestClient) -> None:
    """Nor does one from before it, though the clock would still allow it."""
    before, code = telephone.next_code(), telephone.next_code()
    answers = [sign_in(browser(page), code=each).status_code for each in (code, code, before)]

    assert answers == [201, 401, 401]


def test_the_code_that_proved_the_telephone_counts_no_more(telephone: Telephone, page: TestClient) -> None:
    assert sign_in(browser(page), code=telephone.code()).status_code == 401


@pytest.mark.parametrize(("steps", "status"), [(1, 201), (2, 401), (-2, 401)])
def test_a_telephone_may_be_half_a_minute_off(telephone: Telephone, page: TestClient, steps: int, status: int) -> None:
    telephone.next_code()

    assert sign_in(browser(page), code=telephone.code(steps=steps)).status_code == status


def test_guessing_codes_locks_the_account(telephone: Telephone, page: TestClient) -> None:
    answers = [sign_in(browser(page), code=f"00000{number}").status_code for number in range(6)]

    assert answers == [401] * 5 + [429]


def test_a_recovery_code_counts_once_however_it_is_typed(telephone: Telephone, page: TestClient) -> None:
    typed = f" {telephone.codes[0].lower().replace('-', ' ')} "
    answers = [sign_in(browser(page), code=each).status_code for each in (typed, telephone.codes[0], telephone.codes[1])]

    assert answers == [201, 401, 201]
    assert page.get("/api/account").json()["recovery_codes_left"] == 8


def test_codes_of_a_telephone_that_was_replaced_count_no_more(telephone: Telephone, page: TestClient) -> None:
    telephone.next_code()
    offered = page.post("/api/account/totp", json={"password": PASSWORD}, headers=OWN).json()
    newer = Telephone(telephone.office, telephone.account, offered["secret"], [])
    page.put("/api/account/totp", json={"code": newer.code()}, headers=OWN)
    office = telephone.office
    office.clock.now += timedelta(seconds=30)
    codes = (telephone.code(), telephone.codes[0], newer.code())

    assert [sign_in(browser(page), code=each).status_code for each in codes] == [401, 401, 201]


def test_nothing_is_asked_for_before_a_code_was_shown(page: TestClient) -> None:
    page.post("/api/account/totp", json={"password": PASSWORD}, headers=OWN)
    wrong = page.put("/api/account/totp", json={"code": "000000"}, headers=OWN)

    assert wrong.status_code == 401
    assert sign_in(browser(page)).status_code == 201


def test_an_offer_is_of_one_session_and_ends(office: SmallOffice, page: TestClient) -> None:
    other = browser(page)
    sign_in(other)
    secret = page.post("/api/account/totp", json={"password": PASSWORD}, headers=OWN).json()["secret"]
    code = pyotp.TOTP(secret).at(office.clock.now)
    answers = [other.put("/api/account/totp", json={"code": code}, headers=OWN).status_code]
    office.clock.now += timedelta(minutes=10)
    answers.append(page.put("/api/account/totp", json={"code": code}, headers=OWN).status_code)

    assert answers == [404, 404]


def test_it_is_set_and_removed_only_with_the_password(telephone: Telephone, page: TestClient) -> None:
    wrong = {"password": "wrong password"}
    refused = [page.post(f"/api/account/{place}", json=wrong, headers=OWN).status_code for place in ("totp", "totp/removal")]
    removed = page.post("/api/account/totp/removal", json={"password": PASSWORD}, headers=OWN).status_code

    assert (refused, removed) == ([401, 401], 204)
    assert page.post("/api/account/totp/removal", json={"password": PASSWORD}, headers=OWN).status_code == 409
    assert sign_in(browser(page)).status_code == 201


def test_the_secret_stands_in_no_table_and_in_no_leaf(telephone: Telephone, page: TestClient) -> None:
    office = telephone.office
    sign_in(browser(page), code=telephone.next_code())
    with office.services.engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        text = "".join(repr(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in tables)  # noqa: S608

    assert LOGIN in text
    assert telephone.secret not in text
    assert not [code for code in telephone.codes if code in text]
    [kept] = office.entries("TOTP_SET")
    assert kept.entry.personal == {"secret": telephone.secret}


def test_the_picture_for_a_telephone_says_the_same_address(office: SmallOffice, stranger: TestClient) -> None:
    """Read back by another program than the one that drew it."""
    enrolled(office)
    sign_in(stranger)
    offered = stranger.post("/api/account/totp", json={"password": PASSWORD}, headers=OWN).json()
    side = len(offered["picture"])
    image = Image.new("L", (side + 8, side + 8), 255)
    for y, row in enumerate(offered["picture"]):
        for x, bit in enumerate(row):
            image.putpixel((x + 4, y + 4), 0 if bit == "1" else 255)
    [read] = zxingcpp.read_barcodes(image.resize((8 * (side + 8),) * 2, Image.Resampling.NEAREST))

    assert read.text == offered["uri"]
    assert offered["secret"] in offered["uri"]
