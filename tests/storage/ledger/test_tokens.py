"""Time-stamp tokens: read strictly, verified by two programs we did not write, and refused with the reason."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import decode_timestamp_response

from storage.ledger.checkpoint import Checkpoint
from storage.ledger.timestamp import request_for
from storage.verifier.der import INTEGER, SEQUENCE, SET, Element, read_element
from storage.verifier.errors import SignaturesUncheckable, VerificationError
from storage.verifier.tokens import _sorted_certificates, read_request, read_token, verify_token
from tests.servers.tsa_server import Authority, about_something_else, sequence, verified_by_openssl, with_another_nonce

HEAD = Checkpoint("office.example/yihu/station-7", 88140, b"r" * 32)
MOMENT = datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC)

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.fixture(scope="module")
def request_() -> bytes:
    return request_for(HEAD)


@pytest.fixture(scope="module")
def reply(authority: Authority, request_: bytes) -> bytes:
    return authority.stamp(request_)


def refused(reply: bytes, authority: Authority, **changes: object) -> str:
    with pytest.raises(VerificationError) as error:
        verify_token(reply, HEAD.text, authority.roots, **changes)  # type: ignore[arg-type] # a nonce
    return str(error.value)


def test_a_token_says_when_and_who(authority: Authority, reply: bytes, request_: bytes) -> None:
    imprint, nonce = read_request(request_)
    token = verify_token(reply, HEAD.text, authority.roots, nonce=nonce)

    assert token.imprint == imprint
    assert token.accuracy_ms == 1501  # 1 s, 500 ms and 100 µs
    assert token.policy == "1.3.6.1.4.1.99999.1"
    assert len(token.authority) == 64


def test_what_is_read_here_is_what_the_library_reads(authority: Authority, request_: bytes) -> None:
    for reply in (authority.stamp(request_), authority.stamp_at(request_, MOMENT)):
        token = read_token(reply)
        theirs = decode_timestamp_response(_sorted_certificates(reply)).tst_info

        assert token.imprint == theirs.message_imprint.message
        assert (token.serial, token.nonce, token.policy) == (theirs.serial_number, theirs.nonce, theirs.policy.dotted_string)
        assert token.time[:19] == theirs.gen_time.isoformat()[:19]


def test_a_stranger_verifies_it_with_openssl_alone(authority: Authority, request_: bytes, tmp_path: Path) -> None:
    text, file, other = tmp_path / "checkpoint.txt", tmp_path / "token.tsr", tmp_path / "other.txt"
    text.write_text(HEAD.text)
    other.write_text(replace(HEAD, size=88141).text)
    for reply in (authority.stamp(request_), authority.stamp_at(request_, MOMENT)):
        file.write_bytes(reply)
        assert verified_by_openssl(file, text, authority.roots_file)
        assert not verified_by_openssl(file, other, authority.roots_file)


def test_certificates_in_any_order_are_fine(authority: Authority, reply: bytes) -> None:
    """Authorities built on OpenSSL send the signer's first; the order is not under the signature."""
    status, granted = read_element(reply, SEQUENCE).children()
    kind, content = granted.children()
    parts = list(content.only(SEQUENCE).children())
    chain = parts[3].children()
    assert len(chain) == 3
    for order in (chain, chain[::-1], (*chain[1:], chain[0])):
        parts[3] = Element(0xA0, b"".join(one.raw for one in order))
        inner = Element(0xA0, sequence(*parts).raw)
        assert verify_token(sequence(status, sequence(kind, inner)).raw, HEAD.text, authority.roots) == read_token(reply)


def test_what_is_wrong_is_named(authority: Authority, reply: bytes, request_: bytes, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "Other")

    assert "status 2 (Message digest algorithm is not supported.)" in refused(
        authority.stamp(request_, digests="sha512"), authority
    )
    assert "imprint" in refused(authority.stamp(about_something_else(request_)), authority)
    assert "nonce" in refused(authority.stamp(with_another_nonce(request_)), authority, nonce=read_request(request_)[1])
    assert "chain does not hold" in refused(other.stamp(request_), authority)
    assert "chain does not hold" in refused(authority.stamp_at(request_, datetime(2019, 1, 1, tzinfo=UTC)), authority)
    assert "not strict DER" in refused(reply[:-1], authority)
    assert "not strict DER" in refused(reply + b"\0", authority)
    assert "not of the form" in refused(b"\0" * 70_000, authority)
    assert "not of the form" in refused(sequence(sequence(Element(INTEGER, b"\0"))).raw, authority)
    with pytest.raises(VerificationError, match="not certificates in PEM"):
        verify_token(reply, HEAD.text, b"nonsense")
    with pytest.raises(VerificationError, match="signer is not in it"):
        read_token(without_certificates(reply))


def without_certificates(reply: bytes) -> bytes:
    status, granted = read_element(reply, SEQUENCE).children()
    kind, content = granted.children()
    parts = [part for part in content.only(SEQUENCE).children() if part.tag != 0xA0]
    return sequence(status, sequence(kind, Element(0xA0, sequence(*parts).raw))).raw


def test_a_certificate_for_other_purposes_stamps_nothing(authority: Authority, request_: bytes) -> None:
    """It is under the root all right, and would be believed if only the chain were looked at."""
    reply = authority.stamp_at(request_, MOMENT, signer="clerk")

    assert "chain does not hold" in refused(reply, authority)


