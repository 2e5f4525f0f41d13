"""Signed notes, as C2SP signed-note says: nothing counts until it is signed, and a note is written in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import LedgerError
from storage.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from storage.ledger.keys import VerifierKey
from storage.verifier import VerificationError
from storage.verifier.note import MOST_SIGNATURES, SignedNote, open_note

from .conftest import EXAMPLE_KEY, ORIGIN, one_bit_off, signer

EXAMPLE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

HEAD = Checkpoint(ORIGIN, 88141, bytes(range(32)))
KEY = VerifierKey.parse(signer().vkey)
NOTE = sign_checkpoint(HEAD, signer())


def test_the_note_of_the_specification_opens() -> None:
    opened = open_note(EXAMPLE, [VerifierKey.parse(EXAMPLE_KEY)])

    assert opened.text == "This is an example message.\n"
    assert opened.signers == ("example.com/foo",)


def test_a_signed_checkpoint_opens_with_the_logs_key() -> None:
    assert open_checkpoint(NOTE, [KEY], origin=ORIGIN) == HEAD
    assert NOTE.startswith(f"{ORIGIN}\n88141\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n\u2014 {ORIGIN} ")


def test_every_flipped_bit_of_a_signed_checkpoint_is_refused() -> None:
    raw = NOTE.encode()
    for bit in range(8 * len(raw)):
        changed = one_bit_off(raw, bit).decode("utf-8", "surrogateescape")
        with pytest.raises(LedgerError):
            open_checkpoint(changed, [KEY], origin=ORIGIN)


@given(st.data())
def test_every_changed_inserted_or_missing_byte_of_a_checkpoint_is_refused(data: st.DataObject) -> None:
    raw = NOTE.encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 3)))
    changed = raw[:start] + data.draw(st.binary(max_size=3)) + raw[end:]
    if changed == raw:
        return

    with pytest.raises(LedgerError):
        open_checkpoint(changed.decode("utf-8", "surrogateescape"), [KEY], origin=ORIGIN)


@given(st.text(max_size=200))
def test_whatever_is_opened_as_a_note_is_refused_in_an_orderly_way(text: str) -> None:
    with pytest.raises(LedgerError):
        open_checkpoint(text, [KEY], origin=ORIGIN)


def line_of(note: str) -> str:
    return note.split("\n\n")[1]


TEXT = HEAD.text
LINE = line_of(NOTE)
MALFORMED = {
    "no signature": TEXT + "\n",
    "no empty line": TEXT + LINE,
    "no text": "\n\n" + LINE,
    "no last line feed": NOTE[:-1],
    "two line feeds at the end": NOTE + "\n",
    "the same line twice": NOTE + LINE,
    "a line of something else": NOTE + "hello\n",
    "a hyphen for the dash": NOTE.replace("\u2014", "-"),
    "CRLF": NOTE.replace("\n", "\r\n"),
    "a tab": NOTE.replace(" ", "\t"),
    "two spaces": NOTE.replace(ORIGIN + " ", ORIGIN + "  "),
    "no name": TEXT + "\n\u2014 " + LINE.split()[2] + "\n",
    "a name with plus": NOTE + "\u2014 a+b AAAAAAAA\n",
    "a name with a wide space": NOTE + "\u2014 a\u3000b AAAAAAAA\n",
    "key id only": NOTE + "\u2014 a AAAAAA==\n",
    "base64 without padding": NOTE[:-2] + "\n",
    "base64 of the URL kind": NOTE + "\u2014 a _____w==\n",
    "base64 with a stray bit": NOTE + "\u2014 a AAAAAAB=\n",
    "too many lines": NOTE + "".join(f"\u2014 a{n} AAAAAAAA\n" for n in range(MOST_SIGNATURES)),
}


@pytest.mark.parametrize("note", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_exactly_a_signed_note_is_refused(note: str) -> None:
    with pytest.raises(VerificationError):
        SignedNote.parse(note)
