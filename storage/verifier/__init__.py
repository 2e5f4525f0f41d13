"""
What a stranger runs to see whether evidence and ledger of this office are what they claim to be, trusting a key on paper.

::

    python verify.pyz BUNDLE --vkey KEY       exported evidence: originals, entries, proofs
    python verify.pyz LOG --vkey KEY          a whole log directory: checkpoint, tile/…
    python verify.pyz --proof P --leaf L --vkey KEY     one entry with the proof somebody carried away
                                              … and --disclosure D: values that the entry committed to

The standard library is enough, down to Python 3.8; `cryptography` is needed for signatures, and where it is missing the program
says so and does not end well; `blake3` is used where it is there. Nothing here imports the rest of the project, and only
relative imports are used, so that the folder also works from inside a zip file. The ledger itself reads and checks with these
same functions: there is one parser of leaves, notes, proofs and tiles, not a trusting and a distrusting one.
"""

from __future__ import annotations

from .errors import SignaturesUncheckable, VerificationError

__all__ = ["SignaturesUncheckable", "VerificationError"]
