"""
Accounts: their life cycle, their table, and what each entry changes in it.

=================  =======  ===========================  ==============================================================
entry              subject  moves                        body
=================  =======  ===========================  ==============================================================
``TOKEN_ISSUED``   account  (new) → active               role, SHA-256 of the token (256 random bits: nobody guesses it);
                                                         offices, matters and until when, where limited; of which dock,
                                                         if of one
``TOKEN_REVOKED``  account  active → revoked
``TOKEN_CAME``     account  stays (active)               keyed hash of an address from which it had not come before
``REFUSED``        account  stays                        which act was refused and why, on which route, about what
=================  =======  ===========================  ==============================================================

The name of a token may name a person and lies in the vault. An account is a token that a program shows, or a person who signs
in (`api.people.tables`): a token has the columns from ``role`` to ``token_sha256``, a person those from ``login`` on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Table, Text, insert, select, update

from storage.clips import clips
from storage.erasure import Forgetting, Hindrance, is_kept
from storage.evidence import Kind, Recorded
from storage.lifecycle import UNBORN, move
from storage.projecting import Change
from storage.schema import history, projections

ACTIVE, REVOKED = "active", "revoked"

MOVES = (
    move(Kind.ACCOUNT, "TOKEN_ISSUED", UNBORN, ACTIVE),
    move(Kind.ACCOUNT, "TOKEN_REVOKED", ACTIVE, REVOKED),
    move(Kind.ACCOUNT, "TOKEN_CAME", ACTIVE),
    move(Kind.ACCOUNT, "REFUSED", f"{ACTIVE}|disabled|{REVOKED}"),
)

accounts = Table(
    "accounts",
    projections,
    Column("account", Text, primary_key=True),
    Column("role", Text),
    Column("scope", Text),
    Column("until", Text),
    Column("name", Text),
    Column("token_sha256", Text, unique=True),
    Column("issued_seq", BigInteger, nullable=False),
    Column("revoked_seq", BigInteger),
    Column("login", Text, unique=True),
    Column("password", Text),
    Column("link", Text, unique=True),
    Column("link_until", Text),
    Column("sessions_after", BigInteger),
    Column("totp_seq", BigInteger),
    Column("totp_step", BigInteger),
    Column("disabled_seq", BigInteger),
    Column("dock", Text),
)

token_places = Table(
    "token_places",
    projections,
    Column("account", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)


def project(recorded: Recorded) -> Iterable[Change]:
    """Say what an entry about an account changes."""
    entry = recorded.entry
    if entry.type == "TOKEN_ISSUED":
        issued = insert(accounts).values(
            account=str(entry.subject),
            role=entry.body["role"],
            scope=scope_in(entry.body),
            until=entry.body.get("until"),
            name=entry.personal.get("name"),
            token_sha256=entry.body["token"],
            issued_seq=recorded.seq,
            dock=entry.body.get("dock"),
        )
        yield Change(issued)
    if entry.type == "TOKEN_CAME":
        row = {"account": str(entry.subject), "place": entry.body["from"], "seq": recorded.seq}
        yield Change(insert(token_places).values(**row))
    if entry.type == "TOKEN_REVOKED":
        standing = accounts.c.account == str(entry.subject), accounts.c.revoked_seq.is_(None)
        yield Change(update(accounts).where(*standing).values(revoked_seq=recorded.seq))


def scope_in(body: Mapping[str, Any]) -> str:
    """Return what a grant in *body* covers, as one text: pseudonyms in order; nothing for everything."""
    return " ".join(sorted([*body.get("offices", []), *body.get("matters", [])]))


def _account(subject: str, at: str) -> Sequence[Hindrance]:
    mine = accounts.c.account == subject
    token = select(accounts.c.account).where(mine, accounts.c.token_sha256.is_not(None), accounts.c.revoked_seq.is_(None))
    person = select(accounts.c.account).where(mine, accounts.c.token_sha256.is_(None), accounts.c.disabled_seq.is_(None))
    touched = select(clips.c.clip).join(history, history.c.subject == clips.c.clip)
    return [
        Hindrance("its token is not revoked", token),
        Hindrance("it is not disabled", person),
        Hindrance("a clip that it touched is kept", touched.where(history.c.actor == subject, is_kept(at)).distinct()),
    ]


RULES = (Forgetting(Kind.ACCOUNT, accounts, ("name", "login", "password"), _account),)
"""How an account is forgotten."""
