"""Numbers that name a party: what carries the right check character is accepted, and any one wrong character is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.values import IdKind, IdNumber

CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BIRTHDAYS = st.dates(date(1900, 1, 1), date(2026, 12, 31))


def is_resident(text: str) -> bool:
    """ISO 7064 MOD 11-2, as a rule about the whole number."""
    values = ["0123456789X".index(character) for character in text]
    return sum(value << place for place, value in enumerate(reversed(values))) % 11 == 1


def is_credit(text: str) -> bool:
    """The weights 1, 3, 9, 27, 19, … modulo 31, and the check character with weight 1."""
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1]
    return sum(weight * CREDIT.index(character) for weight, character in zip(weights, text, strict=True)) % 31 == 0


@st.composite
def resident_numbers(draw: st.DrawFn) -> str:
    """Invented ones: there is no region 000000."""
    stem = f"000000{draw(BIRTHDAYS):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return next(stem + check for check in "0123456789X" if is_resident(stem + check))


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    """Invented ones: there is no region 000000."""
    stem = draw(st.text(CREDIT, min_size=2, max_size=2)) + "000000" + draw(st.text(CREDIT, min_size=9, max_size=9))
    return next(stem + check for check in CREDIT if is_credit(stem + check))


NUMBERS = st.one_of(
    st.tuples(st.just(IdKind.RESIDENT), resident_numbers()),
    st.tuples(st.just(IdKind.CREDIT), credit_codes()),
)


@given(NUMBERS)
def test_a_number_with_the_right_check_character_is_accepted(number: tuple[IdKind, str]) -> None:
    kind, text = number

    assert IdNumber(kind, text).text == text
    assert IdNumber.parse(f" {text.lower()}\n", kind) == IdNumber(kind, text)
    assert IdNumber(kind, text) in IdNumber.all_fitting(text)


@given(NUMBERS, st.integers(0, 17), st.characters(codec="utf-8"))
def test_a_number_with_any_one_character_changed_is_refused(number: tuple[IdKind, str], place: int, other: str) -> None:
    kind, text = number
    changed = text[:place] + other + text[place + 1 :]

    if changed != text:
        with pytest.raises(ValueError, match="resident id number|credit code"):
            IdNumber(kind, changed)


@given(NUMBERS, st.integers(0, 17))
def test_a_number_with_any_one_character_changed_to_one_of_its_alphabet_is_refused(
    number: tuple[IdKind, str],
    place: int,
) -> None:
    kind, text = number
    for other in CREDIT:
        if other != text[place]:
            with pytest.raises(ValueError, match="resident id number|credit code"):
                IdNumber(kind, text[:place] + other + text[place + 1 :])


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_number_or_refused_with_a_reason(text: str) -> None:
    try:
        number = IdNumber.parse(text)
    except ValueError as error:
        assert "expected" in str(error)  # noqa: PT017 - either outcome is right, neither may be another error
    else:
        assert number.text == text.strip().upper()


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (IdKind.RESIDENT, "000000900101001", "expected 17 digits"),
        (IdKind.RESIDENT, "000000190002300015", "no date"),
        (IdKind.RESIDENT, "000000190001010016", "expected check character 7, found 6"),
        (IdKind.RESIDENT, "00000019000101001x", "expected 17 digits"),
        (IdKind.RESIDENT, "０００００0190001010017", "expected 17 digits"),
        (IdKind.CREDIT, "000000000000000000\n", "credit code"),
        (IdKind.CREDIT, "I00000000000000000", "never I, O, S, V, Z"),
        (IdKind.CREDIT, "0000000000000000XX", "expected check character R, found X"),
    ],
)
def test_a_wrong_number_is_refused_with_the_reason(kind: IdKind, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        IdNumber(kind, text)


@given(resident_numbers())
def test_a_number_that_could_be_both_is_a_residents(text: str) -> None:
    assert IdNumber.parse(text).kind is IdKind.RESIDENT


@given(resident_numbers())
def test_no_way_of_showing_a_residents_number_tells_the_birthday(text: str) -> None:
    number = IdNumber(IdKind.RESIDENT, text)

    assert number.shown == "*" * 14 + text[-4:]
    assert text not in repr(number)


def test_the_index_of_a_number_depends_on_the_key_and_the_kind() -> None:
    text = "000000190001010084"
    resident, credit = IdNumber(IdKind.RESIDENT, text), IdNumber(IdKind.CREDIT, text)

    assert len({resident.index(b"a" * 32), resident.index(b"b" * 32), credit.index(b"a" * 32)}) == 3
