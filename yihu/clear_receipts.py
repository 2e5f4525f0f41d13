"""Receipts of cleared cameras: written into the office, given again from the ledger, and set as a page."""

from __future__ import annotations

from pathlib import Path

from storage import durable
from storage.clearing_receipts import Receipt, receipt_of, signed_receipt
from storage.clearings import Clearings
from storage.dock_keys import recorded_key
from storage.errors import NotFound
from storage.evidence import Subject, utc_text
from storage.folder_files import within_reach
from storage.ledger.keyring import load_signer
from storage.ledger.keys import VerifierKey
from storage.ledger.leaf import Leaf
from yihu.clear_words import clear_reason_text
from yihu.paper.codes import fitting, qr_svg
from yihu.paper.printing import set_page
from yihu.wiring import Office

__all__ = ["RECEIPTS", "dock_key", "keep_receipt", "receipt_note", "receipt_pdf"]

RECEIPTS = Path("receipts")
"""Where, in the office, receipts are kept; each can be made again from the ledger."""


def receipt_note(office: Office, device: Subject, authorisation: int) -> tuple[Receipt, str]:
    """
    Return the receipt of one clearing, as a value and signed by the key of this dock.

    Raises `NotFound` for a clearing that is not known, or where this dock has no key, `LedgerError` for one that is open.
    """
    clearing = Clearings(office.engine).of(device, authorisation)
    if clearing is None:
        message = f"{device}: entry {authorisation} authorised no clearing of it"
        raise NotFound(message)
    at = "" if clearing.closed is None else utc_text(Leaf.decode(office.log.leaf(clearing.closed)).at)
    receipt = receipt_of(clearing, log=office.log.origin, dock=office.dock.who, at=at)
    signer = load_signer(office.home / office.settings.keys.dock, name=str(office.dock.who))
    return receipt, signed_receipt(receipt, signer)


def keep_receipt(office: Office, device: Subject, authorisation: int) -> Path:
    """Write the receipt of one clearing into the office, durably, and return where; doing it twice gives the same."""
    receipt, note = receipt_note(office, device, authorisation)
    path = office.home / RECEIPTS / f"{receipt.cleared}.receipt"
    with within_reach(f"writing {path}"):
        durable.make_directory(path.parent)
        durable.replace(path, note.encode())
    return path


def dock_key(office: Office) -> VerifierKey:
    """Return the verifier key of this dock as the ledger names it; `NotFound` where it names none."""
    vkey = recorded_key(office.engine, office.dock.who)
    if vkey is None:
        message = f"{office.dock.who}: the ledger names no key of this dock"
        raise NotFound(message)
    return VerifierKey.parse(vkey)


def receipt_pdf(office: Office, receipt: Receipt, note: str) -> bytes:
    """Return the page of a receipt: what was removed, under which proof, with the signed text as a code."""
    shown, _ = fitting(note)
    pieces = [receipt.root[place : place + 8] for place in range(0, len(receipt.root), 8)]
    at = office.clock().astimezone()
    return set_page(
        "clearing.typ",
        {
            "office": office.settings.office.name,
            "origin": receipt.log,
            "device": str(receipt.device),
            "dock": str(receipt.dock),
            "at": receipt.at,
            "removed": receipt.removed,
            "bytes": f"{receipt.bytes:,}",
            "left": [{"reason": clear_reason_text(reason), "count": count} for reason, count in sorted(receipt.left.items())],
            "authorised": receipt.authorised,
            "cleared": receipt.cleared,
            "size": receipt.head[0],
            "root": pieces,
            "vkey": dock_key(office).vkey,
            "printed": at.strftime("%Y-%m-%d %H:%M %z"),
            "qr": qr_svg(shown),
        },
        at=at,
    )
