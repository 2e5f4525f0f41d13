"""Opening the rollback lock that the settings name."""

from __future__ import annotations

from pathlib import Path

from storage.ledger.cell import Cell, FileCell
from storage.s3_cell import S3Cell
from yihu.settings import Settings, SettingsError
from yihu.stores import secret

_S3 = "s3://"


def open_cell(home: Path, settings: Settings) -> Cell | None:
    """Return the cell, or None where none is set; whether it can be reached shows when it is used."""
    place, store = settings.ledger.cell, settings.store
    if not place:
        return None
    if not place.startswith(_S3):
        return FileCell(home / place)
    if store.kind != "s3":
        message = f"[ledger] cell = {place!r}: this office has no S3 store"
        raise SettingsError(message)
    return S3Cell(
        store.endpoint,
        access_key=secret(home / store.access_key_file),
        secret_key=secret(home / store.secret_key_file),
        bucket=store.index_bucket,
        key=place.removeprefix(_S3),
        region=store.region,
        ca_file=None if store.ca_file is None else home / store.ca_file,
    )
