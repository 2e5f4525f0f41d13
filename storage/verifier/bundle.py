"""
Verifying an exported bundle, step by step.

::

    bag          every file is listed with its digest, none is missing, and nothing else is there
    signature    the checkpoint is signed by the log's own key
    witnesses    … and cosigned by everybody whose key was given (only where keys were given)
    entries      every entry is of the one form an entry has, and names this log and its number
    inclusion    every entry is under the signed root
    history      the entries of every subject are linked from its first one on, without a gap
    life cycle   every entry may follow what was before it
    media        every original is, byte for byte, what its entries say was secured
    held         older heads are earlier heads of this same log (only where there are some)
    timestamps   authorities outside stamped heads over all of it (only where there are some, or roots were given to believe)
    disclosure   disclosed values are those the entries committed to (only where there are some)

What stands in a bundle proves nothing by itself: the keys come to the stranger another way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .bagfiles import DATA, DECLARATION, INFO, PAYLOAD, TAGS, BagFiles, verify_digest
from .disclosure import LARGEST_DISCLOSURE, parse_disclosure, verify_disclosure
from .errors import VerificationError
from .growth import OlderHeads
from .histories import Entries
from .lifecycle import LifeCycle
from .logfiles import LARGEST_NOTE
from .measure import Measures
from .media import LIST, MEDIA, Originals
from .rotation import KeyHistory, ValidKey
from .signatures import check_signatures, claimed, terms_of
from .stampfiles import STAMPS, Stamps
from .steps import Check, Report, report
from .words import Said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .keys import VerifierKey
    from .leaves import LeafRecord
    from .sm2 import Sm2Key

CHECKPOINT = "data/log/checkpoint"
TABLE = "life-cycle.json"
POLICY = "policy/trust.policy"
REQUIRED = (DECLARATION, INFO, PAYLOAD, TAGS, TABLE, "VERIFY.md", "verify.pyz", CHECKPOINT, LIST)

_NUMBER = r"(0|[1-9][0-9]{0,15})"
_ENTRY = re.compile(rf"data/entries/{_NUMBER}\.json")
_PROOF = re.compile(rf"data/proofs/{_NUMBER}\.tlog-proof")
_DISCLOSURE = re.compile(rf"data/disclosure/{_NUMBER}\.json")
_OTHERS = (
    re.compile(r"data/segments/([0-9A-Z]{26}|[0-9a-f]{32})\.seg"),
    re.compile(rf"data/(log/heads|consistency)/{_NUMBER}"),
    STAMPS,
)


@dataclass(frozen=True)
class Believed:
    """Whom else the stranger believes: everybody named must have signed."""

    witnesses: Sequence[VerifierKey]
    sm2: Sequence[Sm2Key]
    tsa_roots: bytes | None
    """Certificates (PEM) of time-stamping authorities; without them nobody is believed the time."""


def is_bundle(root: Path) -> bool:
    """Say whether *root* is meant to be a bundle, and not a log directory."""
    return (root / DECLARATION).exists()


class Bundle:
    """One bundle and what to verify it with."""

    def __init__(self, files: BagFiles, keys: KeyHistory, believed: Believed) -> None:
        self.files, self._keys, self._believed = files, keys, believed
        self.measures = Measures(files)

    def verify(self, *, held: Sequence[str], life_cycle: LifeCycle | None) -> Report:
        """Report every step."""
        witnesses = self._believed.witnesses
        results = [self._bag()]
        signature = Check("signature")
        note = signature.attempt(partial(self.files.text, CHECKPOINT, limit=LARGEST_NOTE))
        head = None if note is None else signature.attempt(partial(claimed, note))
        if note is None or head is None:
            return report([*results, (signature, Said("-"))], vouched=False)
        results += check_signatures(signature, note, head, self._keys, witnesses, self._believed.sm2)
        entries = Entries(self.files, note, head, self._numbers())
        results += _said_of(entries)
        results.append(self._moves(entries, life_cycle))
        results.append(Originals(self.files, self.measures, entries.histories).run())
        older, said = OlderHeads(self.files, head, self._keys).run(held, witnesses)
        if older.done:
            results.append((older, said))
        stamps = Stamps(self.files, head, max(self._numbers(), default=0), self._believed.tsa_roots)
        if stamps.is_wanted:
            results.append(stamps.run())
        if self._numbers(_DISCLOSURE):
            results.append(self._disclosed(entries))
        largest = max(map(claimed_size, held), default=0)
        tail = 0 if witnesses else max(0, head.size - largest)
        return report(results, vouched=bool(witnesses) or largest > 0, tail=tail)

    def _bag(self) -> tuple[Check, Said]:
        check = Check("bag")
        check.attempt(self._verify_names)
        promised = check.attempt(self.files.verify_form) or {}
        for path in promised:
            check.attempt(partial(self._verify_file, path, promised[path]))
        count = len(self.files.sizes)
        return check, Said("{count} files, none missing, none too many", count=count)

    def _verify_names(self) -> None:
        for path in self.files.sizes:
            if path not in REQUIRED and path != POLICY and not self._is_payload(path):
                message = "{path}: a bundle has no such file"
                raise VerificationError(message, path=path)
        for path in REQUIRED:
            if path not in self.files.sizes:
                message = "{path}: missing"
                raise VerificationError(message, path=path)
        for number in self._numbers(_PROOF):
            if f"data/entries/{number}.json" not in self.files.sizes:
                message = "{path}: missing"
                raise VerificationError(message, path=f"data/entries/{number}.json")

    def _is_payload(self, path: str) -> bool:
        return path.startswith(DATA) and any(one.fullmatch(path) for one in (_ENTRY, _PROOF, _DISCLOSURE, MEDIA, *_OTHERS))

    def _verify_file(self, path: str, promised: str) -> None:
        verify_digest(path, promised, self.measures.of(path, whole=bool(MEDIA.fullmatch(path))))

    def _numbers(self, pattern: re.Pattern[str] = _ENTRY) -> list[int]:
        found = (pattern.fullmatch(path) for path in self.files.sizes)
        return [int(match.group(1)) for match in found if match]

    def _disclosed(self, entries: Entries) -> tuple[Check, Said]:
        check = Check("disclosure")
        leaves = {leaf.seq: leaf for leaf in entries.leaves}
        names: list[str] = []
        for number in sorted(self._numbers(_DISCLOSURE)):
            names += check.attempt(partial(self._verify_disclosed, number, leaves)) or ()
        said = Said("{count} entries; disclosed: {names}", count=check.done, names=", ".join(sorted(set(names))))
        return check, said

    def _verify_disclosed(self, number: int, leaves: Mapping[int, LeafRecord]) -> tuple[str, ...]:
        path = f"data/disclosure/{number}.json"
        disclosure = parse_disclosure(self.files.read(path, limit=LARGEST_DISCLOSURE))
        if number not in leaves:
            message = "{path}: missing"
            raise VerificationError(message, path=f"data/entries/{number}.json")
        return verify_disclosure(disclosure, leaves[number])

    def _moves(self, entries: Entries, life_cycle: LifeCycle | None) -> tuple[Check, Said]:
        if life_cycle is not None:
            check = entries.moves(life_cycle)
            return check, Said("{count} entries follow the life cycle", count=check.done)
        check = Check("life cycle")
        raw = check.attempt(partial(self.files.read, TABLE, limit=LARGEST_NOTE))
        table = None if raw is None else check.attempt(partial(LifeCycle.parse, raw))
        if table is not None:
            check = entries.moves(table)
        return check, Said("{count} entries follow the life cycle that the bundle names", count=check.done)


def verify_bundle(
    root: Path,
    keys: Sequence[VerifierKey | ValidKey],
    *,
    witnesses: Sequence[VerifierKey] = (),
    held: Sequence[str] = (),
    life_cycle: LifeCycle | None = None,
    sm2: Sequence[Sm2Key] = (),
    tsa_roots: bytes | None = None,
) -> Report:
    """
    Verify the bundle in *root* against the log's own *keys* and report every step.

    *witnesses* and *sm2* must all have signed; *held* are signed checkpoints of the same log that somebody else kept;
    *life_cycle* is used in place of the table that the bundle brings; time-stamps are believed under *tsa_roots* (PEM) alone.
    No rotation can be followed here, where most entries of the log are not: for every head in the bundle a key of its time must
    be among those given.
    """
    names = Check("bag")
    files = names.attempt(partial(BagFiles, root))
    if files is None:  # such names are looked at no further
        return report([(names, Said("-"))], vouched=False)
    return Bundle(files, KeyHistory(terms_of(keys)), Believed(witnesses, sm2, tsa_roots)).verify(
        held=held, life_cycle=life_cycle
    )


def claimed_size(note: str) -> int:
    """Return the size a held head claims; 0 where it is none, which the step "held" has said already."""
    try:
        return claimed(note).size
    except VerificationError:
        return 0


def _said_of(entries: Entries) -> list[tuple[Check, Said]]:
    subjects = len(entries.histories)
    linked = Said("{subjects} subjects, each linked from its first entry on; what came later is not shown", subjects=subjects)
    return [
        (entries.strict, Said("{count} entries read", count=entries.strict.done)),
        (entries.inclusion, Said("{count} entries under the signed root", count=entries.inclusion.done)),
        (entries.history, linked),
    ]
