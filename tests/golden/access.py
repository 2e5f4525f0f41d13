"""What entries about access say in golden evidence; split from `telling`, which has the others."""

from __future__ import annotations

import hashlib

from storage.evidence import Json, Kind, Role

from .recording import DOCK, OPERATOR, Told, subject

DIGEST = f"sha256:{hashlib.sha256(b'sample').hexdigest()}"
UNTIL = "2026-11-25T08:00:00.000Z"
REASON: dict[str, Json] = {"reason": "样例理由"}
REQUEST, VIEWING, MATTER, CLIP = (
    subject(kind, 40 + place) for place, kind in enumerate((Kind.DOCUMENT, Kind.VIEWING, Kind.MATTER, Kind.CLIP))
)
_ASKER: Json = str(OPERATOR)
_COPY: dict[str, Json] = {"copy": REQUEST.id}

ACCESS: dict[str, Told] = {
    "WATCHED": Told(
        {
            "accessed": 0,
            "ended": "closed",
            "ranges_ms": [[0, 2000], [4000, 6000]],
            "sent": 1200,
            "size": 1200,
            "viewing": str(VIEWING),
        }
    ),
    "ACCESS_REQUESTED": Told({"matter": str(MATTER), "request": REQUEST.id, "what": "original"}, REASON),
    "ACCESS_APPROVED": Told({"account": _ASKER, "request": REQUEST.id, "until": UNTIL}, REASON),
    "ACCESS_DENIED": Told({"account": _ASKER, "request": REQUEST.id}, REASON),
    "ACCESS_WITHDRAWN": Told({"account": _ASKER, "request": REQUEST.id}, REASON),
    "BULK_ACCESS": Told(
        {"before": -1, "clips": 51, "most": 50, "since": "2026-11-24T07:00:00.000Z"}, {}, OPERATOR, Role.SYSTEM
    ),
    "COPY_ASKED": Told(
        {**_COPY, "matter": str(MATTER), "review": DIGEST.partition(":")[2]},
        {**REASON, "mark": ["样例局", "样例员（sample）", "2026-11-24T08:00:00.000Z", REQUEST.id]},
    ),
    "COPY_MADE": Told(
        {
            **_COPY,
            "blake3": f"blake3:{'0' * 64}",
            "media_type": "video/mp4",
            "obj": {"b": "index", "k": f"copies/{CLIP.id}/{REQUEST.id}-0.mp4", "size": 1200, "until": None, "ver": "v1"},
            "recipe": "copy/watermark-1",
            "recipe_digest": DIGEST,
            "sha256": DIGEST,
            "size": 1200,
            "until": UNTIL,
        },
        {},
        DOCK,
        Role.DOCK,
    ),
    "COPY_FAILED": Told({**_COPY, "reason": "unplayable"}, {}, DOCK, Role.DOCK),
    "COPY_REMOVED": Told(dict(_COPY), {}, DOCK, Role.DOCK),
}
