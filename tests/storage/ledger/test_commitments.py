"""Commitments: what a leaf says of a personal value."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from storage.ledger.leaf import commitment


def test_a_commitment_is_a_keyed_hash_of_value_and_place() -> None:
    salt = bytes(range(32))
    expected = hmac.new(salt, '["office.example/log",7,"officer","张三"]'.encode(), hashlib.sha256).hexdigest()

    assert commitment(salt, log="office.example/log", seq=7, field="officer", value="张三") == expected


def test_a_commitment_says_nothing_of_another_place_field_value_or_salt() -> None:
    found = {
        commitment(b"\0" * 32, log="a", seq=1, field="x", value="v"),
        commitment(b"\1" * 32, log="a", seq=1, field="x", value="v"),
        commitment(b"\0" * 32, log="b", seq=1, field="x", value="v"),
        commitment(b"\0" * 32, log="a", seq=2, field="x", value="v"),
        commitment(b"\0" * 32, log="a", seq=1, field="y", value="v"),
        commitment(b"\0" * 32, log="a", seq=1, field="x", value="w"),
        commitment(b"\0" * 32, log="a", seq=1, field="x", value=["v"]),
        commitment(b"\0" * 32, log="a", seq=1, field="x", value=None),
    }

    assert len(found) == 8


@pytest.mark.parametrize(("salt", "value"), [(b"\0" * 31, "x"), (b"", "x"), (b"\0" * 32, 0.5)])
def test_there_is_no_commitment_with_a_short_salt_or_to_a_float(salt: bytes, value: Any) -> None:  # noqa: ANN401 — a float
    with pytest.raises(ValueError, match=r"salt|float"):
        commitment(salt, log="a", seq=1, field="x", value=value)
