"""
The tables of `cases`: projections, made again from the ledger at any time.

Values that could name a person are nullable: once the vault no longer tells them, they are gone from here too. The columns that
count (`matters`, `filings`, …) are figures for people, and they are guards: an entry that refers to something must find its
row to count itself there, in the one transaction that records it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, func

from storage.schema import COUNTED, projections

offices = Table(
    "offices",
    projections,
    Column("office", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text),
    Column("officers", BigInteger, nullable=False, info=COUNTED),
    Column("matters", BigInteger, nullable=False, info=COUNTED),
    Column("registered_seq", BigInteger, nullable=False),
    Index("offices_code", "code", unique=True),
)

officers = Table(
    "officers",
    projections,
    Column("officer", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("name", Text),
    Column("badge", Text),
    Column("activities", BigInteger, nullable=False, info=COUNTED),
    Column("registered_seq", BigInteger, nullable=False),
    Index("officers_badge", "badge", unique=True),
)

parties = Table(
    "parties",
    projections,
    Column("party", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("id_kind", Text),
    Column("id_shown", Text),
    Column("id_index", Text),
    Column("matters", BigInteger, nullable=False, info=COUNTED),
    Column("registered_seq", BigInteger, nullable=False),
    Column("registered_at", Text, nullable=False),
    Index("parties_id", "id_index", unique=True),
)

matters = Table(
    "matters",
    projections,
    Column("matter", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("stage", Text),
    Column("office", Text, nullable=False),
    Column("title", Text),
    Column("number", Text),
    Column("activities", BigInteger, nullable=False, info=COUNTED),
    Column("filings", BigInteger, nullable=False, info=COUNTED),
    Column("opened_seq", BigInteger, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("registered_seq", BigInteger),
    Column("registered_at", Text),
    Column("closed_seq", BigInteger),
    Column("closed_at", Text),
    Index("matters_number", "office", "number", unique=True),
)

matter_parties = Table(
    "matter_parties",
    projections,
    Column("matter", Text, primary_key=True),
    Column("party", Text, primary_key=True),
    Column("joined_seq", BigInteger, nullable=False),
    Index("matter_parties_party", "party"),
)

activities = Table(
    "activities",
    projections,
    Column("activity", Text, primary_key=True),
    Column("matter", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text),
    Column("place", Text),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("filings", BigInteger, nullable=False, info=COUNTED),
    Column("recorded_seq", BigInteger, nullable=False),
    Index("activities_matter", "matter", "stage"),
)

activity_officers = Table(
    "activity_officers",
    projections,
    Column("activity", Text, primary_key=True),
    Column("officer", Text, primary_key=True),
    Column("place", BigInteger, nullable=False),
)

filings = Table(
    "filings",
    projections,
    Column("filing", Text, primary_key=True),
    Column("clip", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("filed_seq", BigInteger, nullable=False),
    Column("filed_at", Text, nullable=False),
    Column("unfiled_seq", BigInteger),
    Index("filings_activity", "activity"),
)

# NULL never equals NULL in a unique index, so the whole clip (no range) is spelt -1
Index(
    "filings_live",
    filings.c.clip,
    filings.c.activity,
    func.coalesce(filings.c.start_ms, -1),
    func.coalesce(filings.c.end_ms, -1),
    unique=True,
    sqlite_where=filings.c.unfiled_seq.is_(None),
    postgresql_where=filings.c.unfiled_seq.is_(None),
)
