"""JSON that can be written in one way only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.leaf import canonical, parse_strict
from storage.verifier import VerificationError
from storage.verifier.strict import DEEPEST, Json

keys = st.text(st.characters(codec="ascii"), max_size=5)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)

HOSTILE = [
    b"",
    b" {}",
    b"{} ",
    b"{}\n",
    b"{}\r\n",
    b"\xef\xbb\xbf{}",
    b'{"a": 1}',
    b'{"a":1,"a":1}',
    b'{"a":1,"a":2}',
    b'{"b":1,"a":2}',
    b'{"a":1,}',
    b"1.0",
    b"1e3",
    b"-0",
    b"01",
    b"9007199254740992",
    b"-9007199254740992",
    b"1" * 5000,
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b'"\\u0041"',
    b'"\\/"',
    b'"\\u001F"',
    b'"\\u4e00"',
    b'"\\ud800"',
    b'"\\ud83d\\ude00"',
    b'{"\\u00e9":1}',
    b'{"a":"\\ud800"}',
    b"[1]1",
    b"1 ",
    b"\t1",
    b"[-0]",
    b"[1.5]",
    b"[-Infinity]",
    b'"\x01"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    '{"名":1}'.encode(),
    '{"\U0001f600":1}'.encode(),
    b"[1] []",
    b"{'a':1}",
    b"undefined",
    b"[" * 60_000,
    b"[" * 60_000 + b"]" * 60_000,
    b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    b'{"a":' * 900 + b"1" + b"}" * 900,
]


@given(values)
def test_it_writes_what_rfc_8785_says(value: Json) -> None:
    """Byte for byte as an implementation of the whole standard does."""
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_it_reads_what_it_wrote(value: Json) -> None:
    assert parse_strict(canonical(value)) == value


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: repr(raw[:20]))
def test_a_second_way_to_write_is_refused(raw: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_strict(raw)


@given(
    st.binary(max_size=40)
    | values.map(canonical).flatmap(lambda raw: st.tuples(st.just(raw), st.binary(max_size=2)).map(b"".join))
)
def test_whatever_is_read_is_written_the_same(raw: bytes) -> None:
    """There is no input for which it crashes, and none that it reads but would write in another way."""
    try:
        value = parse_strict(raw)
    except VerificationError:
        return
    assert canonical(value) == raw


def by_definition(raw: bytes) -> Json:
    """Parse, look at every value, write again, compare: what reading means, without any shortcut."""
    try:
        value: Json = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise VerificationError(str(error)) from error
    if canonical(value) != raw:
        message = "not in canonical form"
        raise VerificationError(message)
    return value


def is_read(reader: Callable[[bytes], Json], raw: bytes) -> bool:
    try:
        reader(raw)
    except VerificationError:
        return False
    return True


loose = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=30,
)


@given(loose, st.booleans(), st.booleans(), st.sampled_from([(",", ":"), (", ", ":"), (",", ": ")]))
def test_it_reads_what_the_definition_says(value: Any, escaped: bool, ordered: bool, separators: tuple[str, str]) -> None:  # noqa: ANN401, FBT001
    """Of all the ways in which Python writes JSON, the same ones are read with and without shortcuts."""
    raw = json.dumps(value, ensure_ascii=escaped, sort_keys=ordered, separators=separators).encode("utf-8", "surrogatepass")

    assert is_read(parse_strict, raw) == is_read(by_definition, raw)


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: repr(raw[:20]))
def test_the_definition_refuses_the_same(raw: bytes) -> None:
    with pytest.raises(VerificationError):
        by_definition(raw)


def test_brackets_in_a_text_are_not_levels() -> None:
    """Many brackets only mean that somebody has to look how deep they go."""
    value: Json = ["[{" * 40, [[], {}] * 20]

    assert parse_strict(canonical(value)) == value


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), {"a": 0.5}, 2**53, -(2**53), {1: 2}, {"é": 1}, b"x", (1,), {1, 2}, "\ud800", ["\udfff"], object],
    ids=repr,
)
def test_what_has_no_single_form_is_not_written(value: Json) -> None:
    with pytest.raises(VerificationError):
        canonical(value)


def test_what_contains_itself_is_not_written() -> None:
    endless: list[Json] = []
    endless.append(endless)

    with pytest.raises(VerificationError, match="nested"):
        canonical(endless)
