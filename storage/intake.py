"""
Intake: the moment a file that was sent becomes evidence, in the name of whoever sent it.

The entry is ``SECURED`` like that of a recording which a dock read, so that everything later treats both alike. What differs:
the actor is the account, the device stands for that account, ``manifest`` is the number of the entry by which the device is
known, and ``received`` says what was sent and which of the sender's digests were compared. Who gave it, and why, lies in the
vault.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.announced import Announced
from storage.catalog import Catalog
from storage.custody import Custody
from storage.errors import DigestMismatch, InUse, LifeCycleError, NotFound, YihuError
from storage.evidence import Actor, Entry, Json, Kind, Subject
from storage.hashing import Reading, content_json
from storage.identity import found_again
from storage.receiving import Receiving
from storage.upload import Upload

UPLOADED = "uploaded"
"""How the device is identified that stands for an account."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What becomes of files that are whole."""

    receiving: Receiving
    custody: Custody
    catalog: Catalog
    index_key: bytes

    def complete(self, upload: Upload) -> None:
        """
        Make *upload*, all of which is here, a clip; on return it is recorded, and a berth of the spool.

        May be repeated after any failure. Raises `DigestMismatch`, and gives the file up, where it is not what its sender said.
        """
        with upload.alone():
            reading = upload.seal()
            try:
                compared = upload.announced.compare(reading.content)
            except DigestMismatch:
                upload.remove()
                raise
            self._record(upload.announced, reading, compared)
            upload.hand_over(self.receiving.berth(upload.clip))

    def settle(self) -> int:
        """Complete what is whole and nobody completed, and return how many files that were; no sender is needed for it."""
        done = 0
        for upload in self.receiving.each():
            if not upload.is_whole:
                continue
            try:
                self.complete(upload)
            except (InUse, NotFound, DigestMismatch):
                continue  # its sender is at it, or it is none of ours any more
            done += 1
        return done

    def was_sent(self, clip: Subject) -> bool:
        """Say whether *clip* came by being sent, by anybody."""
        first = next(iter(self.catalog.history(clip)), None)
        return first is not None and first.type == "SECURED" and first.actor.startswith(f"{Kind.ACCOUNT.value}:")

    def is_ours(self, clip: Subject, account: Subject) -> bool:
        """Say whether *clip* is ours, and was sent by *account*."""
        return self.was_sent(clip) and self.catalog.history(clip)[0].actor == str(account)

    def _record(self, announced: Announced, reading: Reading, compared: list[str]) -> None:
        if self.catalog.is_known(announced.clip):
            return  # an earlier answer was lost
        actor = Actor(announced.account, announced.role)
        device = found_again(self.index_key, Kind.DEVICE, f"upload:{announced.account}")
        enrolled = self._enrolled(device, actor)
        try:
            self.custody.record(secured(announced, reading, compared, actor, device=device, enrolled=enrolled))
        except LifeCycleError:
            if not self.is_ours(announced.clip, announced.account):
                raise

    def _enrolled(self, device: Subject, actor: Actor) -> int:
        """Return the number of the entry by which the device is known that stands for an account."""
        if not self.catalog.is_known(device):
            entry = Entry("DEVICE_ENROLLED", device, actor, {"identified_by": UPLOADED}, {"label": str(actor.who)})
            try:
                return self.custody.record(entry).seq
            except YihuError:
                if not self.catalog.is_known(device):
                    raise
        return self.catalog.history(device)[0].seq


def secured(
    announced: Announced, reading: Reading, compared: list[str], actor: Actor, *, device: Subject, enrolled: int
) -> Entry:
    """Return the entry by which a file that was sent becomes ours."""
    told: list[Json] = [*compared]
    body: dict[str, Json] = {
        "content": content_json(reading.content),
        "device": str(device),
        "findings": [announced.what if announced.what == "third-party" else UPLOADED],
        "kind": announced.kind.value,
        "manifest": enrolled,
        "modified_ns": "0",
        "received": {"compared": told, "what": announced.what},
        "recorded_at": None,
        "recorded_raw": None,
        "zone": "",
    }
    path = announced.path
    file: dict[str, Json] = {"path": path.raw.hex(), "name": path.text, "belongs_to": None, "officer": None}
    given: dict[str, Json] = {"by": announced.given_by, "reason": announced.reason}
    return Entry("SECURED", announced.clip, actor, body, {"file": file, "given": given})
