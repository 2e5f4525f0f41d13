"""
Who may do what: one table of roles, acts and what the object is to whoever asks. `api.policy` decides by it.

Whoever administers the machine itself can of course reach the files: that is said in docs/roles.md, not denied here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from storage.evidence import Role


class Act(StrEnum):
    """What a route lets somebody do."""

    OWN = "own"
    """See one's own account and session, and change the password: everybody who is signed in."""
    READ = "read"
    """See parties, matters, what is known of clips, and their history."""
    PROVE = "prove"
    """Take leaves, proofs, tiles and checkpoints of the ledger; they hold pseudonyms and digests only."""
    VIEW = "view"
    """See or hear footage (a review copy, a poster), with a reason, which is recorded."""
    ORIGINAL = "original"
    """Be given the bytes that the camera wrote."""
    FILE = "file"
    """File a clip under an activity, or take it out again."""
    UPLOAD = "upload"
    """Hand in footage and what third parties give; what one handed in oneself, nobody else's."""
    WATCH = "watch"
    """Watch what happens at the docks: the board names people and files."""
    REQUEST = "request"
    """Ask for an original, or for footage that the role alone does not show."""
    APPROVE = "approve"
    """Answer such a request of somebody else."""
    ALARMS = "alarms"
    """See who looked at very many clips."""
    ADMINISTER = "administer"
    """Make accounts and links, disable and enable them."""
    GRANT = "grant"
    """Give and take roles: of others, never one's own."""
    OVERSEE = "oversee"
    """See refusals, sign-ins, and what administrators did."""
    INTERFERENCE = "interference"
    """Read the register of interference (干预登记), from outside the unit that handles the matter."""


class Relation(StrEnum):
    """What the object of an act is to a grant of whoever asks."""

    ANY = "any"
    """No object: the grant is for the office or for several."""
    CASE_ONLY = "case-only"
    """No object: the grant is for single cases."""
    CASE = "case"
    """It belongs to a case that the grant names."""
    OFFICE = "office"
    """It belongs to a matter of an office that the grant covers."""
    UNFILED = "unfiled"
    """It is filed nowhere, and the office is known and covered."""
    NOBODY = "nobody"
    """It is filed nowhere and no office is known; only a grant for everything covers it."""
    ELSEWHERE = "elsewhere"
    """The grant does not cover it."""
    SELF = "self"
    """It is one's own account, viewing, upload or request."""
    OTHER = "other"
    """It is somebody else's."""
    APPROVED = "approved"
    """A request of this account for this very thing was approved and still counts."""
    INSIDE = "inside"
    """Another grant of the same account has a hand in the handling of it."""


_GENERAL = frozenset({Relation.ANY, Relation.CASE_ONLY})
_FILED = frozenset({Relation.CASE, Relation.OFFICE})
_UNFILED = frozenset({Relation.UNFILED, Relation.NOBODY})
_COVERED = _GENERAL | _FILED | _UNFILED
_SEEN_FILED = _GENERAL | _FILED
_APPROVED = _GENERAL | {Relation.APPROVED}
_OWN = _GENERAL | {Relation.SELF}
_NOT_OWN = _GENERAL | {Relation.OTHER}
_EVERYBODYS = _GENERAL | {Relation.SELF, Relation.OTHER}
_OFFICE_WIDE = frozenset({Relation.ANY, Relation.OFFICE}) | _UNFILED

Rules = Mapping[Act, frozenset[Relation]]

_EVERYBODY: Rules = {Act.OWN: _OWN, Act.PROVE: _GENERAL}
_WATCHES: Rules = {**_EVERYBODY, Act.READ: _COVERED, Act.VIEW: _COVERED, Act.ORIGINAL: _APPROVED, Act.REQUEST: _COVERED}
_AT_WORK: Rules = {**_WATCHES, Act.FILE: _COVERED, Act.UPLOAD: _OWN}
_AT_THE_DOCK: Rules = {**_AT_WORK, Act.WATCH: frozenset({Relation.ANY})}
_BY_REQUEST: Rules = {**_EVERYBODY, Act.VIEW: _APPROVED, Act.ORIGINAL: _APPROVED}

TABLE: Mapping[Role, Rules] = {
    Role.CLERK: _AT_THE_DOCK,
    Role.OFFICER: _AT_THE_DOCK,
    Role.HANDLER: _AT_WORK,
    Role.LEADER: {**_WATCHES, Act.APPROVE: _COVERED, Act.WATCH: frozenset({Relation.ANY})},
    # who looks at single cases, perhaps from another organisation, changes nothing in them
    Role.REVIEWER: {**_WATCHES, Act.FILE: _OFFICE_WIDE, Act.UPLOAD: frozenset({Relation.ANY, Relation.SELF})},
    Role.ARCHIVIST: {**_WATCHES, Act.VIEW: _SEEN_FILED, Act.FILE: _COVERED, Act.UPLOAD: _OWN},
    Role.PUBLICITY: {**_BY_REQUEST, Act.READ: _SEEN_FILED, Act.REQUEST: _SEEN_FILED},
    Role.SUPERVISOR: {
        **_WATCHES,
        Act.APPROVE: _COVERED,
        Act.WATCH: frozenset({Relation.ANY}),
        Act.ALARMS: _GENERAL,
        Act.INTERFERENCE: _COVERED,
    },
    Role.AUDITOR: {**_BY_REQUEST, Act.READ: _COVERED, Act.REQUEST: _COVERED},
    Role.ADMINISTRATOR: {**_EVERYBODY, Act.WATCH: frozenset({Relation.ANY})},
    Role.SECURITY: {**_EVERYBODY, Act.ADMINISTER: _EVERYBODYS, Act.GRANT: _NOT_OWN, Act.ALARMS: _GENERAL},
    Role.AUDIT: {**_EVERYBODY, Act.OVERSEE: _GENERAL, Act.ALARMS: _GENERAL},
    # a machine: sends what it took in and follows the board, nothing else
    Role.DOCK: {Act.UPLOAD: _OWN, Act.WATCH: frozenset({Relation.ANY})},
}
"""What each role may do. What is not said is refused."""

SIGNING_IN = frozenset(TABLE) - {Role.DOCK}
"""Roles a person can sign in with; the program has none, and a dock a credential (`api.people.credentials`)."""

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.SECURITY, Role.AUDIT})
"""三员分立: whoever is one of them is nothing else beside it."""

HANDLING = frozenset({Role.CLERK, Role.OFFICER, Role.HANDLER, Role.LEADER, Role.REVIEWER, Role.ARCHIVIST})
"""Roles with a hand in the handling of a matter: none of them reads the register of interference about it."""


def may(role: Role, act: Act) -> bool:
    """Say whether somebody in that role may do that at all, to something."""
    return act in TABLE.get(role, {})


def needs_approval(role: Role, act: Act) -> bool:
    """Say whether somebody in that role may do that only where a request of theirs was approved."""
    return Relation.APPROVED in TABLE.get(role, {}).get(act, frozenset())
