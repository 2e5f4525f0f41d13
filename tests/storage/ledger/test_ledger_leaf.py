"""Leaves: one entry, one sequence of bytes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import LedgerError
from storage.ledger.leaf import LARGEST_LEAF, Leaf, LeafTooLarge, canonical
from storage.verifier import VerificationError
from storage.verifier.leaves import LeafRecord, read_fields, read_leaf
from storage.verifier.strict import DEEPEST

LEAF = Leaf(
    log="office.example/yihu/station-7",
    seq=88140,
    at=datetime(2026, 11, 21, 22, 29, 50, 123000, tzinfo=UTC),
    type="SECURED",
    subject="clip:01JD0000000000000000000000",
    actor="dock:01JC0000000000000000000000",
    role="dock",
    body={"size": 1794212331, "备注".encode().hex(): "现场检查"},
    commitments=(("case", "0" * 64), ("officer", "1" * 64)),
    previous=(88123, b"\x02" * 32),
    stepped_back_ms=5,
)
BYTES = (
    b'{"act":{"k":"dock:01JC0000000000000000000000","role":"dock"},"alg":"jcs/1","back":5,"body":{"e5a487e6b3a8":"'
    + "现场检查".encode()
    + b'","size":1794212331},"log":"office.example/yihu/station-7","pii":[{"c":"'
    + b"0" * 64
    + b'","f":"case"},{"c":"'
    + b"1" * 64
    + b'","f":"officer"}],"prev":{"leaf":"'
    + b"02" * 32
    + b'","seq":88123},"seq":88140,"sub":"clip:01JD0000000000000000000000","t":"2026-11-21T22:29:50.123Z",'
    + b'"type":"SECURED","v":1}'
)

leaves = st.builds(
    Leaf,
    log=st.from_regex(r"[!-*,-~]{1,40}", fullmatch=True),
    seq=st.integers(10, 2**53 - 1),
    at=st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001 — strategy bounds are naive
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    type=st.from_regex(r"[A-Z][A-Z_]{1,39}", fullmatch=True),
    subject=st.from_regex(r"[a-z]{1,20}:[0-9A-Za-z]{1,64}", fullmatch=True),
    actor=st.from_regex(r"[a-z]{1,20}:[0-9A-Za-z]{1,64}", fullmatch=True),
    role=st.from_regex(r"[a-z]{1,20}", fullmatch=True),
    body=st.dictionaries(
        st.text(st.characters(codec="ascii"), max_size=5), st.text(max_size=5) | st.integers(-9, 9), max_size=4
    ),
    commitments=st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), st.just("a" * 64), max_size=3).map(
        lambda found: tuple(sorted(found.items()))
    ),
    previous=st.none() | st.tuples(st.integers(0, 9), st.binary(min_size=32, max_size=32)),
    stepped_back_ms=st.integers(0, 10_000),
)


def test_a_leaf_is_these_very_bytes() -> None:
    """The form is frozen: proofs given out today must verify for ever."""
    assert LEAF.encode() == BYTES
    assert Leaf.decode(BYTES) == LEAF
    assert LEAF.hash == hashlib.sha256(b"\0" + BYTES).digest()


def test_what_is_not_so_is_not_said() -> None:
    plain = replace(LEAF, previous=None, stepped_back_ms=0, commitments=())

    assert json.loads(plain.encode()).keys() == {"act", "alg", "body", "log", "pii", "seq", "sub", "t", "type", "v"}


@given(leaves)
def test_a_leaf_reads_back_as_itself(leaf: Leaf) -> None:
    assert Leaf.decode(leaf.encode()) == leaf


@given(leaves, st.data())
def test_a_changed_byte_is_refused_or_is_another_leaf(leaf: Leaf, data: st.DataObject) -> None:
    """No two sequences of bytes are the same leaf."""
    raw = leaf.encode()
    place, value = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 255))
    changed = raw[:place] + bytes([value]) + raw[place + 1 :]
    try:
        read = Leaf.decode(changed)
    except LedgerError:
        return
    assert read.encode() == changed
    assert (read == leaf) == (changed == raw)


def changed(**changes: Any) -> bytes:  # noqa: ANN401 — whatever a stranger writes
    """The leaf with other values; None takes a key away."""
    envelope = {**json.loads(BYTES), **changes}
    return canonical({key: value for key, value in envelope.items() if value is not None})


WRONG = {
    "unknown key": {"x": 1},
    "missing type": {"type": None},
    "missing pii": {"pii": None},
    "other algorithm": {"alg": "jcs/2"},
    "other version": {"v": 2},
    "version true": {"v": True},
    "version as text": {"v": "1"},
    "log with a space": {"log": "a b"},
    "log with a plus": {"log": "a+b"},
    "log not text": {"log": 1},
    "number negative": {"seq": -1},
    "number as text": {"seq": "1"},
    "number true": {"seq": True},
    "time without milliseconds": {"t": "2026-11-21T22:29:50Z"},
    "time with offset": {"t": "2026-11-21T22:29:50.123+00:00"},
    "time that never was": {"t": "2026-02-30T00:00:00.000Z"},
    "time with a leap second": {"t": "2026-06-30T23:59:60.000Z"},
    "time as number": {"t": 1},
    "type in small letters": {"type": "secured"},
    "subject without kind": {"sub": "01JD"},
    "subject with a name": {"sub": "officer:张三"},
    "actor with another key": {"act": {"k": "dock:1", "name": "x", "role": "dock"}},
    "actor as text": {"act": "dock:1"},
    "role in capitals": {"act": {"k": "dock:1", "role": "DOCK"}},
    "body as list": {"body": []},
    "no step back at all": {"back": 0},
    "step back negative": {"back": -1},
    "commitments not sorted": {"pii": [{"c": "0" * 64, "f": "b"}, {"c": "0" * 64, "f": "a"}]},
    "commitments doubled": {"pii": [{"c": "0" * 64, "f": "a"}, {"c": "1" * 64, "f": "a"}]},
    "commitment in capitals": {"pii": [{"c": "A" * 64, "f": "a"}]},
    "commitment cut": {"pii": [{"c": "0" * 63, "f": "a"}]},
    "commitment with its value": {"pii": [{"c": "0" * 64, "f": "a", "value": 1}]},
    "commitments as object": {"pii": {}},
    "previous later": {"prev": {"leaf": "0" * 64, "seq": 88140}},
    "previous cut": {"prev": {"leaf": "0" * 62, "seq": 1}},
    "previous without number": {"prev": {"leaf": "0" * 64}},
    "previous as list": {"prev": []},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_leaf_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    raw = changed(**changes)
    with pytest.raises(LedgerError) as refusal:
        Leaf.decode(raw)
    # the shortcut leaves it to the other reader to say why
    with pytest.raises(VerificationError, match=re.escape(str(refusal.value))):
        read_fields(raw)


def read_by(reader: Callable[[bytes], LeafRecord], raw: bytes) -> LeafRecord | None:
    """What *reader* makes of these bytes; None where it refuses them."""
    try:
        return reader(raw)
    except VerificationError:
        return None


@given(leaves)
def test_the_shortcut_reads_what_is_read_field_by_field(leaf: Leaf) -> None:
    raw = leaf.encode()

    assert read_leaf(raw) == read_fields(raw)


PIECES = [b" ", b"\n", b"\xff", *rb'{ } [ ] " , : 0 - . \ \u0041 1e3 true null'.split()]
PIECES += [BYTES[place : place + length] for place in range(0, len(BYTES), 7) for length in (1, 9, 40)]


@given(leaves, st.data())
def test_the_shortcut_refuses_what_is_refused_field_by_field(leaf: Leaf, data: st.DataObject) -> None:
    """Whatever is cut out of a leaf, put into it or written over it."""
    raw = leaf.encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        end = start + data.draw(st.sampled_from([0, 0, 1, 2, 30]))
        raw = raw[:start] + data.draw(st.sampled_from([b"", *PIECES])) + raw[end:]

    assert read_by(read_leaf, raw) == read_by(read_fields, raw)


@pytest.mark.parametrize(
    "body",
    [
        {"x": 'a"},"log":"office.example/yihu/station-7","pii":[],"seq":1,"sub":"clip:1"'},
        {"body": {"a": 1}, "log": "b", "pii": [], "seq": 1, "sub": "clip:1", "t": "x", "type": "SECURED", "v": 1},
        {"a": "\n\r\t\x00\x1f\x7f\u2028"},
        {"备注".encode().hex(): "{[{[" * 20},
    ],
    ids=["looks like the end", "looks like a leaf", "control characters", "brackets in text"],
)
def test_a_body_may_look_like_the_rest_of_a_leaf(body: dict[str, Any]) -> None:
    raw = replace(LEAF, body=body).encode()

    assert read_leaf(raw) == read_fields(raw)
    assert read_leaf(raw).body == body


@pytest.mark.parametrize(("levels", "is_read"), [(DEEPEST - 1, True), (DEEPEST, False)])
@pytest.mark.parametrize("bracket", ["list", "object"])
def test_a_body_is_as_deep_as_the_whole_leaf_may_be(bracket: str, levels: int, *, is_read: bool) -> None:
    inner = "[" * (levels - 1) + "]" * (levels - 1) if bracket == "list" else '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)
    body = f'{{"x":{inner}}}' if bracket == "list" else inner
    raw = replace(LEAF, body={}).encode().replace(b'"body":{}', f'"body":{body}'.encode())

    assert (read_by(read_leaf, raw) is not None, read_by(read_fields, raw) is not None) == (is_read, is_read)


def test_a_leaf_that_is_no_object_is_refused() -> None:
    with pytest.raises(LedgerError):
        Leaf.decode(b"[]")


@pytest.mark.parametrize(
    "changes",
    [
        {"body": {"size": 1.5}},
        {"body": {"大小": 1}},
        {"type": "secured"},
        {"commitments": (("officer", "1" * 64), ("case", "0" * 64))},
        {"previous": (88140, b"\0" * 32)},
        {"previous": (1, b"\0" * 31)},
        {"seq": 2**53},
        {"stepped_back_ms": -1},
        {"subject": "张三"},
    ],
    ids=repr,
)
def test_what_no_reader_would_accept_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(LedgerError, match="leaf"):
        replace(LEAF, **changes).encode()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 21, 22, 29, 50, 123456, tzinfo=UTC),
        datetime(2026, 11, 21, 22, 29, 50, tzinfo=timezone(timedelta(hours=8))),
        datetime(2026, 11, 21, 22, 29, 50),  # noqa: DTZ001 — that is what is refused
    ],
    ids=["microseconds", "another zone", "naive"],
)
def test_a_leaf_has_a_time_in_utc_and_whole_milliseconds(moment: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        replace(LEAF, at=moment)


def test_a_leaf_is_at_most_4096_bytes() -> None:
    room = LARGEST_LEAF - len(replace(LEAF, body={"x": ""}).encode())
    largest = replace(LEAF, body={"x": "a" * room})

    assert len(largest.encode()) == LARGEST_LEAF
    too_large = replace(LEAF, body={"x": "a" * (room + 1)})
    with pytest.raises(LeafTooLarge):
        too_large.encode()
    with pytest.raises(LeafTooLarge):
        Leaf.decode(canonical(too_large._envelope()))


def test_a_stranger_reads_leaves_up_to_what_a_bundle_holds() -> None:
    """Should the policy ever change, old verifiers still read new leaves."""
    fits = canonical(replace(LEAF, body={"x": "a" * 60_000})._envelope())
    too_large = canonical(replace(LEAF, body={"x": "a" * 65_536})._envelope())

    assert read_leaf(fits).seq == LEAF.seq
    with pytest.raises(VerificationError, match="size"):
        read_leaf(too_large)


def test_the_body_of_a_leaf_cannot_be_changed_afterwards() -> None:
    body: dict[str, Any] = {"size": 1}
    leaf = replace(LEAF, body=body)
    body["size"] = 2

    assert leaf.body == {"size": 1}
    with pytest.raises(TypeError):
        leaf.body["size"] = 3  # type: ignore[index] # that is what is refused
