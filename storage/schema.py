"""
The tables.

Two sorts, kept apart because they mean different things:

* **Permanent** tables are the truth: leaves, checkpoints, cosignatures, time-stamps, the vault. They are append-only (triggers
  refuse UPDATE and DELETE; of `vault_keys` a row may be emptied, which is how values are erased), and Alembic migrates them.
* **Projections** are what people query. Each row is a function of ledger and vault, so they are never migrated: when their
  shape changes they are dropped and made again from the ledger (`storage.rebuild`). Rooms add theirs to `projections`.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.schema import CreateIndex, CreateTable

permanent = MetaData()
projections = MetaData()

entries = Table(
    "entries",
    permanent,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    permanent,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)

tiles = Table(
    "tiles",
    permanent,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

cosignatures = Table(
    "cosignatures",
    permanent,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    ForeignKeyConstraint(["size"], ["checkpoints.size"]),
)

timestamps = Table(
    "timestamps",
    permanent,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", Text, primary_key=True),
    Column("token", LargeBinary, nullable=False),
    ForeignKeyConstraint(["size"], ["checkpoints.size"]),
)

vault = Table(
    "vault",
    permanent,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    ForeignKeyConstraint(["seq"], ["entries.seq"]),
)

vault_keys = Table(
    "vault_keys",
    permanent,
    Column("subject", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

APPEND_ONLY = (entries, checkpoints, cosignatures, timestamps, tiles, vault)
"""Tables whose rows are never changed and never deleted."""

COUNTED = {"counts": True}
"""
``info`` of a column that entries about *other* subjects change, so that it does not follow from its own subject's history.

An audit that looks at new entries only leaves it out; one that replays everything compares it like every other.
"""

subjects = Table(
    "subjects",
    projections,
    Column("subject", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_hash", LargeBinary, nullable=False),
)

history = Table(
    "history",
    projections,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Index("history_subject", "subject", "seq"),
)

projection_shape = Table("projection_shape", permanent, Column("fingerprint", Text, primary_key=True))
"""The one row says which shape of the projections stands in this database."""


def fingerprint() -> str:
    """Return a digest of the shape of all registered projections; it changes when any table, column or index does."""
    tables = projections.tables.values()
    shapes = sorted(str(CreateTable(table)) for table in tables)
    shapes += sorted(str(CreateIndex(index)) for table in tables for index in table.indexes)
    return hashlib.sha256("\n".join(shapes).encode()).hexdigest()
