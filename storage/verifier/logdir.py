"""
Verifying a copied log directory, step by step.

::

    signature    the checkpoint is signed by the log's own key
    witnesses    … and cosigned by everybody whose key was given (only where keys were given)
    files        every file of a tree of that size is there, whole, and no other
    entries      every entry is of the one form an entry has
    order        numbers, log, the chain of every subject and the clock are right
    life cycle   every entry may follow what was before it (only where a table was given)
    tiles        every hash tile is what the entries below it hash to
    root         the entries hash to the root that was signed
    snapshots    every snapshot counts the entries before it rightly (only where there are some)
    held         heads that were held elsewhere are earlier heads of this same log (only where some were given)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint
from .errors import VerificationError
from .lifecycle import LifeCycle, Lives
from .logfiles import CHECKPOINT, LogFiles, read_note
from .replay import Replay
from .signatures import check_signatures, claimed, open_with
from .steps import Check, Report, report
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .keys import VerifierKey


def verify_directory(
    root: Path,
    keys: Sequence[VerifierKey],
    *,
    witnesses: Sequence[VerifierKey] = (),
    held: Sequence[str] = (),
    life_cycle: LifeCycle | None = None,
) -> Report:
    """
    Verify the log in *root* against the log's own *keys* and report every step.

    *witnesses* must all have cosigned; *held* are signed checkpoints of the same log that somebody else kept.
    """
    signature = Check("signature")
    note = signature.attempt(partial(read_note, root / CHECKPOINT))
    head = None if note is None else signature.attempt(partial(claimed, note))
    if note is None or head is None:
        return report([(signature, Said("-"))], vouched=False)
    results = check_signatures(signature, note, head, keys, witnesses)
    older = Check("held")
    heads = _held_heads(older, held, keys)
    replay = Replay(LogFiles(root, head.size), head, lives=Lives(life_cycle) if life_cycle else None, sizes=map(_size, heads))
    results += _contents(replay, LogFiles(root, head.size), head)
    if held:
        results.append(_earlier_heads(older, heads, replay, head))
    return report(results, vouched=bool(witnesses) or any(map(_size, heads)))


def _held_heads(older: Check, held: Sequence[str], keys: Sequence[VerifierKey]) -> list[Checkpoint]:
    for note in held:
        older.attempt(partial(open_with, note, keys, ()))
    found = (older.attempt(partial(claimed, note)) for note in held)
    return [one for one in found if one is not None]


def _size(head: Checkpoint) -> int:
    return head.size


def _contents(replay: Replay, files: LogFiles, head: Checkpoint) -> list[tuple[Check, Said]]:
    names, root = Check("files"), Check("root")
    count = names.attempt(files.verify_names)
    replay.run()
    root.attempt(replay.verify_root)
    results = [
        (names, Said("{count} files, none missing, none too many", count=count)),
        (replay.leaves, Said("{count} entries read", count=replay.leaves.done)),
        (replay.order, Said("{count} entries in unbroken order", count=replay.order.done)),
        (replay.tiles, Said("{count} hash tiles match", count=replay.tiles.done)),
        (root, Said("{root}", root=head.root.hex())),
    ]
    if replay.moves is not None:
        results.insert(3, (replay.moves, Said("{count} entries follow the life cycle", count=replay.moves.done)))
    if replay.snapshots.done:
        results.append((replay.snapshots, Said("{count} snapshots count rightly", count=replay.snapshots.done)))
    return results


def _earlier_heads(older: Check, heads: list[Checkpoint], replay: Replay, head: Checkpoint) -> tuple[Check, Said]:
    for one in heads:
        older.attempt(partial(_verify_held, one, replay, head))
    return older, Said("sizes {sizes} are earlier heads of this log", sizes=", ".join(str(one.size) for one in heads))


def _verify_held(one: Checkpoint, replay: Replay, head: Checkpoint) -> None:
    if one.size > head.size:
        message = "a head of {held} entries was held elsewhere, the log has only {size}: it was cut"
        raise VerificationError(message, held=one.size, size=head.size)
    if replay.roots.get(one.size) != one.root:
        message = "the log does not continue the head of {held} entries that was held elsewhere: it was rewritten"
        raise VerificationError(message, held=one.size)
