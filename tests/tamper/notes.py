"""What can be done to signed notes and proofs by somebody who knows exactly what is in them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import FileSigner, Signer
from storage.verifier.keys import KEY_ID_BYTES, VerifierKey
from storage.verifier.note import SignedNote

DASH = "\u2014"


def thief(name: str) -> Signer:
    """A key of somebody else's under the name of the log."""
    return FileSigner(Ed25519PrivateKey.from_private_bytes(b"t" * 32), name=name)


def spoilt_notes(note: str, *, key: Signer, older: str) -> Iterator[tuple[str, str]]:
    """
    Name and text of every way to spoil a cosigned checkpoint.

    *key* is the log's own: some notes are rightly signed and are none of a log. *older* is an earlier one of the same log.
    """
    yield from _text(note)
    yield from _signature_bytes(note)
    yield from _lines(note, older)
    yield from _keys(note, key)
    yield from _signed_but_no_head(note, key)


def _text(note: str) -> Iterator[tuple[str, str]]:
    origin, size, root = note.split("\n")[:3]
    for what, new in {
        "another origin": f"{origin}x",
        "origin in capitals": origin.upper(),
        "origin with a space": f"{origin} ",
        "no origin": "",
    }.items():
        yield what, note.replace(f"{origin}\n", f"{new}\n", 1)
    for new in (str(int(size) + 1), str(int(size) - 1), f"0{size}", f"+{size}", f" {size}", "0", "-1", f"{size}.0", "1" * 17):
        yield f"size {new}", note.replace(f"\n{size}\n", f"\n{new}\n", 1)
    raw = base64.b64decode(root)
    for place in range(0, len(raw), 5):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        yield f"root byte {place}", note.replace(root, base64.b64encode(changed).decode(), 1)
    for what, new in {
        "root without padding": root.rstrip("="),
        "root with loose bits": _loose(root),
        "root too short": base64.b64encode(raw[:-1]).decode(),
        "root too long": base64.b64encode(raw + b"x").decode(),
        "root with a space": f"{root} ",
        "no root": "",
    }.items():
        yield what, note.replace(root, new, 1)


