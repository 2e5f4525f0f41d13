"""What lists of the whole ledger show; see `api.models` for what models promise."""

from __future__ import annotations

from api import samples
from api.models import HistoryLine, shown
from api.samples import example
from storage.evidence import Kind


class EntryLine(HistoryLine):
    """账本中的一条。One entry of the ledger."""

    model_config = shown({**samples.HISTORY_LINE, "subject": example(Kind.CLIP)})
    subject: str
    """Pseudonym of what it is about."""
