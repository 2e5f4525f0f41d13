"""Who vouches for a checkpoint: the log's own keys that are valid at its size, and the witnesses the stranger knows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint, VerifiedCheckpoint, verify_checkpoint
from .errors import VerificationError
from .note import SignedNote
from .rotation import KeyHistory, ValidKey, refuse_unless_signed
from .sm2 import Sm2Key, verify_sm2
from .steps import Check
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .keys import VerifierKey


def claimed(note: str) -> Checkpoint:
    """Return what a signed checkpoint says, without having looked at its signatures."""
    return Checkpoint.parse(SignedNote.parse(note).text)


def terms_of(keys: Iterable[VerifierKey | ValidKey]) -> list[ValidKey]:
    """Return the keys that were given, each with the sizes it is valid for."""
    return [key if isinstance(key, ValidKey) else ValidKey(key) for key in keys]


def open_with(note: str, history: KeyHistory, witnesses: Sequence[VerifierKey]) -> VerifiedCheckpoint:
    """Return the checkpoint only if it is signed by its log with a key that is valid at its size, and by all that must sign."""
    names = sorted({term.key.name for term in history.terms()})
    if len(names) != 1:
        message = "expected keys of one log, found {names}"
        raise VerificationError(message, names=", ".join(names) or "-")
    size = claimed(note).size
    keys = history.at(size)
    if not keys:
        message = "no key that was given is valid at {size} entries"
        raise VerificationError(message, size=size)
    verified = verify_checkpoint(note, [*keys, *witnesses], origin=names[0])
    refuse_unless_signed(note, history.must_sign(size))
    return verified


def check_signatures(
    signature: Check,
    note: str,
    head: Checkpoint,
    history: KeyHistory,
    witnesses: Sequence[VerifierKey],
    sm2: Sequence[Sm2Key] = (),
) -> list[tuple[Check, Said]]:
    """Do the step "signature", and where there are keys for them "sm2" and "witnesses": everybody named must have signed."""
    verified = signature.attempt(partial(open_with, note, history, witnesses))
    results = [(signature, _signed(note, head, history))]
    if sm2:
        results.append(_signed_with_sm2(note, sm2))
    if not witnesses:
        return results
    check = Check("witnesses")
    if verified is None:  # for the reason of the first step
        check.attempt(partial(open_with, note, history, witnesses))
        return [*results, (check, Said("-"))]
    for key in witnesses:
        check.attempt(partial(_cosigned, key, verified))
    names = ", ".join(f"{one.key.name} ({one.time})" for one in verified.witnesses)
    return [*results, (check, Said("cosigned by {names}", names=names))]


def _signed(note: str, head: Checkpoint, history: KeyHistory) -> Said:
    parsed = SignedNote.parse(note)
    count = min((history.followed(key) for key in history.at(head.size) if any(parsed.lines_of(key))), default=0)
    if count:
        message = (
            "{origin}, {size} entries, signed by a key that was not given: followed {count} rotations in the log. "
            "Whoever stole a key before them could have forged them after the last head that somebody else holds"
        )
        return Said(message, origin=head.origin, size=head.size, count=count)
    return Said("{origin}, {size} entries, signed by its own key", origin=head.origin, size=head.size)


def _signed_with_sm2(note: str, keys: Sequence[Sm2Key]) -> tuple[Check, Said]:
    check = Check("sm2")
    for key in keys:
        check.attempt(partial(verify_sm2, note, key))
    return check, Said("signed with SM2 by {names}", names=", ".join(key.key_id.hex() for key in keys))


def _cosigned(key: VerifierKey, verified: VerifiedCheckpoint) -> None:
    if key not in {one.key for one in verified.witnesses}:
        message = "not cosigned by {name}"
        raise VerificationError(message, name=key.name)
