"""A receipt: what somebody who handed in a file can keep, and hold against the ledger without us."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.models import LEDGER_NUMBERS, shown
from api.samples import CLIP_WHOLE, Sample
from api.services import Services
from storage.catalog import Clip

FORMAT: Literal["yihu-receipt/1"] = "yihu-receipt/1"

_SAMPLE: Sample = {
    "format": FORMAT,
    "log": "office.example/yihu/station-1",
    "verifier_key": "office.example/yihu/station-1+0123abcd+(key)",
    "clip": CLIP_WHOLE["clip"],
    "size": 73_400_320,
    "sha256": CLIP_WHOLE["sha256"],
    "blake3": CLIP_WHOLE["blake3"],
    "received_at": CLIP_WHOLE["secured_at"],
    "seq": 7,
    "leaf": '{"act":{},"alg":"jcs/1"}',
    "proof": "c2sp.org/tlog-proof@v1\nindex 7\n(hashes)\n\n(checkpoint)",
}


class Receipt(BaseModel):
    """回执：收到了什么、何时收到，以及账本证明；不含姓名。What was received and when, with its proof; it names nobody."""

    model_config = shown(_SAMPLE)
    format: Literal["yihu-receipt/1"]
    log: str
    """账本名称 Origin of the ledger."""
    verifier_key: str
    """验证公钥 The key by which the proof is verified; compare it with the one the office publishes."""
    clip: str
    size: int
    sha256: str
    """与自己保留的文件核对 To be compared with the file that you keep."""
    blake3: str
    received_at: str
    seq: Annotated[int, Field(ge=0, le=LEDGER_NUMBERS)]
    leaf: str
    """账本条目原文 The exact bytes of the entry."""
    proof: str
    """tlog-proof@v1."""


def receipt_of(services: Services, clip: Clip) -> Receipt:
    """Write the receipt for *clip*; where the newest checkpoint does not cover its entry yet, a new one is signed."""
    log, seq = services.log, services.catalog.history(clip.subject)[0].seq
    note = log.latest()
    if note is None or seq >= log.keys.opened(note).size:
        log.checkpoint()
    return Receipt(
        format=FORMAT,
        log=services.log_origin,
        verifier_key=log.vkey,
        clip=str(clip.subject),
        size=clip.size,
        sha256=str(clip.sha256),
        blake3=str(clip.blake3),
        received_at=clip.secured_at,
        seq=seq,
        leaf=log.leaf(seq).decode(),
        proof=log.proof(seq),
    )
