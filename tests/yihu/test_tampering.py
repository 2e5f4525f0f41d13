"""``yihu verify`` finds a single changed byte, wherever it is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, Integer, LargeBinary, Table, func, select, text, update

from storage.database import reading, writing
from storage.schema import APPEND_ONLY, checkpoints, entries, permanent, projections, vault, vault_keys
from yihu.wiring import Office  # noqa: F401 - importing it registers the tables of every room

from .conftest import Filled

SEED = 20261122


def flipped(data: bytes, place: int) -> bytes:
    """The same bytes with one bit of one of them turned."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def changed(value: Any, column: Column[Any]) -> Any:  # noqa: ANN401 - whatever a column holds
    """Another value of the same sort."""
    if isinstance(column.type, Boolean):
        return not value
    if value is None:
        return b"x" if isinstance(column.type, LargeBinary) else 7 if isinstance(column.type, Integer) else "x"
    if isinstance(value, bytes):
        return flipped(value, len(value) // 2) if value else b"x"
    return value + 1 if isinstance(value, int) else f"{value}x"


@contextmanager
def unguarded(filled: Filled) -> Iterator[Connection]:
    """What somebody with the database file can do: no trigger holds him."""
    with writing(filled.office.engine) as connection:
        for table in APPEND_ONLY:
            for act in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table.name}_no_{act}"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        yield connection


def put(filled: Filled, table: Table, key: dict[str, Any], column: str, value: Any) -> None:  # noqa: ANN401
    """Change one cell."""
    wanted = [table.c[name] == part for name, part in key.items()]
    with unguarded(filled) as connection:
        assert connection.execute(update(table).where(*wanted).values({column: value})).rowcount == 1


@contextmanager
def tampered(filled: Filled, table: Table, row: dict[str, Any], column: str, value: Any) -> Iterator[None]:  # noqa: ANN401
    """Change one cell of *row* for a while."""
    put(filled, table, key_of(table, row), column, value)
    try:
        yield
    finally:
        now = {**key_of(table, row), **({column: value} if column in key_of(table, row) else {})}
        put(filled, table, now, column, row[column])


@contextmanager
def overwritten(path: Path, content: bytes) -> Iterator[None]:
    """Change a stored file for a while, as whoever owns the disk can."""
    honest, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(honest)
        path.chmod(mode)


def rows_of(filled: Filled, table: Table) -> list[dict[str, Any]]:
    with reading(filled.office.engine) as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def key_of(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in table.primary_key}


def test_an_honest_office_verifies(filled: Filled) -> None:
    """No false alarm; a small log has no tiles, and nobody brought anything that he holds."""
    verdict = filled.audit()

    assert [finding for step in verdict.steps for finding in step.findings] == []
    assert verdict.is_consistent
    assert [step.name for step in verdict.steps if not step.checked] == ["held", "witnesses", "tiles"]


def test_an_office_without_an_entry_does_not_verify(tmp_path: Path) -> None:
    """0 things verified is a failure, never a success."""
    from storage.audit import Step, Verdict  # noqa: PLC0415

    assert not Verdict((Step(1, "leaves"),)).is_consistent


def test_a_flipped_bit_in_any_leaf_is_found(filled: Filled) -> None:
    """One bit of each leaf, at a place drawn by a fixed seed."""
    draw = random.Random(SEED)
    for row in rows_of(filled, entries):
        wrong = flipped(row["leaf"], draw.randrange(len(row["leaf"])))
        with tampered(filled, entries, row, "leaf", wrong):
            verdict = filled.audit()

        assert not verdict.is_consistent, f"leaf {row['seq']}: {wrong!r}"


