"""How the golden log grows: every entry of the life cycle once, time-stamps, a snapshot, one key handed over to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from storage.evidence import Json, Kind, utc_moment
from storage.ledger.checkpoint import Checkpoint, signature_line
from storage.ledger.keys import FileSigner
from storage.ledger.timestamp import judged, request_for
from storage.verifier.leaves import read_leaf
from storage.verifier.rotation import Rotation
from storage.verifier.snapshot import Tally
from storage.verifier.times import Stamp, stamp_of
from storage.verifier.tokens import read_token
from tests.servers.tsa_server import Authority

from .recording import DOCK, FIRST, LOG, ORIGIN, SECOND, WITNESSES, GoldenLog, Told, subject, vkey
from .telling import told_of

SIZE = 270
"""More than one full tile."""
_MADE_APART = {"KEY_ROTATED", "KEY_RETIRED", "SNAPSHOT", "TIMESTAMPED"}


Stamper: TypeAlias = Callable[[Checkpoint, datetime], bytes]
"""Brings an authority's reply about a head, at that time."""


class Move(NamedTuple):
    """A row of the table of moves."""

    kind: Kind
    type: str
    after: frozenset[str]
    then: str | None


@dataclass
class Grown:
    """The log, and what somebody outside held of it on the way."""

    log: GoldenLog = field(default_factory=GoldenLog)
    held: list[str] = field(default_factory=list)
    """Older heads, signed and cosigned."""
    tokens: dict[str, bytes] = field(default_factory=dict)
    """The authority's replies, by the name under which they are published."""
    snapshot: int = 0
    """The number of the entry ``SNAPSHOT``."""


def moves_of(table: Any) -> list[Move]:  # noqa: ANN401 - JSON
    """Read the rows of a table of moves."""
    return [Move(Kind(row["kind"]), row["type"], frozenset(row["after"]), row["then"]) for row in table["moves"]]


def grow(moves: list[Move], stamper: Stamper) -> Grown:
    """Make the whole log."""
    grown = Grown()
    log = grown.log
    for type_, about in (("STARTED", LOG), ("DOCK_KEY_SET", DOCK), ("WITNESS_ADDED", LOG)):
        log.record(type_, about, told_of(type_, about, log))
    second: dict[str, Json] = {"administrator": "court", "name": "court", "ours": False, "vkey": WITNESSES[1].key.vkey}
    log.record("WITNESS_ADDED", LOG, Told(second))
    for number, move in enumerate(move for move in moves if move.type not in _MADE_APART):
        _live(log, moves, move, 100 + number)
    grown.held.append(log.signed(FIRST))
    _stamp(grown, stamper)
    _count(grown)
    _rotate(grown)
    grown.held.append(log.signed(FIRST, SECOND))
    log.record("KEY_RETIRED", LOG, Told({"vkey": FIRST.vkey}))
    log.record("STARTED", LOG, told_of("STARTED", LOG, log), back=timedelta(milliseconds=1500))
    while log.size < SIZE:
        log.record("STARTED", LOG, told_of("STARTED", LOG, log))
    return grown


def _live(log: GoldenLog, moves: list[Move], last: Move, number: int) -> None:
    """Bring a subject nobody heard of to where *last* may follow, by the shortest way, and let it follow."""
    is_ours = last.kind is Kind.LOG or (last.kind is Kind.DOCK and "known" in last.after)  # a dock that signs, not one of bays
    about = {Kind.LOG: LOG, Kind.DOCK: DOCK}[last.kind] if is_ours else subject(last.kind, number)
    way = [] if about in {LOG, DOCK} else _way(moves, last)
    for type_ in (*way, last.type):
        log.record(type_, about, told_of(type_, about, log))


def _way(moves: list[Move], last: Move) -> list[str]:
    ways: list[tuple[str, list[str]]] = [("", [])]
    for state, way in ways:
        if state in last.after:
            return way
        ways += [(move.then, [*way, move.type]) for move in _after(moves, last.kind, state) if move.then not in {None, state}]
    message = f"{last}: no way leads there"
    raise ValueError(message)


def _after(moves: list[Move], kind: Kind, state: str) -> Iterator[Any]:
    return (move for move in moves if move.kind is kind and state in move.after)


def stamper_of(authority: Authority) -> Stamper:
    """Ask an authority whose clock says what it is told."""

    def stamp(head: Checkpoint, moment: datetime) -> bytes:
        request = request_for(head)
        reply = authority.stamp_at(request, moment)
        judged(reply, request=request, head=head, roots=authority.roots)
        return reply

    return stamp


def _stamp(grown: Grown, stamper: Stamper) -> None:
    log, head = grown.log, grown.log.head()
    reply = stamper(head, utc_moment(log.now) + timedelta(seconds=5))
    token = read_token(reply)
    stamp = Stamp(
        seq=log.size,
        size=head.size,
        root=head.root,
        token=_sha256(reply),
        time=token.time,
        accuracy_ms=token.accuracy_ms,
        authority=token.authority,
    )
    body: dict[str, Json] = {
        "accuracy_ms": stamp.accuracy_ms,
        "authority": stamp.authority,
        "root": stamp.root.hex(),
        "size": stamp.size,
        "time": stamp.time,
        "token": stamp.token,
    }
    log.record("TIMESTAMPED", LOG, Told(body))
    assert stamp_of(read_leaf(log.raws[-1])) == stamp
    grown.tokens[stamp.file_name] = reply


def _count(grown: Grown) -> None:
    log, tally = grown.log, Tally()
    for leaf in log.leaves:
        tally.add(leaf.subject)
    found = tally.snapshot()
    grown.snapshot = log.size
    log.record("SNAPSHOT", LOG, Told({"root": found.root.hex(), "size": found.size, "subjects": found.subjects}))


def _rotate(grown: Grown) -> None:
    rotation = handing_over(grown.log)
    log = grown.log
    log.record("KEY_ROTATED", LOG, Told({"note": rotation}))


def handing_over(log: GoldenLog) -> str:
    """Return the note by which the first key hands over to the second, at the head there is now."""
    text = Rotation(log.head(), (vkey(FIRST),), vkey(SECOND)).text
    note = f"{text}\n{''.join(signature_line(text, one, what=ORIGIN) for one in _both())}"
    Rotation.opened(note)
    return note


def _both() -> tuple[FileSigner, FileSigner]:
    return FIRST, SECOND


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
