"""Who has which camera and by what officers are known: projections like those of `cases.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from storage.schema import COUNTED, projections

holdings = Table(
    "holdings",
    projections,
    Column("device", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("officer", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("since_claimed", Text),
    Column("ended_seq", BigInteger),
    Column("ended_by", Text),
    Column("until", Text),
    Column("until_claimed", Text),
    Column("condition", Text, nullable=False),
    Column("undone_seq", BigInteger),
    Index("holdings_officer", "officer"),
)

# of two hosts that give out one camera, the second is refused here
Index(
    "holdings_open",
    holdings.c.device,
    unique=True,
    sqlite_where=holdings.c.ended_seq.is_(None) & holdings.c.undone_seq.is_(None),
    postgresql_where=holdings.c.ended_seq.is_(None) & holdings.c.undone_seq.is_(None),
)

officer_means = Table(
    "officer_means",
    projections,
    Column("officer", Text, primary_key=True),
    Column("cameras", BigInteger, nullable=False, info=COUNTED),
    Column("card_index", Text),
    Column("pin", Text),
    Column("pin_wrong", BigInteger, nullable=False),
    Column("pin_until", Text),
    Index("officer_means_card", "card_index", unique=True),
)
