"""
The same proof before five verifiers: ours and four that other people wrote, in three languages.

Whatever of a proof is changed, all five must say the same of it, but for the differences listed in `ALLOWED`, each with its
reason. A difference that is not listed fails; so does one that is listed and does not occur any more.

======================  ============================================  ====================================================
judge                   whose code                                    what it judges
======================  ============================================  ====================================================
ours                    `storage.verifier`                            everything
``proofbundle``         PyPI, Python                                  everything: it reads tlog-proof@v1 itself
``go``                  golang.org/x/mod/sumdb (Debian), Go           note, hashes, index, path; growth
``node``                @sigstore/verify (npm), JavaScript            note, index, path
``sigstore``            PyPI, Python                                  note, index, path
======================  ============================================  ====================================================

The last three have no reader of tlog-proof@v1: `taken_apart` cuts it for them at its line feeds, and leaves the rest to them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from proofbundle.checkpoint import cosign_checkpoint
from proofbundle.checkpoint import verify_checkpoint as proofbundle_opens
from proofbundle.errors import ProofBundleError
from proofbundle.merkle import verify_consistency as proofbundle_grows
from proofbundle.tlogproof import verify_tlog_proof
from pydantic import ValidationError
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore._utils import KeyID
from sigstore.errors import VerificationError as SigstoreRefused
from sigstore.models import TransparencyLogEntry
from sigstore_models.common import v1 as common
from sigstore_models.rekor import v1 as rekor

from storage.ledger.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from storage.ledger.tree import consistency_proof, root_at
from storage.verifier.checkpoint import verify_checkpoint as we_open
from storage.verifier.errors import VerificationError
from storage.verifier.growth import ConsistencyFile
from storage.verifier.merkle import verify_consistency
from storage.verifier.tlogproof import parse_proof, verify_proof
from tests.servers.referees import Referee, go_referee, npm_referee

from .conftest import ORIGIN, WITNESS, WITNESS_KEY, SmallLog, one_bit_off, reader_of, signer

KEY = VerifierKey.parse(signer().vkey)
INDEXES = (0, 42, 255, 256, 299)

EVERYBODY = frozenset({"proofbundle", "sigstore", "go", "node"})
LENIENT = frozenset({"sigstore", "node"})

_BASE64 = "the same bytes, spelled otherwise: no verifier of theirs asks for the one canonical spelling everywhere"
_INDEX = "the same number, spelled otherwise: the number is what they prove"
_FRAME = "the signed text is the same; what stands around it in the note is signed by nobody"
_EXTRA = "unsigned by definition; only ours and proofbundle read it at all"
_FOREIGN = "a line by a key nobody gave is passed over by all; how it must be spelled they see differently"
_NAME = "the name before a signature is signed by nobody; these find the key by its id alone, or by a part of the name"

ALLOWED: dict[str, tuple[frozenset[str], str]] = {
    "base64 of own signature: loose bits": (EVERYBODY, _BASE64),
    "base64 of own signature: no padding": (frozenset({"node"}), _BASE64),
    "base64 of path: loose bits": (LENIENT | {"go"}, _BASE64),
    "base64 of path: no padding": (frozenset({"node"}), _BASE64),
    "bit in path": (LENIENT | {"go"}, _BASE64),
    "line of path after a space": (LENIENT, _BASE64),
    "line of path with a space": (LENIENT, _BASE64),
    "line of path with CR": (LENIENT | {"go"}, _BASE64),
    "index spelled otherwise": (LENIENT | {"go"}, _INDEX),
    "line of index with CR": (LENIENT, _INDEX),
    "line of index with a space": (LENIENT, _INDEX),
    "line of note doubled": (LENIENT, _FRAME),
    "line of note followed by an empty line": (LENIENT, _FRAME),
    "line of own signature after a space": (LENIENT, _FRAME),
    "line of own signature doubled": (EVERYBODY, _FRAME),
    "line of own signature followed by an empty line": (frozenset({"node"}), _FRAME),
    "bytes after the end": (frozenset({"node"}), _FRAME),
    "extra line spelled otherwise": (LENIENT | {"go"}, _EXTRA),
    "bit in foreign signature": (EVERYBODY, _FOREIGN),
    "bit in own signature": (LENIENT, _NAME),
}
"""Kinds of change that we refuse and these judges accept, and why that is no harm: entry, place and head stay the same."""


@dataclass(frozen=True)
class Case:
    """A proof and a leaf, and what was done to them."""

    what: str
    """What kind of change."""
    detail: str
    proof: bytes
    leaf: bytes


@dataclass(frozen=True)
class Parts:
    """A proof cut at its line feeds, nothing looked at."""

    index: str
    path: list[str]
    note: bytes


def taken_apart(proof: bytes) -> Parts | None:
    """Cut a proof for judges that read none; None where there is nothing to cut."""
    head, blank, note = proof.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")[1:]
    except UnicodeDecodeError:
        return None
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    if not blank or not lines or not lines[0].startswith("index ") or not head.startswith(b"c2sp.org/tlog-proof@v1\n"):
        return None
    return Parts(lines[0][len("index ") :], lines[1:], note)


# --- the judges -----------------------------------------------------------------------------------------------------------


def we_accept(case: Case) -> bool:
    try:
        verify_proof(parse_proof(case.proof.decode("utf-8")), case.leaf, [KEY], origin=ORIGIN)
    except (VerificationError, UnicodeDecodeError):
        return False
    return True


def proofbundle_accepts(case: Case) -> bool:
    try:
        return bool(verify_tlog_proof(case.proof.decode("utf-8"), case.leaf, KEY.vkey, expected_origin=ORIGIN)["ok"])
    except (ProofBundleError, UnicodeDecodeError):
        return False


def sigstore_accepts(keyring: RekorKeyring, case: Case) -> bool:
    parts = taken_apart(case.proof)
    if parts is None:
        return False
    try:
        entry = in_their_form(parts, case.leaf)
        verify_merkle_inclusion(entry)
        verify_checkpoint(keyring, entry)
    except (SigstoreRefused, ValidationError, ValueError, IndexError):
        return False
    return True


def in_their_form(parts: Parts, leaf: bytes) -> TransparencyLogEntry:
    """As sigstore has it; size and root, which it wants beside the note, are those that the note claims."""
    note = parts.note.decode("utf-8")
    _, size, root = note.split("\n")[:3]
    inclusion = rekor.InclusionProof(
        log_index=parts.index,  # type: ignore[arg-type] # as their JSON has it
        root_hash=root,  # type: ignore[arg-type]
        tree_size=size,  # type: ignore[arg-type]
        hashes=list(parts.path),  # type: ignore[arg-type]
        checkpoint=rekor.Checkpoint(envelope=note),
    )
    return TransparencyLogEntry(
        rekor.TransparencyLogEntry(
            log_index=parts.index,  # type: ignore[arg-type]
            log_id=common.LogId(key_id=base64.b64encode(KEY.key_id)),
            kind_version=rekor.KindVersion(kind="hashedrekord", version="0.0.1"),
            integrated_time="0",  # type: ignore[arg-type]
            inclusion_proof=inclusion,
            canonicalized_body=base64.b64encode(leaf),
        )
    )


@pytest.fixture(scope="module")
def keyring() -> RekorKeyring:
    der = Ed25519PublicKey.from_public_bytes(KEY.public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keys = Keyring([common.PublicKey(raw_bytes=base64.b64encode(der), key_details=common.PublicKeyDetails.PKIX_ED25519)])
    keys._keyring = {KeyID(KEY.key_id): next(iter(keys._keyring.values()))}
    return RekorKeyring(keys)


@pytest.fixture(scope="module")
def go() -> Referee:
    return go_referee()


@pytest.fixture(scope="module")
def node() -> Referee:
    return npm_referee()


def asked_of_a_program(case: Case) -> dict[str, object]:
    parts = taken_apart(case.proof) or Parts("none", [], b"")
    note, leaf = (base64.b64encode(raw).decode() for raw in (parts.note, case.leaf))
    return {"vkey": KEY.vkey, "note": note, "path": parts.path, "index": parts.index, "leaf": leaf}


# --- the changes ----------------------------------------------------------------------------------------------------------


def place_of(proof: bytes, at: int) -> str:
    """What the byte at this place belongs to."""
    head = proof.index(b"\n\n")
    body = proof.index(b"\n\n", head + 2)
    if at > body + 1:
        number = proof[body + 2 : at].count(b"\n")
        return "own signature" if number == 0 else "foreign signature"
    if at >= head:
        return "note"
    return ("frame", "index", "path")[min(2, proof[:at].count(b"\n"))]


def bits(proof: bytes, leaf: bytes) -> Iterator[Case]:
    """One bit of every byte, a different one each time."""
    for at in range(len(proof)):
        yield Case(f"bit in {place_of(proof, at)}", f"byte {at}", one_bit_off(proof, 8 * at + at % 7), leaf)
    for at in range(0, len(leaf), 3):
        yield Case("leaf", f"byte {at}", proof, one_bit_off(leaf, 8 * at + at % 8))


def lines(proof: bytes, leaf: bytes) -> Iterator[Case]:
    """Every line left out, doubled, swapped with the next, and spelled otherwise."""
    cut = proof.split(b"\n")
    at = 0
    for number, line in enumerate(cut[:-1]):
        where = place_of(proof, at)
        before, after = cut[:number], cut[number + 1 :]
        for what, instead in (
            ("left out", []),
            ("doubled", [line, line]),
            ("swapped", [*after[:1], line]),
            ("with a space", [line + b" "]),
            ("after a space", [b" " + line]),
            ("with CR", [line + b"\r"]),
            ("followed by an empty line", [line, b""]),
        ):
            rest = after[1:] if what == "swapped" else after
            changed = b"\n".join([*before, *instead, *rest])
            if changed != proof:
                yield Case(f"line of {where} {what}", f"line {number}", changed, leaf)
        at += len(line) + 1


def spellings(proof: bytes, leaf: bytes) -> Iterator[Case]:
    """The same values, written otherwise."""
    index = proof.split(b"\n")[1]
    for other in (b"index +%d", b"index 0%d", b"index  %d", b"index -%d", b"index %d.0", b"index 0x%x", b"index %d_0"):
        changed = other % int(index.split()[1])
        yield Case("index spelled otherwise", changed.decode(), proof.replace(index, changed, 1), leaf)
    for step in (-1, 1, 2, 256):
        changed = b"index %d" % (int(index.split()[1]) + step)
        yield Case("another index", changed.decode(), proof.replace(index, changed, 1), leaf)
    yield Case("CRLF", "everywhere", proof.replace(b"\n", b"\r\n"), leaf)
    yield Case("byte order mark", "first", b"\xef\xbb\xbf" + proof, leaf)
    yield Case("extra line", "carried along", proof.replace(b"index", b"extra AAAA\nindex", 1), leaf)
    yield Case("extra line spelled otherwise", "not base64", proof.replace(b"index", b"extra A\nindex", 1), leaf)
    yield Case("last line feed left out", "end", proof[:-1], leaf)
    yield Case("bytes after the end", "line feed", proof + b"\n", leaf)
    yield Case("bytes after the end", "text", proof + b"x", leaf)
    yield Case("bytes after the end", "the proof again", proof + proof, leaf)
    for number, line in enumerate(proof.split(b"\n")):
        if line.endswith(b"="):
            last = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            pad = len(line) - len(line.rstrip(b"="))
            letter = last[last.index(line[-pad - 1]) ^ 1 : (last.index(line[-pad - 1]) ^ 1) + 1]
            where = place_of(proof, proof.index(line))
            for what, changed in (("loose bits", line[: -pad - 1] + letter + b"=" * pad), ("no padding", line.rstrip(b"="))):
                yield Case(f"base64 of {where}: {what}", f"line {number}", proof.replace(line, changed, 1), leaf)


def leaves(proof: bytes, leaf: bytes) -> Iterator[Case]:
    for what, changed in (("empty", b""), ("cut", leaf[:-1]), ("longer", leaf + b"\n"), ("BOM", b"\xef\xbb\xbf" + leaf)):
        yield Case("leaf", what, proof, changed)
    yield Case("leaf", "spelled otherwise", proof, leaf.replace(b'":', b'": ', 1))


def paths(proof: bytes, leaf: bytes) -> Iterator[Case]:
    """Paths longer and shorter, and in another order."""
    head, _, note = proof.partition(b"\n\n")
    first, index, *path = head.split(b"\n")
    zero = base64.b64encode(bytes(32))
    short, long = base64.b64encode(bytes(31)), base64.b64encode(bytes(33))
    for number in range(len(path) + 1):
        for what, more in (("zero", zero), ("short", short), ("long", long)):
            changed = b"\n".join([first, index, *path[:number], more, *path[number:]])
            yield Case(f"one more hash in the path: {what}", f"before {number}", changed + b"\n\n" + note, leaf)
    yield Case("path backwards", "all", b"\n".join([first, index, *path[::-1]]) + b"\n\n" + note, leaf)
    yield Case("path left out", "all", b"\n".join([first, index]) + b"\n\n" + note, leaf)


def signed_again(log: SmallLog, proof: bytes, leaf: bytes) -> Iterator[Case]:
    """What somebody with the log's key can do, and somebody with another one."""
    head, _, _ = proof.partition(b"\n\n")
    true = log.head()
    for size in (1, 2, 41, 43, 255, 256, 257, 298, 299, 301, 511, 512, 513, 2**40):
        again = sign_checkpoint(Checkpoint(ORIGIN, size, true.root), signer())
        yield Case("another size, signed by the log", str(size), head + b"\n\n" + again.encode(), leaf)
    for size in (1, 42, 43, 256, 299):
        yield Case("another head of the log", str(size), head + b"\n\n" + log.note(size).encode(), leaf)
    root = sign_checkpoint(Checkpoint(ORIGIN, 300, bytes(32)), signer())
    yield Case("another root, signed by the log", "zeros", head + b"\n\n" + root.encode(), leaf)
    stolen = sign_checkpoint(true, signer(2))
    yield Case("signed by another key of the same name", "key 2", head + b"\n\n" + stolen.encode(), leaf)
    named = sign_checkpoint(Checkpoint("elsewhere.example", 300, true.root), signer(name="elsewhere.example"))
    yield Case("a head of another log with the same key", "elsewhere", head + b"\n\n" + named.encode(), leaf)


