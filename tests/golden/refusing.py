"""What is refused for ever: honest evidence changed in one way each, under a name that says the way."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import FileSigner
from storage.verifier.keys import ED25519, key_id
from storage.verifier.strict import canonical

from .growing import Grown, handing_over
from .judging import Case
from .recording import FIRST, ORIGIN, SECOND, GoldenLog, cosigned, key_of

Put: TypeAlias = Callable[[str, "bytes | str"], None]
Made: TypeAlias = "dict[str, bytes | str]"
"""Content by name."""

_TILE = "log/tile/0/001.p/14"


def write_refused(put: Put, grown: Grown, note: str) -> list[Case]:
    """Write every case and name them; those of a log or a bundle hold only the files that differ."""
    names: list[str] = []
    for made in (_leaves(grown.log), _notes(grown.log, note), _claims(grown), _files(grown.log), _directories(grown, note)):
        for name, content in made.items():
            put(f"refused/{name}", content)
        names += made
    return _cases(names)


def _leaves(log: GoldenLog) -> Made:
    raw = log.raws[0]
    leaf = json.loads(raw)

    def changed(**changes: object) -> bytes:
        return canonical({**leaf, **changes})

    return {
        "leaf-with-a-float": raw.replace(b'"seq":0', b'"seq":0.0'),
        "leaf-with-an-exponent": raw.replace(b'"seq":0', b'"seq":0e0'),
        "leaf-with-minus-zero": raw.replace(b'"seq":0', b'"seq":-0'),
        "leaf-with-an-integer-too-large": raw.replace(b'"seq":0', b'"seq":9007199254740992'),
        "leaf-with-a-doubled-key": raw.replace(b'"seq":0,', b'"seq":0,"seq":0,'),
        "leaf-with-a-byte-order-mark": b"\xef\xbb\xbf" + raw,
        "leaf-with-white-space": raw.replace(b'"seq":0', b'"seq": 0'),
        "leaf-with-a-line-feed-at-its-end": raw + b"\n",
        "leaf-with-a-needless-escape": raw.replace(b'"type":"STARTED"', b'"type":"\\u0053TARTED"'),
        "leaf-with-keys-out-of-order": raw.replace(b',"v":1}', b"}").replace(b"{", b'{"v":1,', 1),
        "leaf-with-half-a-surrogate-pair": raw.replace(b'"sample"', b'"\\ud800"'),
        "leaf-that-is-not-utf-8": raw.replace(b'"sample"', b'"\xff"'),
        "leaf-nested-too-deep": changed(body={"deep": json.loads("[" * 13 + "]" * 13)})
        .replace(b"[" * 13, b"[" * 20)
        .replace(b"]" * 13, b"]" * 20),
        "leaf-with-a-key-beyond-ascii": raw.replace(b'"platform"', '"平台"'.encode()),
        "leaf-with-an-unknown-key": changed(more=1),
        "leaf-without-its-log": canonical({key: value for key, value in leaf.items() if key != "log"}),
        "leaf-of-version-true": changed(v=True),
        "leaf-of-version-2": changed(v=2),
        "leaf-of-another-algorithm": changed(alg="jcs/2"),
        "leaf-at-hour-24": changed(t="2026-11-24T24:00:00.000Z"),
        "leaf-at-a-leap-second": changed(t="2026-12-31T23:59:60.000Z"),
        "leaf-in-microseconds": changed(t="2026-11-24T08:00:00.000000Z"),
        "leaf-that-stepped-back-by-nothing": changed(back=0),
        "leaf-linked-to-itself": changed(prev={"leaf": "0" * 64, "seq": 0}),
        "leaf-with-commitments-out-of-order": changed(pii=[{"c": "0" * 64, "f": one} for one in ("name", "badge")]),
        "leaf-with-a-field-committed-twice": changed(pii=[{"c": "0" * 64, "f": "name"}] * 2),
        "leaf-with-capital-digits": changed(pii=[{"c": "A" * 64, "f": "name"}]),
        "leaf-of-a-type-in-small-letters": changed(type="started"),
        "leaf-of-a-log-with-a-space": changed(log="office example"),
    }


def _notes(log: GoldenLog, note: str) -> Made:
    head = log.head()
    _, size, root = head.text.splitlines()

    def signed(text: str, signer: FileSigner = SECOND) -> str:
        return f"{text}\n{_line(text, signer)}"

    first_line = _line(head.text, SECOND)
    return {
        "checkpoint-with-an-extra-line": signed(f"{head.text}extension\n"),
        "checkpoint-with-a-leading-zero": signed(head.text.replace(f"\n{size}\n", f"\n0{size}\n")),
        "checkpoint-with-carriage-returns": note.replace("\n", "\r\n"),
        "checkpoint-with-a-root-in-loose-base64": signed(head.text.replace(root, root.rstrip("="))),
        "checkpoint-signed-by-nobody-known": signed(head.text, FileSigner(key_of("thief"), name=ORIGIN)),
        "checkpoint-signed-twice-by-one-key": f"{head.text}\n{first_line}{first_line}",
        "checkpoint-with-another-size": note.replace(f"\n{size}\n", f"\n{int(size) - 1}\n"),
        "checkpoint-of-another-log": signed(head.text.replace(ORIGIN, f"{ORIGIN}x")),
        "checkpoint-without-its-last-line-feed": note[:-1],
        "key-of-small-order": _vkey((1).to_bytes(32, "little")),
        "key-with-another-id": SECOND.vkey.replace("+", "+0", 1).replace(SECOND.key_id.hex(), SECOND.key_id.hex()[1:]),
        "key-beyond-the-field": _vkey((2**255 - 18).to_bytes(32, "little")),
        "rotation-that-the-old-key-did-not-sign": _without(handing_over(log), FIRST),
        "rotation-that-the-new-key-did-not-sign": _without(handing_over(log), SECOND),
        "rotation-with-an-overlap-too-short": _short_overlap(handing_over(log)),
    }


def _claims(grown: Grown) -> Made:
    """Of what is given beside a proof: disclosures and snapshot proofs."""
    from .make_v1 import disclosure_of, snapshot_proofs  # noqa: PLC0415 - they are made there, and this is called from there

    seq = next(leaf.seq for leaf in grown.log.leaves if leaf.type == "SECURED")
    raw = disclosure_of(grown, seq, ("file",))
    told = json.loads(raw)
    (field,) = told["fields"]
    shown = snapshot_proofs(grown)
    present, between = (json.loads(shown[name].encode()) for name in ("present", "absent-between"))
    (row,) = present["rows"]
    return {
        "disclosure-with-another-salt": canonical({**told, "fields": [{**field, "salt": "0" * 64}]}),
        "disclosure-with-another-value": canonical({**told, "fields": [{**field, "value": "另一个"}]}),
        "disclosure-of-a-field-that-is-not-there": canonical({**told, "fields": [{**field, "field": "name"}]}),
        "disclosure-of-another-entry": canonical({**told, "seq": seq + 1}),
        "disclosure-of-nothing": canonical({**told, "fields": []}),
        "disclosure-of-a-field-twice": canonical({**told, "fields": [field, field]}),
        "disclosure-with-a-short-salt": canonical({**told, "fields": [{**field, "salt": "0" * 62}]}),
        "snapshot-proof-with-another-count": canonical({**present, "rows": [{**row, "count": row["count"] + 1}]}),
        "snapshot-proof-with-a-gap": canonical({**between, "rows": between["rows"][:1]}),
        "snapshot-proof-of-another-entry": canonical({**present, "seq": present["seq"] + 1}),
        "snapshot-proof-without-rows": canonical({**present, "rows": []}),
    }


def _files(log: GoldenLog) -> Made:
    proof = log.proof(0, log.signed(SECOND))
    lines = proof.split("\n")
    head = "old 118\n"
    segment = b"yihu-segments/1\n" + (1).to_bytes(8, "big") + (2**20).to_bytes(8, "big") + b"\0" * 32
    move = {"after": [""], "kind": "log", "then": None, "type": "STARTED"}
    return {
        "proof-of-the-next-index": proof.replace("\nindex 0\n", "\nindex 1\n"),
        "proof-of-an-index-with-a-leading-zero": proof.replace("\nindex 0\n", "\nindex 00\n"),
        "proof-with-one-hash-less": "\n".join(lines[:2] + lines[3:]),
        "proof-with-one-hash-twice": "\n".join(lines[:3] + lines[2:]),
        "proof-of-another-version": proof.replace("tlog-proof@v1", "tlog-proof@v2"),
        "proof-with-a-short-hash": "\n".join([*lines[:2], "AAAA", *lines[3:]]),
        "consistency-without-its-last-line-feed": head + base64.b64encode(b"\0" * 32).decode(),
        "consistency-with-a-short-hash": f"{head}AAAA\n",
        "segments-with-a-byte-too-many": segment + b"\0",
        "segments-of-another-size": segment.replace((2**20).to_bytes(8, "big"), (2**21).to_bytes(8, "big")),
        "life-cycle-of-version-true": canonical({"moves": [move], "v": True}),
        "life-cycle-without-moves": canonical({"moves": [], "v": 1}),
        "life-cycle-with-a-state-twice": canonical({"moves": [{**move, "after": ["", ""]}], "v": 1}),
    }


def _directories(grown: Grown, note: str) -> Made:
    log = grown.log
    files = dict(log.files(note))
    partial = files[_TILE.partition("/")[2]]
    token = next(iter(grown.tokens.values()))
    older = int(grown.held[0].split("\n")[1])
    other, none = Checkpoint(ORIGIN, log.size, b"\1" * 32), Checkpoint(ORIGIN, older, b"\2" * 32)
    bundle, entries = "bundle-with", "tile/entries/001.p/14"
    return {
        "log-with-a-trailing-byte-on-a-partial-tile/tile/0/001.p/14": partial + b"\0",
        "log-with-a-changed-tile/tile/0/001.p/14": b"\1" + partial[1:],
        "log-with-a-trailing-byte-on-a-bundle/tile/entries/001.p/14": files[entries] + b"\0",
        "log-with-a-wider-tile-than-it-has/tile/0/001.p/15": partial + b"\0" * 32,
        "log-with-an-extra-file/readme.txt": "一户\n",
        "log-whose-head-is-signed-by-a-retired-key/checkpoint": _exchanged(note, SECOND, _line(log.head().text, FIRST)),
        "log-whose-head-has-another-root/checkpoint": cosigned(sign_checkpoint(other, SECOND)),
        "log-without-a-witness/checkpoint": "\n".join(note.split("\n")[:5]) + "\n",
        f"{bundle}-an-extra-file/data/notes.txt": "一户\n",
        f"{bundle}-a-changed-original/{_original(log)}": b"x",
        f"{bundle}-an-older-head-that-is-none/data/log/heads/{older}": cosigned(sign_checkpoint(none, FIRST)),
        "token-over-another-head": token,
        "token-cut-off": token[:-1],
        "token-with-a-byte-too-many": token + b"\0",
    }


def _original(log: GoldenLog) -> str:
    clip = next(leaf.subject for leaf in log.leaves if leaf.type == "EXPORTED")
    return f"data/media/{clip.partition(':')[2]}.mp4"


def _line(text: str, signer: FileSigner) -> str:
    raw = base64.b64encode(signer.key_id + signer.sign(text.encode())).decode("ascii")
    return f"\u2014 {signer.name} {raw}\n"


def _exchanged(note: str, signer: FileSigner, line: str) -> str:
    return note.replace(_line(note.partition("\n\n")[0] + "\n", signer), line)


def _without(note: str, signer: FileSigner) -> str:
    return note.replace(_line(note.partition("\n\n")[0] + "\n", signer), "")


def _short_overlap(note: str) -> str:
    text = re.sub("overlap open", "overlap 255", note.partition("\n\n")[0] + "\n")
    return f"{text}\n{_line(text, FIRST)}{_line(text, SECOND)}"


def _vkey(public: bytes) -> str:
    material = base64.b64encode(bytes((ED25519,)) + public).decode("ascii")
    return f"{ORIGIN}+{key_id(ORIGIN, ED25519, public).hex()}+{material}"


def _cases(names: Iterable[str]) -> list[Case]:
    """The cases behind these names of files, each once."""
    kinds = ("leaf", "key", "checkpoint", "rotation", "proof", "consistency", "disclosure", "snapshot", "segments", "token")
    known = (*kinds, "life-cycle", "log", "bundle")
    found = dict.fromkeys(name.partition("/")[0] for name in names)
    return [Case(name, next(kind for kind in known if name.startswith(f"{kind}-")), "") for name in found]
