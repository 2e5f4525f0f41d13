"""
The entries about who has which camera, and by what an officer is known at the dock.

===================  =======  =================  =====================================================  ===========
entry                subject  moves              body                                                   personal
===================  =======  =================  =====================================================  ===========
``ISSUED``           device   stays              officer, how he was known, fitness, since (a claim)    reason
``RETURNED``         device   stays              officer, how it came back, condition, until (a claim)  remarks
``HANDED_OVER``      device   stays              from, to, how each was known, since (a claim)          remarks
``HOLDING_UNDONE``   device   stays              number and type of the entry that was wrong, officers  reason
``CARD_ASSIGNED``    officer  stays                                                                     card
``CARD_WITHDRAWN``   officer  stays
``PIN_SET``          officer  stays                                                                     pin (hash)
``PIN_REMOVED``      officer  stays
``PIN_REFUSED``      officer  stays              how often in a row, locked until
``PIN_ACCEPTED``     officer  stays              after how many that were wrong
===================  =======  =================  =====================================================  ===========

Remarks and reasons lie under the key of the camera: they go with it, and stay when an officer is erased. A right
PIN is recorded only where it ends a row of wrong ones.
"""

from __future__ import annotations

from storage.evidence import Kind
from storage.lifecycle import Move, move

KNOWN, REGISTERED = "known", "registered"

MOVES: tuple[Move, ...] = (
    *(move(Kind.DEVICE, type_, KNOWN) for type_ in ("ISSUED", "RETURNED", "HANDED_OVER", "HOLDING_UNDONE")),
    *(move(Kind.OFFICER, type_, REGISTERED) for type_ in ("CARD_ASSIGNED", "CARD_WITHDRAWN")),
    *(move(Kind.OFFICER, type_, REGISTERED) for type_ in ("PIN_SET", "PIN_REMOVED", "PIN_REFUSED", "PIN_ACCEPTED")),
)
