"""
The keys of our own log: which sign a head of some size, and which open one that was signed long ago.

Everybody who opens a checkpoint of this log asks here, since older ones are signed by older keys. What the table of keys says
is believed only as far as it is signed: every handing over by all keys it names, and the newest key must be one that this
machine holds. So whoever can only write to the database brings no key of his own into the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, Engine

from storage.database import reading
from storage.errors import LedgerError
from storage.ledger.checkpoint import Checkpoint, Sm2Line, open_checkpoint, sign_checkpoint, signature_line
from storage.ledger.keys import Signer, VerifierKey
from storage.log_keys import KeyAct, key_acts
from storage.verifier.errors import VerificationError
from storage.verifier.rotation import ROTATED, KeyHistory, Rotation, ValidKey
from storage.verifier.signatures import claimed

__all__ = ["LogKeys", "Look"]

Look: TypeAlias = Callable[[], Sequence[Signer]]


class LogKeys:
    """
    The keys of one log; *signers* are those that are here, the one of the settings first, *sm2* an additional one.

    *look* finds those that came since: a key that another process made and recorded signs here as well. Whoever has a view of
    the database already gives it along, so that keys and leaves are of one moment.
    """

    def __init__(
        self, engine: Engine, signers: Sequence[Signer], *, sm2: Sm2Line | None = None, look: Look | None = None
    ) -> None:
        self._engine, self._sm2, self._look = engine, sm2, look
        self.signers = {VerifierKey.parse(signer.vkey): signer for signer in signers}
        self.origin = signers[0].name
        self._first = VerifierKey.parse(signers[0].vkey)
        self._told: tuple[tuple[KeyAct, ...], KeyHistory] | None = None

    def history(self, view: Connection | None = None) -> KeyHistory:
        """Return which key is valid at which size; `LedgerError` where the table says what no key has signed."""
        acts = self._acts() if view is None else key_acts(view)
        if self._told is None or self._told[0] != acts:
            try:
                self._told = acts, self._read(acts)
            except VerificationError as error:
                message = f"{self.origin}: its keys: {error}"
                raise LedgerError(message) from error
        return self._told[1]

    def newest(self, view: Connection | None = None) -> VerifierKey:
        """Return the key that was handed to the log last, to be given to strangers."""
        terms = [term for term in self.history(view).terms() if term.last is None]
        return terms[-1].key

    def all(self) -> list[ValidKey]:
        """Return every key there ever was with the sizes it is valid for, the oldest first."""
        return self.history().terms()

    def opened(self, note: str, view: Connection | None = None) -> Checkpoint:
        """Return the checkpoint only if a key of this log signed it that is valid at its size."""
        try:
            size = claimed(note).size
        except VerificationError as error:
            raise LedgerError(str(error)) from error
        return open_checkpoint(note, self.history(view).at(size), origin=self.origin)

    def sign(self, checkpoint: Checkpoint, view: Connection | None = None) -> str:
        """Return the checkpoint signed by every key that is valid at its size; all of them must be here."""
        signers = self._here(self.history(view).at(checkpoint.size), at=checkpoint.size)
        return sign_checkpoint(checkpoint, *signers, sm2=self._sm2)

    def handing_over(self, head: Checkpoint, new: Signer, *, overlap: int | None) -> str:
        """
        Return the note by which the keys that are valid after *head* hand over to *new*; all of them must be here.

        Raises `LedgerError` for a key that the log had before, for a retired key never comes back.
        """
        last = max((act.seq for act in self._acts()), default=0)
        key, old = VerifierKey.parse(new.vkey), self.history().at(max(head.size, last + 1))
        if key in {term.key for term in self.all()}:
            message = f"{self.origin}: {key.key_id.hex()} was a key of this log before"
            raise LedgerError(message)
        try:
            text = Rotation(head, tuple(old), key, overlap).text
        except VerificationError as error:
            raise LedgerError(str(error)) from error
        signers = [*self._here(old, at=head.size), new]
        what = f"{self.origin}: handing over to {key.key_id.hex()}"
        return f"{text}\n{''.join(signature_line(text, signer, what=what) for signer in signers)}"

    def last_rotation(self) -> int | None:
        """Return the number of the newest ``KEY_ROTATED``, or None in a log that never changed its key."""
        return max((act.seq for act in self._acts() if act.act == ROTATED), default=None)

    def _acts(self) -> tuple[KeyAct, ...]:
        with reading(self._engine) as view:
            return key_acts(view)

    def _here(self, keys: Sequence[VerifierKey], *, at: int) -> list[Signer]:
        missing = [key for key in keys if key not in self.signers]
        if missing or not keys:
            names = ", ".join(key.key_id.hex() for key in missing)
            message = f"{self.origin}: the key {names or '-'}, which must sign at {at} entries, is not here"
            raise LedgerError(message)
        return [self.signers[key] for key in keys]

    def _read(self, acts: tuple[KeyAct, ...]) -> KeyHistory:
        notes = [act.note for act in acts if act.act == ROTATED and act.note is not None]
        # the oldest keys are vouched for by those that they handed over to
        first = Rotation.opened(notes[0]).old if notes else (self._first,)
        history = KeyHistory([ValidKey(key) for key in first])
        for act in acts:
            if act.act == ROTATED:
                self._take_in(history, act)
            else:
                history.retired(act.seq, act.vkey)
            if not history.at(act.seq + 1):
                message = "entry {index}: no key is left"
                raise VerificationError(message, index=act.seq)
        newest = [term.key for term in history.terms() if term.last is None]
        if newest and newest[-1] not in self.signers and self._look is not None:
            self.signers.update((VerifierKey.parse(signer.vkey), signer) for signer in self._look())
        if not newest or newest[-1] not in self.signers:
            message = "the newest key {key_id} is not among those of this machine"
            raise VerificationError(message, key_id=newest[-1].key_id.hex() if newest else "-")
        return history

    def _take_in(self, history: KeyHistory, act: KeyAct) -> None:
        rotation = history.rotated(act.seq, act.note or "")
        valid = set(history.at(act.seq)) - {rotation.new}
        if not valid or not valid <= set(rotation.old) or rotation.head.origin != self.origin or rotation.new.vkey != act.vkey:
            message = "entry {index}: not every key of the log hands over"
            raise VerificationError(message, index=act.seq)