def test_a_flipped_bit_in_any_checkpoint_is_found(filled: Filled) -> None:
    """Anywhere in the note: origin, size, root or signature."""
    draw = random.Random(SEED)
    for row in rows_of(filled, checkpoints):
        for _ in range(8):
            note = row["note"].encode()
            wrong = flipped(note, draw.randrange(len(note))).decode("utf-8", "replace")
            with tampered(filled, checkpoints, row, "note", wrong):
                verdict = filled.audit()

            assert not verdict.is_consistent, f"checkpoint {row['size']}: {wrong!r}"


@pytest.mark.parametrize("table", projections.sorted_tables, ids=lambda table: table.name)
def test_a_changed_cell_of_any_projection_is_found(filled: Filled, table: Table) -> None:
    """Every table and every column, grown from the schema itself."""
    rows = rows_of(filled, table)
    if table.name in EMPTY_HERE:
        assert rows == []
        return
    row = rows[-1]
    for column in table.columns:
        with tampered(filled, table, row, column.name, changed(row[column.name], column)):
            verdict = filled.audit()

        assert not verdict.is_consistent, f"{table.name}.{column.name}"


EMPTY_HERE = {
    "accounts", "log_keys", "people_roles", "quorums", "recovery_codes", "sessions", "stamps", "witnesses",
    "card_findings", "clearing_clips", "clearings", "holdings", "open_clearings", "refusals",
    "access_requests", "accesses", "bulk_alarms", "copies", "identities", "token_places",
}  # fmt: skip
"""What only the API, witnesses, time-stamps, a change of keys and docks write; tests/tamper changes rows of all of them."""


@pytest.mark.parametrize("table", [entries, vault, vault_keys], ids=lambda table: table.name)
def test_a_changed_cell_of_a_permanent_table_is_found(filled: Filled, table: Table) -> None:
    """Stored hashes, sealed values and wrapped keys."""
    row = rows_of(filled, table)[-1]
    for column in table.columns:
        if isinstance(column.type, LargeBinary):
            with tampered(filled, table, row, column.name, changed(row[column.name], column)):
                verdict = filled.audit()

            assert not verdict.is_consistent, f"{table.name}.{column.name}"


def test_a_flipped_bit_in_any_object_is_found(filled: Filled) -> None:
    """Originals, segment manifests, review copies, posters, and what describes them, changed behind the store's back."""
    draw = random.Random(SEED)
    files = sorted(path for path in (filled.office.home / "store").rglob("*") if path.is_file() and path.stat().st_size)
    assert len(files) >= 8
    for path in files:
        honest = path.read_bytes()
        with overwritten(path, flipped(honest, draw.randrange(len(honest)))):
            verdict = filled.audit()

        assert not verdict.is_consistent, f"{path}: {path.read_bytes()[:300]!r}"


def test_a_missing_object_is_found(filled: Filled) -> None:
    """Gone is as bad as changed."""
    path = max((filled.office.home / "store").rglob("*"), key=lambda each: each.stat().st_size if each.is_file() else 0)
    hidden = path.rename(path.with_name("hidden"))
    verdict = filled.audit()
    hidden.rename(path)

    assert not verdict.is_consistent


def test_every_permanent_table_is_tried_here() -> None:
    """Who adds a permanent table adds its test."""
    tried = {entries, checkpoints, vault, vault_keys}
    known_elsewhere = {"tiles", "cosignatures", "timestamps", "projection_shape", "alembic_version"}

    assert {table.name for table in permanent.sorted_tables} - {table.name for table in tried} <= known_elsewhere


def test_a_cut_ledger_is_found(filled: Filled) -> None:
    """The last leaf removed, with its values: the newest checkpoint covers more than there is."""
    last = rows_of(filled, entries)[-1]
    with unguarded(filled) as connection:
        assert connection.scalar(select(func.count()).select_from(vault).where(vault.c.seq == last["seq"])) is not None
        connection.execute(entries.delete().where(entries.c.seq == last["seq"]))
    verdict = filled.audit()
    with unguarded(filled) as connection:
        connection.execute(entries.insert().values(last))

    assert not verdict.is_consistent
