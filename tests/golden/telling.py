"""What an entry of every type says in golden evidence: bodies as the program writes them today, about nobody."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache

from blake3 import blake3
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from storage.clearings import Wanted, authorised, cleared
from storage.evidence import Actor, Digest, Json, Kind, Role, Subject
from storage.export.handed_over import HandedOver, exported
from storage.ledger.recovery import Lost
from storage.officer_signatures import Chain, signed
from storage.segments import SegmentManifest
from storage.verifier.dockkeys import manifest_text

from .access import ACCESS
from .people import SIGN_IN
from .recording import DOCK, DOCK_SIGNER, LOG, OPERATOR, ORIGIN, WITNESSES, GoldenLog, Told, key_of, subject, vkey

DIGEST = hashlib.sha256(b"sample").hexdigest()
DEVICE, OFFICE, OFFICER, PARTY, MATTER, ACTIVITY = (
    str(subject(kind, 10 + place))
    for place, kind in enumerate((Kind.DEVICE, Kind.OFFICE, Kind.OFFICER, Kind.PARTY, Kind.MATTER, Kind.ACTIVITY))
)
_ULID = subject(Kind.VIEWING, 20).id
REASON: dict[str, Json] = {"reason": "样例理由"}
_CLEARING: dict[str, Json] = {"any_store": False, "days": 7, "when": "after-days"}


def media_of(clip: Subject) -> bytes:
    """The original of a clip: nothing that anybody filmed."""
    return f"yihu golden v1 样例 {clip}\n".encode() * 3


def segments_of(data: bytes) -> SegmentManifest:
    """The segment manifest of an original of one segment."""
    return SegmentManifest(len(data), blake3(data).digest())


def _secured(clip: Subject) -> Told:
    data = media_of(clip)
    summary = segments_of(data).summary
    content: Json = {
        "blake3": f"blake3:{blake3(data).hexdigest()}",
        "seg": {"n": summary.count, "root": summary.root.hex(), "size": summary.size},
        "sha256": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "size": len(data),
    }
    body: dict[str, Json] = {
        "content": content,
        "device": DEVICE,
        "findings": ["clock-future"],
        "kind": "video",
        "manifest": 8,
        "modified_ns": "1795507200000000000",
        "recorded_at": "2026-11-24T08:00:00.000Z",
        "recorded_raw": "1795507200000000000",
        "zone": "UTC",
    }
    file: Json = {"belongs_to": None, "name": "样例.MP4", "officer": None, "path": b"DCIM/0001.MP4".hex()}
    return Told(body, {"file": file}, DOCK, Role.DOCK)


def _deposited(clip: Subject) -> Told:
    data = media_of(clip)
    placed = {"b": "evidence", "until": "2027-05-24T08:00:00.000Z", "ver": "0" * 32}
    manifest = segments_of(data).encode()
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    body: dict[str, Json] = {
        "manifest": {**placed, "k": f"clips/{clip.id}/segments", "sha256": digest, "size": len(manifest)},
        "original": {**placed, "k": f"clips/{clip.id}/original", "size": len(data)},
    }
    return Told(body, {}, DOCK, Role.DOCK)


def _derived(clip: Subject) -> Told:
    output: Json = {
        "blake3": f"blake3:{DIGEST}",
        "kind": "review",
        "media_type": "video/mp4",
        "obj": {"b": "index", "k": f"clips/{clip.id}/review", "ver": "0" * 32},
        "recipe": "review/1",
        "recipe_digest": f"sha256:{DIGEST}",
        "sha256": f"sha256:{DIGEST}",
        "size": 41,
    }
    streams: Json = [{"codec": "h264", "height": 720, "kind": "video", "width": 1280}]
    facts: Json = {"container": "mov", "created": None, "duration_ms": 6000, "kind": "video", "streams": streams}
    tool: Json = {"name": "ffmpeg", "sha256": DIGEST, "version": "7"}
    return Told({"facts": facts, "findings": ["silent"], "outputs": [output], "tool": tool}, {}, DOCK, Role.DOCK)


def _manifested(device: Subject, at: str) -> Told:
    body: dict[str, Json] = {"bytes": 3009, "files": 1, "root": DIGEST}
    text = manifest_text(log=ORIGIN, dock=str(DOCK), device=str(device), at=at, body=body)
    signature = DOCK_SIGNER.sign(text.encode())
    body["sig"] = {"at": at, "key": vkey(DOCK_SIGNER).key_id.hex(), "signature": _base64(signature)}
    row: Json = [b"DCIM/0001.MP4".hex(), 3009, "1795507200000000000", "video", "read", "", None]
    return Told(body, {"rows": [row], "salts": ["5a" * 32]}, DOCK, Role.DOCK)


def told_of(type_: str, about: Subject, log: GoldenLog) -> Told:
    """What the next entry of *log* says, if it is of this type."""
    made = {
        "SECURED": lambda: _secured(about),
        "DEPOSITED": lambda: _deposited(about),
        "DERIVED": lambda: _derived(about),
        "MANIFESTED": lambda: _manifested(about, log.now),
        "SIGNED": lambda: _signed(log, about),
        "RECOVERED": lambda: _recovered(log),
        "AUDITED": lambda: _audited(log),
        "EXPORTED": lambda: _exported(about),
        "CLEAR_AUTHORISED": lambda: _authorised(about, log),
        "CLEARED": lambda: _cleared(about),
    }
    return made[type_]() if type_ in made else _PLAIN[type_]


def _exported(about: Subject) -> Told:
    manifest = Digest.parse(f"sha256:{DIGEST}")
    case = about if about.kind is Kind.MATTER else Subject.parse(MATTER)
    what = HandedOver(_ULID, manifest, 9, is_outside=True, disclosed=("file",), matter=case, reason="样例理由")
    entry = exported(about, what, actor=_actor())
    return Told(entry.body, entry.personal)


def _authorised(about: Subject, log: GoldenLog) -> Told:
    wanted = [Wanted(Subject(Kind.CLIP, _ULID), Digest.parse(f"blake3:{DIGEST}"), 3009)]
    entry = authorised(about, wanted, manifest=8, policy=_CLEARING, head=log.head(), actor=_actor())
    return Told(entry.body, {}, DOCK, Role.DOCK)


def _cleared(about: Subject) -> Told:
    one, other = Subject(Kind.CLIP, _ULID), subject(Kind.CLIP, 21)
    entry = cleared(about, 9, removed=[one], size=3009, left={other: "changed"}, actor=_actor())
    return Told(entry.body, {}, DOCK, Role.DOCK)


def _recovered(log: GoldenLog) -> Told:
    entry = Lost(log.size - 2, log.size, log.head()).entry(LOG, _actor(), reason="样例理由")
    return Told(entry.body, entry.personal)


def _audited(log: GoldenLog) -> Told:
    head = log.head()
    body: dict[str, Json] = {
        "anchored": 0,
        "findings": 0,
        "outcome": "internally consistent",
        "root": head.root.hex(),
        "since": 0,
    }
    sample: Json = {"per_clip": None, "seed": 7, "share_ppm": 250_000}
    return Told({**body, "sample": sample, "size": head.size})


def _signed(log: GoldenLog, about: Subject) -> Told:
    leaf = next(leaf for leaf in reversed(log.leaves) if leaf.subject == str(about))
    entry = signed(leaf, *_certified(), actor=_actor())
    return Told(entry.body, entry.personal)


@cache
def _certified() -> tuple[Chain, bytes]:
    """A certificate that the officer of the examples made for itself; Ed25519, so that it is the same every time."""
    key, name = key_of("officer"), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "样例员 TEST ONLY")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
    return Chain((builder.sign(key, None),)), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


_PLAIN: dict[str, Told] = {
    "STARTED": Told({"files_sha256": DIGEST, "platform": "sample", "version": "0.1.0"}, {}, DOCK, Role.DOCK),
    "DEVICE_ENROLLED": Told({"identified_by": "named"}, {"label": "样例机"}, DOCK, Role.DOCK),
    "DOCKED": Told({"profile": "generic-dcim"}, {"where": "sample"}, DOCK, Role.DOCK),
    "UNDOCKED": Told({"bay": "A1", "docking": 7, "how": "safe"}, {}, DOCK, Role.DOCK),
    "CARD_EXAMINED": Told(
        {"findings": [{"code": "sequence-gap", "count": 1, "missing": 2}], "manifest": 8},
        {"paths": {"sequence-gap": [b"DCIM/0001.MP4".hex(), b"DCIM/0004.MP4".hex()]}},
        DOCK,
        Role.DOCK,
    ),
    "FOUND": Told({"findings": ["importance-vanished"], "manifest": 8}, {}, DOCK, Role.DOCK),
    "DOCK_KEY_SET": Told({"vkey": DOCK_SIGNER.vkey}, {}, DOCK, Role.DOCK),
    "DOCK_ATTACHED": Told(
        {"bays": 8, "profile": "tower-8"}, {"name": "left", "where": "platform-sample.0-usb:4"}, DOCK, Role.DOCK
    ),
    "DOCK_DETACHED": Told({"how": "gone"}, {}, DOCK, Role.DOCK),
    "DEVICE_REFUSED": Told(
        {
            "bay": "3",
            "classes": ["080650", "030101"],
            "reason": "mixed-classes",
            "since": "2026-11-24T08:00:00.000Z",
            "times": 2,
            "usb": "1234:5678",
        },
        {"manufacturer": "样例", "product": "样例", "serial": "0001"},
        DOCK,
        Role.DOCK,
    ),
    "ISSUED": Told(
        {
            "fit": {"unchecked": ["clock"], "verdict": "unfit", "wrong": ["battery"]},
            "how": "card",
            "officer": OFFICER,
            "since": "2026-11-24T07:30:00.000Z",
        },
        REASON,
    ),
    "RETURNED": Told(
        {"condition": ["damaged"], "how": "person", "officer": OFFICER, "until": "2026-11-24T07:45:00.000Z"},
        {"remarks": "样例备注"},
    ),
    "HANDED_OVER": Told(
        {
            "from": OFFICER,
            "gave": "pin",
            "since": "2026-11-24T07:30:00.000Z",
            "to": str(subject(Kind.OFFICER, 30)),
            "took": "card",
        },
        {"remarks": "样例备注"},
    ),
    "HOLDING_UNDONE": Told(
        {"from": OFFICER, "officer": str(subject(Kind.OFFICER, 30)), "undoes": 0, "what": "HANDED_OVER"}, REASON
    ),
    "CARD_ASSIGNED": Told({}, {"card": "00000000"}),
    "CARD_WITHDRAWN": Told(),
    "PIN_SET": Told({}, {"pin": "$argon2id$v=19$m=65536,t=3,p=1$c2FtcGxlIHNhbXBsZSE$c2FtcGxlIHNhbXBsZSBzYW1wbGUgc2FtcGxlIHM"}),
    "PIN_REMOVED": Told(),
    "PIN_REFUSED": Told({"until": "2026-11-24T08:15:00.000Z", "wrong": 5}, {}, DOCK, Role.DOCK),
    "PIN_ACCEPTED": Told({"wrong": 2}, {}, DOCK, Role.DOCK),
    "ACCESSED": Told({"sha256": DIGEST, "viewing": f"viewing:{_ULID}", "what": "original"}, REASON),
    "FILED": Told({"activity": ACTIVITY, "end_ms": 500, "filing": _ULID, "matter": MATTER, "start_ms": 0}),
    "UNFILED": Told({"activity": ACTIVITY, "filing": _ULID, "matter": MATTER}, REASON),
    "OFFICE_REGISTERED": Told({"code": "D-1"}, {"name": "样例局"}),
    "OFFICER_REGISTERED": Told({"office": OFFICE}, {"badge": "000001", "name": "样例员"}),
    "PARTY_REGISTERED": Told(
        {"id_kind": "credit_code", "kind": "organisation"}, {"id_number": "91000000DEM0000019", "name": "样例商铺"}
    ),
    "MATTER_OPENED": Told({"kind": "case", "office": OFFICE}, {"number": "样1号", "title": "样例"}),
    "PARTY_JOINED": Told({"party": PARTY}),
    **{f"{stage}_ENTERED": Told() for stage in ("INITIATION", "INVESTIGATION", "DECISION", "SERVICE", "ARCHIVING")},
    "CASE_REGISTERED": Told({}, {"number": "样1号"}),
    "MATTER_CLOSED": Told(),
    "ACTIVITY_RECORDED": Told(
        {
            "ended_at": "2026-11-18T10:00:00.000Z",
            "kind": "on_site_inspection",
            "matter": MATTER,
            "officers": [OFFICER, str(subject(Kind.OFFICER, 30))],
            "stage": "investigation",
            "started_at": "2026-11-18T09:00:00.000Z",
        },
        {"place": "样例街", "title": "现场检查"},
    ),
    "TOKEN_ISSUED": Told({"role": "reviewer", "token": f"sha256:{DIGEST}"}, {"name": "样例岗"}),
    "TOKEN_REVOKED": Told(),
    **SIGN_IN,
    **ACCESS,
    "REFUSED": Told({"about": MATTER, "act": "file", "route": "POST /api/v1/filings"}, {}, OPERATOR, Role.AUDITOR),
    "ERASED": Told({}, REASON),
    "DISCLOSED": Told({"fields": ["name"], "seq": 0}, REASON),
    "WITNESS_ADDED": Told(
        {"administrator": "county", "name": "county", "ours": False, "vkey": WITNESSES[0].key.vkey},
        {"url": "https://county.example"},
    ),
    "UNLOCK_REFUSED": Told({"dialect": "bc-plus", "fault": "wrong-password", "profile": "amba-4255-0001"}, {}, DOCK, Role.DOCK),
    "CLOCK_SET": Told(
        {"after_ms": 40, "before_ms": -5120, "dialect": "bc-plus", "step": "done", "to": "2026-11-24T08:00:00.000Z"},
        {},
        DOCK,
        Role.DOCK,
    ),
    "WITNESS_REMOVED": Told({"name": "county"}),
    "QUORUM_SET": Told({"least": 1}),
}


def _actor() -> Actor:
    return Actor(OPERATOR, Role.ADMINISTRATOR)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
