"""Verifier keys: whom a stranger decides to believe, in a form that survives being typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.keys import ED25519, VerifierKey
from storage.verifier import VerificationError

from .conftest import EXAMPLE_KEY, ORIGIN, signer

KEY = VerifierKey.parse(signer().vkey)


def test_a_verifier_key_reads_back_as_itself() -> None:
    assert VerifierKey.parse(EXAMPLE_KEY).vkey == EXAMPLE_KEY
    assert signer().vkey == KEY.vkey
    assert KEY.name == ORIGIN


@given(st.binary(min_size=32, max_size=32), st.from_regex(r"[!-*,-~]{1,30}", fullmatch=True))
def test_every_key_can_be_handed_over_as_text(public: bytes, name: str) -> None:
    try:
        key = VerifierKey(name, ED25519, public)
    except VerificationError:
        return  # one of the few that are degenerate
    assert VerifierKey.parse(key.vkey) == key


def test_every_changed_character_of_a_verifier_key_is_noticed() -> None:
    """The key id holds name and key together: a typing error does not make another key."""
    for place in range(len(EXAMPLE_KEY)):
        for character in "A0+/= é\n":
            changed = EXAMPLE_KEY[:place] + character + EXAMPLE_KEY[place + 1 :]
            if changed == EXAMPLE_KEY:
                continue
            with pytest.raises(VerificationError):
                VerifierKey.parse(changed)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a",
        "a+b",
        "++",
        EXAMPLE_KEY + "\n",
        " " + EXAMPLE_KEY,
        EXAMPLE_KEY.upper(),
        "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_what_is_no_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(VerificationError):
        VerifierKey.parse(vkey)


PRIME = 2**255 - 19


def double(point: tuple[int, int]) -> tuple[int, int]:
    """Twice a point of the Edwards curve of RFC 8032."""
    x, y = point
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    t = d * x * x * y * y % PRIME
    return 2 * x * y * pow(1 + t, -1, PRIME) % PRIME, (y * y + x * x) * pow(1 - t, -1, PRIME) % PRIME


def is_of_small_order(height: int) -> bool:
    """Whether three doublings of a point with this y give the neutral element."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    square = (height * height - 1) * pow(d * height * height + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if x * x % PRIME != square:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert x * x % PRIME == square, "not on the curve"
    point = (x, height)
    for _ in range(3):
        point = double(point)
    return point == (0, 1)


ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7


@pytest.mark.parametrize("height", [0, 1, PRIME - 1, ORDER_8, PRIME - ORDER_8], ids=["0", "1", "-1", "8", "-8"])
@pytest.mark.parametrize("sign", [0, 1 << 255], ids=["even", "odd"])
def test_a_key_that_fits_many_signatures_is_refused(height: int, sign: int) -> None:
    assert is_of_small_order(height)
    with pytest.raises(VerificationError, match="degenerate"):
        VerifierKey("example.com/weak", ED25519, (height | sign).to_bytes(32, "little"))


@pytest.mark.parametrize("height", [PRIME, PRIME + 1, 2**255 - 1], ids=["0", "1", "18"])
def test_a_key_with_a_second_spelling_is_refused(height: int) -> None:
    with pytest.raises(VerificationError, match="degenerate"):
        VerifierKey("example.com/weak", ED25519, height.to_bytes(32, "little"))


def test_a_real_key_is_not_of_small_order() -> None:
    assert not is_of_small_order(int.from_bytes(KEY.public, "little") & (2**255 - 1))


@pytest.mark.parametrize(("algorithm", "public"), [(0x02, b"a" * 32), (0x06, b"a" * 32), (ED25519, b"a" * 31), (ED25519, b"")])
def test_a_key_of_another_kind_is_refused(algorithm: int, public: bytes) -> None:
    with pytest.raises(VerificationError):
        VerifierKey("example.com/other", algorithm, public)
