"""Somebody who knows the formats: signed heads, cosignatures, proofs and policies that are almost right."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.ledger.administrators import Witness, refuse_weak, standard_policy
from storage.ledger.keys import Signer, VerifierKey
from storage.ledger.policy import Policy
from storage.verifier.checkpoint import verify_checkpoint
from storage.verifier.errors import VerificationError
from storage.verifier.keys import ED25519
from storage.verifier.logdir import verify_directory
from storage.verifier.note import SignedNote
from storage.verifier.receipt import verify_receipt
from storage.verifier.steps import Outcome

from .notes import DASH, signature_lines, spoilt_notes, spoilt_proofs, thief
from .tally import Fate, Tally
from .world import ORIGIN, World, opened, signing

CLASS = "B"


@pytest.fixture
def published(small: World, tmp_path: Path) -> Path:
    """A copy of a published log under a cosigned head."""
    import shutil  # noqa: PLC0415 - here alone

    return Path(shutil.copytree(small.outside / "published", tmp_path / "log"))


@pytest.fixture(scope="module")
def key(small: World) -> Signer:
    """The log's own key."""
    with opened(small) as office:
        return signing(office)


def _is_the_same_statement(small: World, one: str, other: str) -> bool:
    """Whether two notes say the same, by the same signers, at the same times, for the verifier."""
    keys = [small.keys()[-1], *(each.key for each in small.witnesses())]
    said = verify_checkpoint(one, keys, origin=ORIGIN), verify_checkpoint(other, keys, origin=ORIGIN)
    return said[0] == said[1] and SignedNote.parse(one).text == SignedNote.parse(other).text


def test_no_head_can_be_changed(small: World, published: Path, key: Signer, tally: Tally) -> None:
    """Each byte of each signature; lines of other heads; keys of the same name, of the same key id; signed nonsense."""
    head = published / "checkpoint"
    note, older = head.read_text(), small.held()[-2]
    witnesses = [one.key for one in small.witnesses()]
    assert len(signature_lines(note)) == len(witnesses) + 1
    for name, wrong in spoilt_notes(note, key=key, older=older):
        assert wrong != note, name
        head.write_text(wrong, newline="")
        outcome = verify_directory(published, small.keys(), witnesses=witnesses).outcome
        tally.note(name, "detected" if outcome is Outcome.FAILED else None)
    tally.settle()


def test_signature_lines_in_another_order_or_by_strangers_say_nothing_else(small: World, key: Signer, tally: Tally) -> None:
    """Neutral, and proved so: the statement, who made it and when are equal. C2SP has verifiers pass over unknown keys."""
    note = small.held()[-1]
    own, *others = signature_lines(note)
    text = SignedNote.parse(note).text
    stranger = f"{DASH} stranger.example {base64.b64encode(bytes(4) + b'x' * 64).decode()}"
    neutral = {
        "cosignatures in another order": "\n".join([text, own, *reversed(others), ""]),
        "the log's own line last": "\n".join([text, *others, own, ""]),
        "a line by a stranger": f"{note}{stranger}\n",
        "a line of an older head by a key that was retired": f"{note}{signature_lines(small.held()[0])[0]}\n",
    }
    for name, changed in neutral.items():
        assert changed != note
        tally.note(name, "neutral" if _is_the_same_statement(small, note, changed) else None)
    tally.settle()


def test_no_key_that_was_not_given_is_believed(small: World, published: Path, tally: Tally) -> None:
    """An old key that is no longer given, a key of another name, a witness's key, and none at all."""
    own = small.keys()[0]
    cases = {
        "only another key of the same name": [VerifierKey.parse(thief(ORIGIN).vkey)],
        "a key of another name": [VerifierKey("other.example", ED25519, own.public)],
        "a witness's key as the log's": [small.witnesses()[0].key],
        "no key": [],
    }
    for name, keys in cases.items():
        outcome = verify_directory(published, keys).outcome
        tally.note(name, "detected" if outcome is Outcome.FAILED else None)
    tally.settle()


SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
"""The eight points of small order and spellings of them that are not canonical."""


@pytest.mark.parametrize("algorithm", [1, 4])
def test_no_key_of_small_order_is_a_key(algorithm: int, tally: Tally) -> None:
    for public in SMALL_ORDER:
        try:
            VerifierKey(ORIGIN, algorithm, bytes.fromhex(public))
            fate: Fate | None = None
        except VerificationError:
            fate = "detected"
        tally.note(f"key {public} of type {algorithm}", fate)
    tally.settle()