def test_a_bit_the_other_way_is_noticed_or_changes_nothing(authority: Authority, reply: bytes) -> None:
    """Certificates that are not the signer's, and what stands beside the signature, are not under it: then it says the same."""
    draw, honest = random.Random(len(reply)), read_token(reply)
    for _ in range(150):
        changed = bytearray(reply)
        changed[draw.randrange(len(reply))] ^= 1 << draw.randrange(8)
        try:
            token = verify_token(bytes(changed), HEAD.text, authority.roots)
        except VerificationError:
            continue
        assert token == honest


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
def test_whatever_is_done_to_its_structure_it_is_refused_or_says_the_same(authority: Authority, reply: bytes) -> None:
    """Elements taken away, doubled, of another sort, with other contents, and every length right again."""
    draw, honest = random.Random(3161), read_token(reply)
    refusals = set()
    for _ in range(600):
        changed = mutated(read_element(reply, SEQUENCE), draw).raw
        try:
            assert verify_token(changed, HEAD.text, authority.roots) == honest
        except VerificationError as error:
            refusals.add(error.message)
    assert len(refusals) >= 5


def mutated(element: Element, draw: random.Random) -> Element:
    try:
        parts = list(element.children()) if element.tag & 0x20 else []
    except VerificationError:
        parts = []
    if not parts:
        return Element(element.tag, draw.choice([b"", draw.randbytes(20), element.content[:-1] + draw.randbytes(1)]))
    place = draw.randrange(len(parts))
    match draw.randrange(12):
        case 0:
            parts.pop(place)
        case 1:
            parts.insert(place, draw.choice(parts))
        case 2:
            parts[place] = Element(draw.choice([2, 3, 4, 5, 6, 24, 48, 49, 160, 161]), parts[place].content)
        case _:
            parts[place] = mutated(parts[place], draw)
    return Element(element.tag, b"".join(part.raw for part in parts))


def test_without_the_library_all_but_the_signature_is_verified(
    authority: Authority, reply: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)

    with pytest.raises(SignaturesUncheckable, match="openssl ts -verify"):
        verify_token(reply, HEAD.text, authority.roots)
    with pytest.raises(VerificationError, match="imprint") as error:
        verify_token(reply, "another text\n", authority.roots)
    assert type(error.value) is VerificationError


elements: st.SearchStrategy[Element] = st.recursive(
    st.builds(Element, st.sampled_from([INTEGER, 4, 6, 12, 24]), st.binary(max_size=300)),
    lambda inner: st.builds(
        lambda tag, parts: Element(tag, b"".join(part.raw for part in parts)),
        st.sampled_from([SEQUENCE, SET, 0xA0]),
        st.lists(inner, max_size=5),
    ),
    max_leaves=20,
)


@given(elements)
def test_an_element_is_read_as_it_was_written(element: Element) -> None:
    again = read_element(element.raw, element.tag)

    assert again == element
    if element.tag in {SEQUENCE, SET, 0xA0}:
        assert b"".join(child.raw for child in again.children()) == element.content


@given(st.binary(max_size=80) | elements.map(lambda element: element.raw))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    """What is read has only one spelling: the one it came in."""
    for read in (read_token, read_request):
        with pytest.raises(VerificationError):
            read(raw)
    try:
        assert read_element(raw, raw[0] if raw else 0).raw == raw
    except VerificationError:
        return


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x30", b"\x30\x80\0\0", b"\x30\x81\x01\0", b"\x30\x82\0\x80" + bytes(128), b"\x30\x84\0\0\0\1\0", b"\x3f\x01\0"],
    ids=["nothing", "no length", "until further notice", "too long a length", "a zero in front", "four octets", "long tag"],
)
def test_only_the_shortest_spelling_is_read(raw: bytes) -> None:
    with pytest.raises(VerificationError, match="not strict DER"):
        read_element(raw, raw[0] if raw else 0)


@pytest.mark.parametrize("content", [b"", b"\x80", b"\xff", b"\0\x7f"], ids=["empty", "negative", "minus one", "padded"])
def test_only_natural_numbers_in_their_shortest_form_are_read(content: bytes) -> None:
    with pytest.raises(VerificationError):
        Element(INTEGER, content).integer()


def test_object_identifiers_are_read() -> None:
    assert Element(6, bytes.fromhex("2a864886f70d010702")).dotted() == "1.2.840.113549.1.7.2"
    assert Element(6, bytes.fromhex("883703")).dotted() == "2.999.3"
    for wrong in (b"", b"\x2a\x86"):
        with pytest.raises(VerificationError):
            Element(6, wrong).dotted()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("20261122080001Z", "2026-11-22T08:00:01.000Z"),
        ("20261122080001.5Z", "2026-11-22T08:00:01.500Z"),
        ("20261122080001.123456Z", "2026-11-22T08:00:01.123Z"),
    ],
)
def test_times_are_cut_to_milliseconds(reply: bytes, written: str, read: str) -> None:
    assert read_token(with_time(reply, written)).time == read


@pytest.mark.parametrize(
    "written", ["20261322080001Z", "202611220800Z", "20261122080001", "20261122080001+0800", "20261122080061Z"]
)
def test_a_time_of_another_form_is_refused(reply: bytes, written: str) -> None:
    with pytest.raises(VerificationError):
        read_token(with_time(reply, written))


def with_time(reply: bytes, written: str) -> bytes:
    status, granted = read_element(reply, SEQUENCE).children()
    kind, content = granted.children()
    parts = list(content.only(SEQUENCE).children())
    what, octets = parts[2].children()
    info = list(read_element(octets.only(4).content, SEQUENCE).children())
    info[4] = Element(24, written.encode())
    parts[2] = sequence(what, Element(0xA0, Element(4, sequence(*info).raw).raw))
    return sequence(status, sequence(kind, Element(0xA0, sequence(*parts).raw))).raw
