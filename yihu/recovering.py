"""Going on after entries were lost that had been signed."""

from __future__ import annotations

from storage.errors import LedgerError
from storage.evidence import Kind
from storage.identity import found_again
from yihu.wiring import Office


def recover(office: Office, *, start: int, end: int, reason: str) -> int:
    """
    Record that entries *start* up to *end* are lost, sign, and return the number of that entry.

    It may be called again after a crash: what is recorded is not recorded twice. Raises `LedgerError` where nothing is lost or
    the range is another one.
    """
    lost = office.log.lost(start=start, end=end)
    if not lost.is_recorded:
        log = found_again(office.index_key, Kind.LOG, office.log.origin)
        office.unconfirmed_custody.record(lost.entry(log, office.operator, reason=reason))
    office.log.checkpoint()
    recovered_at = office.log.recovered_at()
    if recovered_at is None:
        message = f"{office.log.origin}: the recovery was not recorded"
        raise LedgerError(message)
    return recovered_at
