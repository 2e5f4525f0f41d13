"""One clip, its footage and its berth, for the tests of the spool."""

from __future__ import annotations

import io
import random
from pathlib import Path

from storage.evidence import Json, Kind, Subject
from storage.spool import Berth

ROOT = Path(__file__).parents[2]
CLIP = Subject(Kind.CLIP, "01JD0000000000000000000000")
CLAIM: dict[str, Json] = {"path": "e8a792", "size": 3, "device": "device:" + "0" * 32}
FOOTAGE = random.Random(7).randbytes(2 * 2**20 + 100)


def secure(berth: Berth, data: bytes = FOOTAGE) -> None:
    """Read *data* into the berth."""
    berth.secure(io.BytesIO(data), expected_size=len(data))


def names(berth: Berth) -> list[str]:
    """What lies in the berth."""
    return sorted(path.name for path in berth.original.parent.iterdir())
