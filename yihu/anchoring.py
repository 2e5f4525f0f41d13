"""The witnesses of an office: who they are, what is asked of them, and how much of the ledger they hold."""

from __future__ import annotations

from datetime import UTC, datetime

from storage import witnesses
from storage.errors import LedgerError, NotFound
from storage.evidence import Kind, Subject, utc_text
from storage.identity import found_again
from storage.ledger.administrators import Witness
from storage.ledger.keys import VerifierKey
from storage.verifier.errors import VerificationError
from yihu.wiring import Office

__all__ = ["add_witness", "key_of", "policy_text", "quorum_in", "remove_witness", "set_quorum", "standing"]


def key_of(vkey: str) -> VerifierKey:
    """Read a verifier key that a person typed; `ValueError` if it is none."""
    try:
        return VerifierKey.parse(vkey)
    except VerificationError as error:
        message = f"verifier key {vkey[:80]!r}: {error}"
        raise ValueError(message) from error


def add_witness(office: Office, *, name: str, vkey: str, url: str | None, administrator: str, is_ours: bool) -> Witness:
    """
    Record a witness and return it.

    Raises `ValueError` for a name or a key that is known, the log's own key, and an administrator who is ours with one witness
    and not with another.
    """
    made = Witness(name, key_of(vkey), administrator, is_ours=is_ours, url=url)
    standing_now = office.log.anchors.witnesses()
    if made.key.public in {own.key.public for own in office.log.keys.all()} or made.key.name == office.log.origin:
        message = f"witness {name}: a log is not its own witness"
        raise ValueError(message)
    for other in standing_now:
        if other.name == name or other.key.public == made.key.public:
            message = f"witness {name}: {other.name} has this name or this key already"
            raise ValueError(message)
        if other.administrator == administrator and other.is_ours is not is_ours:
            message = f"witness {name}: {administrator} is {'ours' if other.is_ours else 'outside'} with {other.name}"
            raise ValueError(message)
    office.custody.record(witnesses.added(made, log=_log(office), actor=office.operator))
    return made


def remove_witness(office: Office, name: str) -> None:
    """Record that a witness counts no more; `NotFound` if there is none of this name, `ValueError` if the quorum needs it."""
    standing_now = office.log.anchors.witnesses()
    left = [one for one in standing_now if one.name != name]
    if len(left) == len(standing_now):
        message = f"{name}: there is no witness of this name"
        raise NotFound(message)
    witnesses.policy_for(office.log.anchors.quorum(), office.log.keys.newest(), left)
    office.custody.record(witnesses.removed(name, log=_log(office), actor=office.operator))


def set_quorum(office: Office, quorum: witnesses.Quorum) -> None:
    """Record what is asked for from now on; `ValueError` where the witnesses do not suffice, or for a weak policy."""
    if witnesses.policy_for(quorum, office.log.keys.newest(), office.log.anchors.witnesses()) is None:
        message = "quorum: no witness outside the bureau was added yet"
        raise ValueError(message)
    office.custody.record(witnesses.quorum_set(quorum, log=_log(office), actor=office.operator))


def quorum_in(text: str) -> witnesses.Quorum:
    """Return what a policy file asks for: its group and quorum lines; keys are those of the witnesses that were added."""
    lines = [line for line in text.splitlines() if line.split()[:1] in (["group"], ["quorum"])]
    return witnesses.Quorum(lines="".join(f"{line}\n" for line in lines))


def policy_text(office: Office) -> str:
    """Return the policy as a file to hand out, with the administrators in comments; `NotFound` where there is none."""
    policy = office.log.anchors.policy()
    if policy is None:
        message = "no witness outside the bureau was added yet, so there is no policy"
        raise NotFound(message)
    hands = {
        one.name: f"{one.administrator}{' (our own bureau)' if one.is_ours else ''}" for one in office.log.anchors.witnesses()
    }
    return policy.text(comments=hands)


def standing(office: Office) -> dict[str, object]:
    """Say how much of the ledger each witness cosigned, and how much is held outside."""
    note = office.log.latest()
    signed = 0 if note is None else office.log.keys.opened(note).size
    anchored, problem = 0, None
    try:
        anchored = office.log.anchored_size()
    except LedgerError as error:
        problem = str(error)
    return {
        "signed": signed,
        "anchored": anchored,
        "problem": problem,
        "witnesses": [_standing(office, one) for one in office.log.anchors.witnesses()],
    }


def _standing(office: Office, witness: Witness) -> dict[str, object]:
    last = office.log.anchors.last_by(witness.key)
    return {
        "name": witness.name,
        "administrator": witness.administrator,
        "outside": not witness.is_ours,
        "vkey": witness.key.vkey,
        "url": witness.url,
        "size": 0 if last is None else last[0],
        "at": None if last is None else utc_text(datetime.fromtimestamp(last[1], UTC)),
    }


def _log(office: Office) -> Subject:
    return found_again(office.index_key, Kind.LOG, office.log.origin)
