"""What is refused as a password, and how one is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.passwords import LONGEST, Weakness, WeakPassword, check_password, hashed_password, is_right_password
from storage.pins import hashed_pin, is_right_pin

KEY = b"k" * 32
LOGIN = "zhang.san"


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("short", Weakness.LENGTH),
        ("x1y2z3a4b5" * 30, Weakness.LENGTH),
        ("my zhang.san is long", Weakness.NAME),
        ("ZHANG.SAN-and-more", Weakness.NAME),
        ("nas.gnahz backwards", Weakness.NAME),
        ("aaaaaaaaaaaaaaaa", Weakness.COMMON),
        ("123456789012", Weakness.COMMON),
        ("qwertyuiop[]12", Weakness.COMMON),
        ("1qaz2wsx3edc", Weakness.COMMON),
        ("Password2026!", Weakness.COMMON),
        ("P@ssw0rdP@ssw0rd", Weakness.COMMON),
        ("zhifa123456!!", Weakness.COMMON),
        ("yihu-admin-2026", Weakness.COMMON),
        ("abcdefghijkl", Weakness.COMMON),
        ("zyxwvutsrqpo", Weakness.COMMON),
    ],
)
def test_what_is_tried_first_is_refused_and_not_repeated(password: str, weakness: Weakness) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_password(password, login=LOGIN)

    assert refused.value.weakness is weakness
    assert password not in str(refused.value)


@pytest.mark.parametrize("password", ["correct horse battery staple", "今天我在河边看见一只白色的鸟", "g7#kQ2!vLx9@"])
def test_a_sentence_and_what_a_program_makes_up_are_taken(password: str) -> None:
    check_password(password, login=LOGIN)


@given(st.text(max_size=LONGEST + 5), st.text(min_size=1, max_size=40))
def test_whatever_is_typed_is_taken_or_refused(password: str, login: str) -> None:
    try:
        check_password(password, login=login)
    except WeakPassword:
        return

    assert login not in password


def test_a_password_is_right_however_a_keyboard_writes_it() -> None:
    kept = hashed_password("caf\u00e9 au lait noir", key=KEY)

    assert is_right_password("cafe\u0301 au lait noir", kept, key=KEY)
    assert not is_right_password("cafe au lait noir", kept, key=KEY)
    assert not is_right_password("caf\u00e9 au lait noir", kept, key=b"x" * 32)
    assert not is_right_password("caf\u00e9 au lait noir", None, key=KEY)


def test_a_pin_and_a_password_are_never_the_same() -> None:
    kept = hashed_pin("135792468013", key=KEY)

    assert is_right_pin("135792468013", kept, key=KEY)
    assert not is_right_password("135792468013", kept, key=KEY)
