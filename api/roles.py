"""
Who may do what: one table, asked by every route.

An administrator runs the system and is shown no footage; an auditor sees everything and changes nothing. Whoever administers
the machine itself can of course reach the files: that is said in the documents, not denied here.
"""

from __future__ import annotations

from enum import StrEnum

from storage.evidence import Role


class Act(StrEnum):
    """What a route lets somebody do."""

    READ = "read"
    """See parties, matters, what is known of clips, and their history."""
    PROVE = "prove"
    """Take leaves, proofs, tiles and checkpoints of the ledger; they hold pseudonyms and digests only."""
    VIEW = "view"
    """See or hear footage, with a reason, which is recorded."""
    FILE = "file"
    """File a clip under an activity, or take it out again."""
    SEND = "send"
    """Send footage over the network, and see what became of it."""
    BOARD = "board"
    """See what happens at the bays of the dock."""
    ADMINISTER = "administer"
    """Make accounts, give them roles and one-time links, disable them."""


_AT_WORK = frozenset({Act.READ, Act.PROVE, Act.VIEW, Act.FILE, Act.SEND, Act.BOARD})
_ALLOWED = {
    Role.CLERK: _AT_WORK,
    Role.REVIEWER: _AT_WORK,
    Role.AUDITOR: frozenset({Act.READ, Act.PROVE, Act.VIEW, Act.BOARD}),
    Role.ADMINISTRATOR: frozenset({Act.READ, Act.PROVE, Act.BOARD, Act.ADMINISTER}),
    Role.DOCK: frozenset({Act.SEND, Act.BOARD}),
}

SIGNING_IN = frozenset(_ALLOWED) - {Role.DOCK}
"""Roles a person can sign in with; the program has none, and a dock a credential (`api.people.credentials`)."""


def may(role: Role, act: Act) -> bool:
    """Say whether somebody in that role may do that."""
    return act in _ALLOWED.get(role, frozenset())
