"""Who vouches for a checkpoint: the log's own key, and the witnesses the stranger knows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint, VerifiedCheckpoint, verify_checkpoint
from .errors import VerificationError
from .note import SignedNote
from .steps import Check
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .keys import VerifierKey


def claimed(note: str) -> Checkpoint:
    """Return what a signed checkpoint says, without having looked at its signatures."""
    return Checkpoint.parse(SignedNote.parse(note).text)


def open_with(note: str, keys: Sequence[VerifierKey], witnesses: Sequence[VerifierKey]) -> VerifiedCheckpoint:
    """Return the checkpoint only if it is signed by the log that the *keys* belong to."""
    names = sorted({key.name for key in keys})
    if len(names) != 1:
        message = "expected keys of one log, found {names}"
        raise VerificationError(message, names=", ".join(names) or "-")
    return verify_checkpoint(note, [*keys, *witnesses], origin=names[0])


def check_signatures(
    signature: Check,
    note: str,
    head: Checkpoint,
    keys: Sequence[VerifierKey],
    witnesses: Sequence[VerifierKey],
) -> list[tuple[Check, Said]]:
    """Do the steps "signature" and, where there are *witnesses*, "witnesses": every one of them must have cosigned."""
    verified = signature.attempt(partial(open_with, note, keys, witnesses))
    results = [(signature, Said("{origin}, {size} entries, signed by its own key", origin=head.origin, size=head.size))]
    if not witnesses:
        return results
    check = Check("witnesses")
    if verified is None:  # for the reason of the first step
        check.attempt(partial(open_with, note, keys, witnesses))
        return [*results, (check, Said("-"))]
    for key in witnesses:
        check.attempt(partial(_cosigned, key, verified))
    names = ", ".join(f"{one.key.name} ({one.time})" for one in verified.witnesses)
    return [*results, (check, Said("cosigned by {names}", names=names))]


def _cosigned(key: VerifierKey, verified: VerifiedCheckpoint) -> None:
    if key not in {one.key for one in verified.witnesses}:
        message = "not cosigned by {name}"
        raise VerificationError(message, name=key.name)
