"""An example of everything that goes over the wire, made up; a test reads each back through its model."""

from __future__ import annotations

from typing import Any, TypeAlias

from storage.evidence import Kind

Sample: TypeAlias = dict[str, Any]

_ID = "(?:[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{32})"
_EXAMPLE = "01JD6Z5M3Q8X4T7V9YB2C1D0EF"


def pattern(kind: Kind) -> str:
    """Return what pseudonyms of that kind look like."""
    return f"^{kind.value}:{_ID}$"


def example(kind: Kind) -> str:
    """Return a pseudonym of that kind for the description."""
    return f"{kind.value}:{_EXAMPLE}"


_CLIP, _PARTY, _MATTER, _ACTIVITY = (example(kind) for kind in (Kind.CLIP, Kind.PARTY, Kind.MATTER, Kind.ACTIVITY))
_SHA256 = "sha256:" + "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_BLAKE3 = "blake3:" + "4878ca0425c739fa427f7eda20fe845f6b2e46ba5fe2a14df5b1e32f50603215"
_AT = "2026-11-21T14:35:07.000Z"
PARTY_LINE: Sample = {
    "party": _PARTY,
    "kind": "organisation",
    "name": "示例食品有限公司",
    "id_shown": "91350100M000100Y43",
    "matters": 2,
}
MATTER_LINE: Sample = {
    "matter": _MATTER,
    "kind": "case",
    "title": "食品标签检查",
    "number": "城执立〔2026〕12号",
    "state": "investigation",
    "stage": "investigation",
    "office": example(Kind.OFFICE),
    "parties": [_PARTY],
    "activities": 2,
    "filings": 5,
    "opened_at": _AT,
    "registered_at": _AT,
    "closed_at": None,
}
ACTIVITY_LINE: Sample = {
    "activity": _ACTIVITY,
    "matter": _MATTER,
    "stage": "investigation",
    "kind": "on_site_inspection",
    "title": "现场检查",
    "place": "经营场所",
    "started_at": _AT,
    "ended_at": None,
    "officers": [example(Kind.OFFICER)],
}
FILING_LINE: Sample = {
    "filing": _EXAMPLE,
    "clip": _CLIP,
    "activity": _ACTIVITY,
    "matter": _MATTER,
    "stage": "investigation",
    "range": None,
    "filed_at": _AT,
    "counts": True,
}
CLIP_LINE: Sample = {
    "clip": _CLIP,
    "state": "rendered",
    "kind": "video",
    "name": "DSJ_20261121_143507.MP4",
    "size": 73_400_320,
    "recorded_at": "2026-11-21T06:35:07.000Z",
    "corrected_at": "2026-11-21T06:34:58.500Z",
    "uncertainty_ms": 2650,
    "secured_at": _AT,
    "duration_ms": 61_040,
    "findings": ["truncated"],
    "sha256": _SHA256,
    "shows": ["poster", "review"],
}
PROBLEM: Sample = {
    "type": "/problems/not-found",
    "title": "没有找到",
    "status": 404,
    "detail": "没有这一项，或其已过期。",
    "error": "NotFound",
}
STATUS: Sample = {"name": "yihu", "version": "0.1.0"}
SIGN_IN: Sample = {"token": "yihu_" + "A" * 43}
SIGNED_IN: Sample = {
    "account": example(Kind.ACCOUNT),
    "role": "clerk",
    "name": "城东所 采集岗",
    "acts": ["ask", "file", "prove", "read", "view"],
}
RANGE: Sample = {"start_ms": 0, "end_ms": 90_000}
FILED_CLIP: Sample = {"clip": CLIP_LINE, "filings": [FILING_LINE]}
STAGE_FILE: Sample = {"stage": "investigation", "activities": [ACTIVITY_LINE]}
MATTER_FILE: Sample = {
    "matter": MATTER_LINE,
    "parties": [PARTY_LINE],
    "stages": [{"stage": "investigation", "activities": [ACTIVITY_LINE]}],
}
DOSSIER_WHOLE: Sample = {
    "party": PARTY_LINE,
    "matters": [MATTER_LINE],
    "clips": [{"clip": CLIP_LINE, "filings": [FILING_LINE]}],
}
MADE: Sample = {
    "kind": "review",
    "media_type": "video/mp4",
    "size": 12_345,
    "blake3": _BLAKE3,
    "sha256": _SHA256,
    "recipe": "review/remux-1",
}
CLIP_WHOLE: Sample = {
    "clip": _CLIP,
    "state": "rendered",
    "kind": "video",
    "name": "DSJ_20261121_143507.MP4",
    "size": 73_400_320,
    "recorded_at": "2026-11-21T06:35:07.000Z",
    "corrected_at": "2026-11-21T06:34:58.500Z",
    "uncertainty_ms": 2650,
    "secured_at": _AT,
    "duration_ms": 61_040,
    "findings": ["truncated"],
    "device": example(Kind.DEVICE),
    "blake3": _BLAKE3,
    "sha256": _SHA256,
    "segment_root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "retained_until": "2029-11-21T14:35:08.000Z",
    "derivatives": [MADE],
    "filings": [],
}
HISTORY_LINE: Sample = {
    "seq": 7,
    "type": "SECURED",
    "at": _AT,
    "actor": example(Kind.DOCK),
    "role": "dock",
    "entry": "/api/entries/7",
    "proof": "/api/entries/7/proof",
}
VIEWING_REQUEST: Sample = {"clip": _CLIP, "reason": "办案需要", "what": "review"}
VIEWING_GRANTED: Sample = {
    "viewing": example(Kind.VIEWING),
    "media": f"/api/viewings/{example(Kind.VIEWING)}/media",
    "media_type": "video/mp4",
    "size": 12_345,
    "seq": 21,
    "expires_at": _AT,
}
FILING_REQUEST: Sample = {"clip": _CLIP, "activity": _ACTIVITY, "range": {"start_ms": 0, "end_ms": 90_000}}
CONSISTENCY: Sample = {"old": 3, "new": 7, "path": ["n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="]}
