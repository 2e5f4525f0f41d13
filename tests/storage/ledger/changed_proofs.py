"""A proof and its entry, changed in every way that came to mind: bits, lines, spellings, paths, heads signed again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from proofbundle.checkpoint import cosign_checkpoint

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint

from .conftest import ORIGIN, WITNESS, WITNESS_KEY, SmallLog, one_bit_off, signer


@dataclass(frozen=True)
class Case:
    """A proof and a leaf, and what was done to them."""

    what: str
    """What kind of change."""
    detail: str
    proof: bytes
    leaf: bytes


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
