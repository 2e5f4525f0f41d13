"""
The seal (封条): the newest head of the ledger on one A4 page, to be stamped, signed and bound into a register.

Paper is the oldest witness: what stands in a bound register in somebody else's cupboard cannot be rewritten from a keyboard.
`yihu verify --paper SCAN` reads the page back and demands that today's ledger continues it.
"""

from __future__ import annotations

from datetime import datetime

from storage.ledger.checkpoint import verify_checkpoint
from storage.ledger.keys import VerifierKey
from yihu.paper.codes import fitting, qr_svg
from yihu.paper.printing import set_page

__all__ = ["seal_pdf"]


def seal_pdf(note: str, *, office: str, log_keys: list[VerifierKey], witnesses: list[VerifierKey], at: datetime) -> bytes:
    """
    Return the page for the signed checkpoint *note* of the log that *log_keys* belong to, printed at *at* (with its zone).

    Raises `VerificationError` for a note that the log did not sign: nothing else is ever printed as a seal.
    """
    shown, left_out = fitting(note)
    verified = verify_checkpoint(shown, [*log_keys, *witnesses], origin=log_keys[0].name)
    head = verified.checkpoint
    root = head.root.hex()
    return set_page(
        "seal.typ",
        {
            "office": office,
            "origin": head.origin,
            "size": head.size,
            "root": [root[place : place + 8] for place in range(0, len(root), 8)],
            "printed": at.strftime("%Y-%m-%d %H:%M %z"),
            "keys": [key.vkey for key in log_keys],
            "witnesses": [
                {"name": one.key.name, "time": datetime.fromtimestamp(one.time, at.tzinfo).strftime("%Y-%m-%d %H:%M:%S %z")}
                for one in verified.witnesses
            ],
            "left_out": left_out,
            "qr": qr_svg(shown),
        },
        at=at,
    )
