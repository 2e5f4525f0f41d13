"""
Verifying a copied log directory, step by step.

::

    signature    the checkpoint is signed by the log's own key, valid at its size
    keys         what the log says of its keys is rightly handed over (only where it says anything)
    sm2          … and by the SM2 keys (only where keys were given)
    witnesses    … and cosigned by everybody whose key was given (only where keys were given)
    files        every file of a tree of that size is there, whole, and no other
    entries      every entry is of the one form an entry has
    order        numbers, log, the chain of every subject and the clock are right
    life cycle   every entry may follow what was before it (only where a table was given)
    tiles        every hash tile is what the entries below it hash to
    root         the entries hash to the root that was signed
    snapshots    every snapshot counts the entries before it rightly (only where there are some)
    times        no entry claims a time that the authority's time-stamps rule out (only where the log speaks of some)
    tokens       … and an authority really gave them (only where its roots and the files were given)
    manifests    what docks found on cards is signed by their own keys (only where docks have keys)
    clearings    what was removed from cameras had been deposited, under an earlier head of this log (only where there is some)
    held         heads that were held elsewhere are earlier heads of this same log (only where some were given)

**Keys that were changed.** The stranger may hold an old key only. A new key is believed from the entry ``KEY_ROTATED`` on if
the note inside it is signed by a key that is believed and valid at that place, and by the new key itself (`rotation`); so the
chain begins at a key that was given. While two keys are in force by the word of the log, both must have signed the head; once a
key was retired, a larger head that only it signed is refused. Where the head is signed by no key that was given, the step
"signature" says over how many rotations it was reached: whoever stole the old key can forge a rotation in that part of the log
that nobody else holds a head of, and then a witness, a held head or the new key on paper is what tells.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .checkpoint import Checkpoint
from .clearings import AUTHORISING, sizes_in
from .errors import VerificationError
from .lifecycle import LifeCycle, Lives
from .logfiles import CHECKPOINT, LogFiles, read_note
from .logkeys import TELLING, LogKeys
from .replay import Replay
from .rotation import KeyHistory, ValidKey
from .signatures import check_signatures, claimed, open_with, terms_of
from .steps import Check, Report, report
from .times import STAMPED, stamps_in
from .tokenfiles import check_tokens
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .keys import VerifierKey
    from .sm2 import Sm2Key
    from .times import Stamp
    from .tokenfiles import TokenFiles


def verify_directory(
    root: Path,
    keys: Sequence[VerifierKey | ValidKey],
    *,
    witnesses: Sequence[VerifierKey] = (),
    held: Sequence[str] = (),
    life_cycle: LifeCycle | None = None,
    tokens: TokenFiles | None = None,
    sm2: Sequence[Sm2Key] = (),
) -> Report:
    """
    Verify the log in *root* against the log's own *keys* and report every step.

    The keys *sm2* must all have signed as well, *witnesses* must all have cosigned; *held* are signed checkpoints of the same
    log that somebody else kept; *tokens* are the time-stamps that the log speaks of.
    """
    signature = Check("signature")
    note = signature.attempt(partial(read_note, root / CHECKPOINT))
    head = None if note is None else signature.attempt(partial(claimed, note))
    if note is None or head is None:
        return report([(signature, Said("-"))], vouched=False)
    files = LogFiles(root, head.size)
    own = LogKeys(terms_of(keys))
    stamps: list[Stamp] = []
    cleared: list[int] = []
    for index, raw in files.having(*TELLING, STAMPED, AUTHORISING):
        own.follow(index, raw)
        stamps += stamps_in((raw,))
        cleared += sizes_in((raw,))
    results = check_signatures(signature, note, head, own.history, witnesses, sm2)
    older = Check("held")
    heads = _held_heads(older, held, own.history)
    sizes = [*map(_size, heads), *(one.head.size for one in own.rotations), *cleared]
    replay = Replay(files, head, lives=Lives(life_cycle) if life_cycle else None, sizes=sizes, stamps=stamps)
    results += _contents(replay, files, head)
    own.verify_heads(replay.roots)
    if own.check.done:
        results.insert(1, own.result(head.size))
    if tokens is not None:
        results.append(check_tokens(stamps, head.origin, tokens))
    if held:
        results.append(_earlier_heads(older, heads, replay, head))
    tail = 0 if witnesses else head.size - max(map(_size, heads), default=0)
    return report(results, vouched=bool(witnesses) or any(map(_size, heads)), tail=tail)


def _held_heads(older: Check, held: Sequence[str], history: KeyHistory) -> list[Checkpoint]:
    for note in held:
        older.attempt(partial(open_with, note, history, ()))
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
    if replay.times is not None:
        for stamp in replay.stamps:
            replay.times.attempt(partial(replay.verify_stamped, stamp))
        last = replay.stamps[-1].time
        within = Said(
            "claimed times lie within the bounds of {count} time-stamps up to {time}", count=len(replay.stamps), time=last
        )
        results.append((replay.times, within))
    if replay.manifests.done:
        results.append((replay.manifests, Said("{count} entries of docks are signed rightly", count=replay.manifests.done)))
    replay.verify_cleared()
    if replay.clearings.done:
        followed = Said("{count} entries about clearing cameras hold", count=replay.clearings.done)
        results.append((replay.clearings, followed))
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
