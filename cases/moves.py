"""
The life cycles of `cases`: which entry may follow which.

======================  ========  =============================  ====================================  ==================
entry                   subject   moves                          body                                  personal
======================  ========  =============================  ====================================  ==================
``OFFICE_REGISTERED``   office    (new) → registered             code                                  name
``OFFICER_REGISTERED``  officer   (new) → registered             office                                name, badge
``PARTY_REGISTERED``    party     (new) → registered             kind, kind of number                  name, id_number
``MATTER_OPENED``       matter    (new) → open                   kind, office                          title, number
``PARTY_JOINED``        matter    stays                          party
``CASE_REGISTERED``     matter    open → registered                                                    number
``…_ENTERED``           matter    → the stage it names
``MATTER_CLOSED``       matter    → closed
``ACTIVITY_RECORDED``   activity  (new) → recorded               matter, stage, kind, times, officers  title, place
``FILED``               clip      stays (it must be ours)        filing, activity, matter, range
``UNFILED``             clip      stays (it must be ours)        filing, activity, matter              reason
======================  ========  =============================  ====================================  ==================

Each stage has an entry of its own, so that the order of the five is a line of this table and not a rule somewhere in the code.
Each follows the one before it, with two exceptions: registering is itself an act of initiation, so investigation may follow it
at once; and a case that ends early is archived too, so archiving may follow any stage. Who has
which camera, and by what officers are known at the dock, stands in `cases.duty.moves`.
"""

from __future__ import annotations

from cases.duty.moves import MOVES as DUTY
from storage.clips import OURS
from storage.evidence import Kind, Stage
from storage.lifecycle import UNBORN, Move, move

OPEN, REGISTERED, CLOSED = "open", "registered", "closed"
STAGES = "|".join(Stage)
RUNNING = f"{OPEN}|{REGISTERED}|{STAGES}"
"""The states of a matter that is not closed."""

_BEFORE = {
    Stage.INITIATION: REGISTERED,
    Stage.INVESTIGATION: f"{REGISTERED}|{Stage.INITIATION}",
    Stage.DECISION: f"{Stage.INVESTIGATION}",
    Stage.SERVICE: f"{Stage.DECISION}",
    Stage.ARCHIVING: f"{REGISTERED}|{Stage.INITIATION}|{Stage.INVESTIGATION}|{Stage.DECISION}|{Stage.SERVICE}",
}


def entered(stage: Stage) -> str:
    """Return the type of the entry by which a case enters *stage*."""
    return f"{stage.name}_ENTERED"


MOVES: tuple[Move, ...] = (
    move(Kind.OFFICE, "OFFICE_REGISTERED", UNBORN, REGISTERED),
    move(Kind.OFFICER, "OFFICER_REGISTERED", UNBORN, REGISTERED),
    move(Kind.PARTY, "PARTY_REGISTERED", UNBORN, REGISTERED),
    move(Kind.MATTER, "MATTER_OPENED", UNBORN, OPEN),
    move(Kind.MATTER, "PARTY_JOINED", RUNNING),
    move(Kind.MATTER, "CASE_REGISTERED", OPEN, REGISTERED),
    *(move(Kind.MATTER, entered(stage), before, stage.value) for stage, before in _BEFORE.items()),
    move(Kind.MATTER, "MATTER_CLOSED", RUNNING, CLOSED),
    move(Kind.ACTIVITY, "ACTIVITY_RECORDED", UNBORN, "recorded"),
    move(Kind.CLIP, "FILED", OURS),
    move(Kind.CLIP, "UNFILED", OURS),
    *DUTY,
)