def cosigned(proof: bytes, leaf: bytes) -> Iterator[Case]:
    """The same proof with a line by a witness nobody here knows, whole and broken."""
    head, _, note = proof.partition(b"\n\n")
    whole = head + b"\n\n" + cosign_checkpoint(note.decode(), WITNESS, WITNESS_KEY.name, 1).encode()
    yield Case("a line by a witness nobody knows", "whole", whole, leaf)
    start = whole.rindex(b"\xe2\x80\x94")
    for at in range(start, len(whole), 3):
        yield Case("bit in foreign signature", f"byte {at}", one_bit_off(whole, 8 * at + at % 7), leaf)
    own = note.split(b"\n")[-2]
    yield Case(
        "the foreign line first",
        "swapped",
        whole.replace(own, b"@").replace(whole[start:-1], own).replace(b"@", whole[start:-1]),
        leaf,
    )


def every_change(log: SmallLog, index: int) -> list[Case]:
    proof, leaf = log.proof(index).encode(), log.raws[index]
    cases = [Case("nothing", "as it is", proof, leaf), Case("another entry", "next", proof, log.raws[(index + 1) % 300])]
    for change in (lines, spellings, leaves, paths, partial(signed_again, log), cosigned, *((bits,) if index == 42 else ())):
        cases.extend(change(proof, leaf))
    return cases