def _loose(encoded: str) -> str:
    """The same bytes in another spelling: bits that no byte needs are not zero."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = encoded.rstrip("=")
    last = alphabet[alphabet.index(body[-1]) + 1]
    assert base64.b64decode(body[:-1] + last + "=" * (len(encoded) - len(body))) == base64.b64decode(encoded)
    return body[:-1] + last + "=" * (len(encoded) - len(body))


def _signature_bytes(note: str) -> Iterator[tuple[str, str]]:
    """Every byte of every signature: key id, time of a cosignature, and the signature itself."""
    for number, line in enumerate(signature_lines(note)):
        head, _, encoded = line.rpartition(" ")
        raw = base64.b64decode(encoded)
        for place in range(len(raw)):
            changed = raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :]
            yield f"signature {number} byte {place}", note.replace(line, f"{head} {base64.b64encode(changed).decode()}")
        yield f"signature {number} cut", note.replace(line, f"{head} {base64.b64encode(raw[:-1]).decode()}")
        yield f"signature {number} lengthened", note.replace(line, f"{head} {base64.b64encode(raw + b'x').decode()}")
        yield f"signature {number} with a space", note.replace(line, f"{line} ")
        yield f"signature {number} under another name", note.replace(line, line.replace(" ", " x", 1))
        if encoded.endswith("="):
            yield f"signature {number} with loose bits", note.replace(line, f"{head} {_loose(encoded)}")


def _lines(note: str, older: str) -> Iterator[tuple[str, str]]:
    lines = signature_lines(note)
    for number, line in enumerate(lines):
        yield f"line {number} twice", note.replace(f"{line}\n", f"{line}\n{line}\n")
        yield f"line {number} gone", note.replace(f"{line}\n", "")
        yield f"line {number} with a hyphen", note.replace(line, line.replace(DASH, "-"))
    for number, line in enumerate(signature_lines(older)):
        yield f"line {number} of an older head", note.replace(lines[number], line)
        yield f"line {number} of an older head besides", note + f"{line}\n"
    yield "no empty line", note.replace("\n\n", "\n", 1)
    yield "two empty lines", note.replace("\n\n", "\n\n\n", 1)
    yield "an empty line at the end", note + "\n"
    yield "no last line feed", note.removesuffix("\n")
    yield "carriage returns", note.replace("\n", "\r\n")
    yield "byte order mark", f"\ufeff{note}"
    yield "an extension line", note.replace("\n\n", "\nextension\n\n", 1)
    yield "no signature", note.partition("\n\n")[0] + "\n\n"
    yield "a tabulator", note.replace(" ", "\t", 1)


def _keys(note: str, key: Signer) -> Iterator[tuple[str, str]]:
    text = SignedNote.parse(note).text
    own = signature_lines(note)[0]
    other = thief(key.name)
    foreign = sign_checkpoint(Checkpoint.parse(text), other)
    line = signature_lines(foreign)[0]
    yield "signed by a key of the same name", note.replace(own, line)
    raw = base64.b64decode(line.rpartition(" ")[2])
    collision = VerifierKey.parse(key.vkey).key_id + raw[KEY_ID_BYTES:]
    yield (
        "signed by a key of the same name and key id",
        note.replace(own, f"{DASH} {key.name} {base64.b64encode(collision).decode()}"),
    )
    # the identity as R, zero as S: what a key of small order lets through for every text
    forged = VerifierKey.parse(key.vkey).key_id + bytes([1]) + bytes(63)
    yield (
        "a signature that fits keys of small order",
        note.replace(own, f"{DASH} {key.name} {base64.b64encode(forged).decode()}"),
    )


def _signed_but_no_head(note: str, key: Signer) -> Iterator[tuple[str, str]]:
    """Rightly signed by the log's own key, and yet nothing that a log says."""
    text = SignedNote.parse(note).text
    origin, size, root, _ = text.split("\n")
    for what, new in {
        "an extension line, signed": f"{text}extension\n",
        "size with a zero in front, signed": f"{origin}\n0{size}\n{root}\n",
        "another origin, signed": f"{origin}-2\n{size}\n{root}\n",
        "two lines, signed": f"{origin}\n{size}\n",
        "root too short, signed": f"{origin}\n{size}\n{base64.b64encode(bytes(31)).decode()}\n",
        "size one less, signed": f"{origin}\n{int(size) - 1}\n{root}\n",
        "size one more, signed": f"{origin}\n{int(size) + 1}\n{root}\n",
        "another root, signed": f"{origin}\n{size}\n{base64.b64encode(bytes(32)).decode()}\n",
        "an empty log, signed": f"{origin}\n0\n{root}\n",
    }.items():
        raw = VerifierKey.parse(key.vkey).key_id + key.sign(new.encode())
        yield what, f"{new}\n{DASH} {key.name} {base64.b64encode(raw).decode()}\n"


def signature_lines(note: str) -> list[str]:
    """The lines below a note."""
    return note.partition("\n\n")[2].splitlines()


def spoilt_proofs(proof: str, *, others: list[str], newer: str) -> Iterator[tuple[str, str]]:
    """Name and text of every way to spoil a proof; *others* are proofs of other entries, *newer* another head of the log."""
    head, _, note = proof.partition("\n\n")
    first, index, *path = head.split("\n")

    def made(index: str = index, path: list[str] = path, note: str = note, first: str = first) -> str:
        return "\n".join([first, index, *path]) + f"\n\n{note}"

    number = int(index.removeprefix("index "))
    for wrong in {str(number + 1), str(number - 1), "0" if number else "2", f"0{number}", f"+{number}", f"{number} ", "9" * 15}:
        yield f"index {wrong}", made(index=f"index {wrong}")
    for place, line in enumerate(path):
        raw = base64.b64decode(line)
        rest = path[:place], path[place + 1 :]
        yield f"path {place} dropped", made(path=[*rest[0], *rest[1]])
        yield f"path {place} twice", made(path=[*rest[0], line, line, *rest[1]])
        yield f"path {place} changed", made(path=[*rest[0], base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode(), *rest[1]])
        yield f"path {place} with loose bits", made(path=[*rest[0], _loose(line), *rest[1]])
        if place:
            swapped = [*path[: place - 1], line, path[place - 1], *path[place + 1 :]]
            yield f"path {place} swapped with the one before", made(path=swapped)
    yield "path longer by a zero hash", made(path=[*path, base64.b64encode(bytes(32)).decode()])
    yield "no path", made(path=[])
    yield "another version", made(first="c2sp.org/tlog-proof@v2")
    yield "an empty line more", made(path=[*path, ""])
    yield "another head of the log", made(note=newer)
    for at, other in enumerate(others):
        yield f"the path of proof {at}", made(path=other.partition("\n\n")[0].split("\n")[2:])
        yield f"proof {at} instead", other