def test_no_proof_can_be_changed(large: World, tally: Tally) -> None:
    """Never only the size: nothing but the signed head binds it."""
    witnesses, keys = [one.key for one in large.witnesses()], large.keys()
    carried = sorted(large.outside.glob("entry-*.tlog-proof"))
    with opened(large) as office:
        newer = office.log.newest() or ""
    for path in carried:
        proof, leaf = path.read_text(), path.with_suffix(".leaf").read_bytes()
        others = [other.read_text() for other in carried if other != path]
        assert verify_receipt(proof, leaf, keys, witnesses=witnesses).outcome is Outcome.VERIFIED
        for name, wrong in spoilt_proofs(proof, others=others, newer=newer):
            assert wrong != proof, name
            outcome = verify_receipt(wrong, leaf, keys, witnesses=witnesses).outcome
            tally.note(f"{path.name}: {name}", "detected" if outcome is Outcome.FAILED else None)
    tally.settle()


def test_what_is_carried_along_in_a_proof_is_no_part_of_it(large: World, tally: Tally) -> None:
    """Neutral: C2SP lets a proof carry extra data that nobody signed; ours has none, and none is ever shown as verified."""
    path = min(large.outside.glob("entry-*.tlog-proof"))
    proof, leaf = path.read_text(), path.with_suffix(".leaf").read_bytes()
    more = proof.replace("\nindex ", "\nextra YWJj\nindex ", 1)
    assert more != proof
    witnesses = [one.key for one in large.witnesses()]
    reports = [verify_receipt(text, leaf, large.keys(), witnesses=witnesses) for text in (proof, more)]
    same = [[(step.name, step.ok, str(step.detail)) for step in report.steps] for report in reports]
    tally.note("extra data in a proof", "neutral" if same[0] == same[1] and reports[1].outcome is Outcome.VERIFIED else None)
    tally.settle()


POLICIES: dict[str, Callable[[str], str]] = {
    "nobody is needed": lambda text: text[: text.index("quorum ")] + "quorum none\n",
    "an unknown quorum": lambda text: text[: text.index("quorum ")] + "quorum nobody\n",
    "no quorum": lambda text: text[: text.index("quorum ")],
    "two quorums": lambda text: text + text[text.index("quorum ") :],
    "a witness twice": lambda text: text.replace(
        "witness ", text[text.index("witness ") :].partition("\n")[0] + "\nwitness ", 1
    ),
    "no witness": lambda text: "".join(line for line in text.splitlines(keepends=True) if not line.startswith("witness ")),
    "fewer than none": lambda text: text.replace(" 2 ", " 0 "),
    "more than there are": lambda text: text.replace(" 2 ", " 3 "),
    "a member twice": lambda text: text.replace("group ", "group again 1 procuratorate\ngroup ", 1),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "byte order mark": lambda text: f"\ufeff{text}",
    "no last line feed": lambda text: text.removesuffix("\n"),
    "a key id of another key": lambda text: text.replace("+", "+0", 1),
    "the log as a witness": lambda text: text.replace(
        "witness procuratorate ", "witness x " + _log(text) + "\nwitness procuratorate "
    ),
    "a witness as the log": lambda text: text.replace(
        "log ", "log " + text[text.index("witness ") :].split(" ")[2].split("\n")[0] + "\nlog "
    ),
    "a line of another kind": lambda text: f"trust everybody\n{text}",
}


def _log(text: str) -> str:
    return text.partition("log ")[2].partition("\n")[0]


@pytest.mark.parametrize("spoil", POLICIES.values(), ids=POLICIES)
def test_a_policy_that_was_changed_is_refused(small: World, tally: Tally, spoil: Callable[[str], str]) -> None:
    """A policy that asks for less than two offices outside is weak, and the office refuses to use it."""
    known = [Witness(one.key.name.partition(".")[0], one.key, f"{one.key.name}-a") for one in small.witnesses()]
    text = standard_policy(small.keys()[0], known, least=2).text()
    wrong = spoil(text)
    assert wrong != text
    try:
        refuse_weak(Policy.parse(wrong), known)
        fate: Fate | None = None
    except ValueError:
        fate = "detected"
    tally.note(f"policy: {wrong[:40]!r}", fate)
    tally.settle()