@pytest.fixture(scope="module")
def cases(small_log: SmallLog) -> list[Case]:
    return [case for index in INDEXES for case in every_change(small_log, index)]


@pytest.fixture(scope="module")
def verdicts(cases: list[Case], keyring: RekorKeyring, go: Referee, node: Referee) -> Mapping[str, list[bool]]:
    """What each judge says of each case."""
    asked = list(map(asked_of_a_program, cases))
    return {
        "ours": list(map(we_accept, cases)),
        "proofbundle": list(map(proofbundle_accepts, cases)),
        "sigstore": [sigstore_accepts(keyring, case) for case in cases],
        "go": go.accepts(asked),
        "node": node.accepts(asked),
    }


def test_all_of_them_accept_an_honest_proof(cases: list[Case], verdicts: Mapping[str, list[bool]]) -> None:
    honest = [number for number, case in enumerate(cases) if case.what == "nothing"]

    assert len(honest) == len(INDEXES)
    assert all(verdict[number] for verdict in verdicts.values() for number in honest)


def test_nobody_refuses_what_we_accept(cases: list[Case], verdicts: Mapping[str, list[bool]]) -> None:
    """Ours is the strictest of the five."""
    ours = [number for number, accepted in enumerate(verdicts["ours"]) if accepted]

    assert [(name, cases[n]) for name, verdict in verdicts.items() for n in ours if not verdict[n]] == []


