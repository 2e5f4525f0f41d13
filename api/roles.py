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
    ASK = "ask"
    """Ask for footage: to see it at once where that is allowed, else to be allowed."""
    ORIGINAL = "original"
    """Have originals without asking. No role may: an approved request gives one (`api.access.seeing`)."""
    APPROVE = "approve"
    """Decide what others ask for, never oneself."""
    ALARMS = "alarms"
    """See who looked at very many clips."""
    ADMINISTER = "administer"
    """Make accounts, give them roles and one-time links, disable them."""


_AT_WORK = frozenset({Act.READ, Act.PROVE, Act.VIEW, Act.FILE, Act.ASK})
_ALLOWED = {
    Role.CLERK: _AT_WORK,
    Role.REVIEWER: _AT_WORK | {Act.APPROVE},
    Role.AUDITOR: frozenset({Act.READ, Act.PROVE, Act.VIEW, Act.ASK, Act.ALARMS}),
    Role.ADMINISTRATOR: frozenset({Act.READ, Act.PROVE, Act.ADMINISTER, Act.ALARMS}),
}

SIGNING_IN = frozenset(_ALLOWED)
"""Roles a person can sign in with; the program and the docks have none."""


def may(role: Role, act: Act) -> bool:
    """Say whether somebody in that role may do that."""
    return act in _ALLOWED.get(role, frozenset())