def test_whatever_anybody_accepts_is_the_same_entry(
    small_log: SmallLog, cases: list[Case], verdicts: Mapping[str, list[bool]]
) -> None:
    honest = {small_log.raws[index] for index in INDEXES}
    accepted = {number for verdict in verdicts.values() for number, said in enumerate(verdict) if said}

    assert len(cases) > 2000
    assert [cases[number] for number in accepted if cases[number].leaf not in honest] == []
    assert all(small_log.head().text.encode() in cases[n].proof for n in accepted if "another size" not in cases[n].what)


def test_others_accept_more_only_where_it_is_listed(cases: list[Case], verdicts: Mapping[str, list[bool]]) -> None:
    found: dict[str, set[str]] = {}
    for name, said in verdicts.items():
        for case, ours, theirs in zip(cases, verdicts["ours"], said, strict=True):
            if theirs and not ours:
                found.setdefault(case.what, set()).add(name)

    assert found == {what: set(judges) for what, (judges, _reason) in ALLOWED.items()}


# --- growth ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Growth:
    """Two heads, and a proof that the second continues the first."""

    what: str
    old: str
    new: str
    path: list[str]


def we_accept_growth(case: Growth) -> bool:
    try:
        old, new = (we_open(note, [KEY], origin=ORIGIN).checkpoint for note in (case.old, case.new))
        path = ConsistencyFile.parse("".join(f"{line}\n" for line in (f"old {old.size}", *case.path))).path
        verify_consistency(old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, path=path)
    except VerificationError:
        return False
    return True


def proofbundle_accepts_growth(case: Growth) -> bool:
    try:
        old, new = (proofbundle_opens(note, KEY.vkey) for note in (case.old, case.new))
        path = [base64.b64decode(line, validate=True) for line in case.path]
        sound = bool(old["ok"] and new["ok"])
        return sound and bool(proofbundle_grows(old["tree_size"], new["tree_size"], path, old["root"], new["root"]))
    except (ProofBundleError, ValueError):
        return False


def go_question(case: Growth) -> dict[str, object]:
    old, new = (base64.b64encode(note.encode()).decode() for note in (case.old, case.new))
    return {"vkey": KEY.vkey, "note": new, "old": old, "path": case.path, "index": "", "leaf": ""}


def growths(log: SmallLog) -> Iterator[Growth]:
    """Honest ones, and every change of the paths and heads."""
    read, note = reader_of(log.hashes), cache(log.note)
    forged = sign_checkpoint(Checkpoint(ORIGIN, 300, root_at(299, read)), signer())
    for old, new in ((1, 2), (1, 300), (2, 3), (7, 8), (64, 65), (100, 300), (128, 256), (255, 256), (256, 300), (299, 300)):
        path = [base64.b64encode(value).decode() for value in consistency_proof(old, new, read)]
        yield Growth("honest", note(old), note(new), path)
        yield Growth("the heads swapped", note(new), note(old), path)
        yield Growth("the old head for both", note(old), note(old), path)
        yield Growth("a forged head", note(old), forged, path)
        yield Growth("a head of another size", note(old + 1), note(new), path)
        yield Growth("no path", note(old), note(new), [])
        yield Growth("another key", sign_checkpoint(log.head(old), signer(2)), note(new), path)
        yield from (Growth(what, note(old), note(new), changed) for what, changed in changed_paths(path))


def changed_paths(path: list[str]) -> Iterator[tuple[str, list[str]]]:
    zero = base64.b64encode(bytes(32)).decode()
    for number, line in enumerate(path):
        before, after = path[:number], path[number + 1 :]
        yield "a hash left out", [*before, *after]
        yield "a hash doubled", [*before, line, line, *after]
        yield "a zero put before", [*before, zero, line, *after]
        for bit in (0, 77, 255):
            flipped = base64.b64encode(one_bit_off(base64.b64decode(line), bit)).decode()
            yield "a hash changed", [*before, flipped, *after]
    yield "a zero at the end", [*path, zero]
    yield "backwards", path[::-1]


def test_three_judges_of_growth_say_the_same_without_exception(small_log: SmallLog, go: Referee) -> None:
    cases = list(growths(small_log))
    ours, theirs = list(map(we_accept_growth, cases)), list(map(proofbundle_accepts_growth, cases))

    said = list(zip(ours, theirs, go.accepts(map(go_question, cases)), strict=True))
    assert [(case.what, words) for case, words in zip(cases, said, strict=True) if len(set(words)) > 1] == []
    assert {case.what for case, accepted in zip(cases, ours, strict=True) if accepted} == {"honest", "backwards"}
    assert all(accepted for case, accepted in zip(cases, ours, strict=True) if case.what == "honest")
    assert len(cases) > 200
