"""
Time-stamps, bent by somebody with the real key who may ask an authority whenever he likes.

An entry that claims an earlier time than a time-stamp before it, or a later one than a time-stamp over it, is found by the
audit and by a stranger who has the log, the tokens and the roots; and so is every token that is not what its entry says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from storage.database import reading, writing
from storage.evidence import Entry, Json
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.stamping import head_at
from storage.ledger.timestamp import request_for
from storage.schema import checkpoints, timestamps
from storage.timestamps import timestamped
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome, Report
from storage.verifier.tokenfiles import TokenFiles
from storage.verifier.tokens import read_token
from tests.servers.tsa_server import Authority
from yihu.wiring import Office

from .bytewise import damaged
from .forging import Recording
from .insiders import Line, history_of
from .tally import Tally
from .world import World, findings_in, log_subject, opened, size_of

CLASS = "F"
pytestmark = pytest.mark.needs("openssl")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass
class Insider:
    """Somebody with the machine, its keys, and an authority that stamps whatever it is shown."""

    office: Office
    authority: Authority
    other: Authority
    now: datetime
    """The true time, which the authority goes by."""

    def record(self, at: datetime) -> None:
        """Record an entry that claims that time, and sign a head."""
        Recording(self.office)(Line(at, Entry("STARTED", log_subject(self.office), self.office.dock, {"version": "1"})))
        self.office.log.checkpoint()

    def head(self, size: int | None = None) -> Checkpoint:
        """The head of that size, or the newest."""
        size = size or size_of(self.office)
        with reading(self.office.engine) as connection:
            return head_at(connection, self.office.log, size)

    def reply(self, head: Checkpoint | None = None, at: datetime | None = None, **how: str) -> bytes:
        """What the authority says about a head."""
        return self.authority.stamp_at(request_for(head or self.head()), at or self.now, **how)  # type: ignore[arg-type]

    def say(self, reply: bytes, head: Checkpoint | None = None, *, kept: bool = True, **body: Json) -> None:
        """Keep the reply, and record that it is about *head*; *body* is said in place of what is true."""
        head, token, digest = head or self.head(), read_token(reply), hashlib.sha256(reply).hexdigest()
        entry = timestamped(head, token, digest, log=log_subject(self.office), actor=self.office.dock)
        if kept:
            with writing(self.office.engine) as connection:
                connection.execute(insert(timestamps).values(size=head.size, digest=digest, token=reply))
        Recording(self.office)(Line(self.now, replace(entry, body={**entry.body, **body})))
        self.office.log.checkpoint()

    def forked(self) -> Checkpoint:
        """A head of the same size over another history."""
        return replace(self.head(), root=b"f" * 32)

    def first_stamp(self) -> dict[str, Json]:
        """What the first time-stamp of the log says."""
        return dict(next(line.entry.body for line in history_of(self.office) if line.entry.type == "TIMESTAMPED"))


def _postdated(it: Insider) -> None:
    it.record(it.now + HOUR)
    it.say(it.reply())


def _older_head(it: Insider) -> None:
    with reading(it.office.engine) as connection:
        oldest = it.head(connection.scalar(select(func.min(checkpoints.c.size)).where(checkpoints.c.size > 0)))
    it.say(it.reply(oldest), oldest)


def _another_tree(it: Insider) -> None:
    it.say(it.reply(it.forked()), root=it.forked().root.hex())


def _beyond(it: Insider) -> None:
    it.say(it.reply(), size=size_of(it.office) + 1)


def _swapped(it: Insider) -> None:
    it.say(it.reply(), token=it.first_stamp()["token"])


LIES: dict[str, Callable[[Insider], None]] = {
    "an entry after a time-stamp claims an earlier time": lambda it: it.record(it.now - HOUR),
    "an entry a minute and two seconds too early": lambda it: it.record(it.now - timedelta(minutes=11, seconds=2)),
    "an entry below a time-stamp claims a later time": _postdated,
    "a time-stamp earlier than the one before": lambda it: it.say(it.reply(at=it.now - HOUR)),
    "a time-stamp over fewer entries than the one before": _older_head,
    "a time-stamp over entries that are not there yet": _beyond,
    "a time-stamp over another tree": _another_tree,
    "a token over a fork": lambda it: it.say(it.reply(it.forked())),
    "a token of another stamp": _swapped,
    "a token under another root": lambda it: it.say(it.other.stamp_at(request_for(it.head()), it.now)),
    "a token by somebody who may not stamp": lambda it: it.say(it.reply(signer="clerk")),
    "another time than the token": lambda it: it.say(it.reply(), time="2040-11-22T08:30:30.000Z"),
    "surer than the token": lambda it: it.say(it.reply(), accuracy_ms=0),
    "less sure than anybody may be": lambda it: it.say(it.reply(), accuracy_ms=3_600_000),
    "by another authority than the token": lambda it: it.say(it.reply(), authority="0" * 64),
    "a token that nobody has": lambda it: it.say(it.reply(), kept=False),
    "something more than a time-stamp says": lambda it: it.say(it.reply(), note="x"),
}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "other", "Other")


@dataclass(frozen=True, slots=True)
class Bent:
    """What he made of an office: what the audit says, and what a stranger sees."""

    inside: list[str]
    outside: Report

    @property
    def wrong(self) -> set[str]:
        """The steps that fail for the stranger."""
        return {step.name for step in self.outside.steps if not step.ok}


def bent(honest: World, place: Path, other: Authority, act: Callable[[Insider], None]) -> Bent:
    """Have him act in a copy of the office, ten minutes after its last entry, and look from inside and outside."""
    world = honest.copy(place / "office")
    with opened(world) as office:
        insider = Insider(office, world.authority(), other, history_of(office)[-1].at + 10 * MINUTE)
        act(insider)
        publish(office.log, DirectoryShelf(place / "published"))
        tokens = write_tokens(office, place / "tokens")
        inside = findings_in(office)
    outside = verify_directory(place / "published", world.keys(), tokens=TokenFiles(tokens, world.authority().roots))
    return Bent(inside, outside)


def write_tokens(office: Office, directory: Path) -> Path:
    """Give everything that is kept, as the office would."""
    directory.mkdir()
    with reading(office.engine) as connection:
        for row in connection.execute(select(timestamps)):
            (directory / f"{row.size:016d}-{row.digest[:16]}.tsr").write_bytes(row.token)
    return directory


def test_an_honest_time_stamp_is_no_fault(small: World, other: Authority, tmp_path: Path) -> None:
    """Nor is an entry as early as a clock without a time server may say."""

    def honest(it: Insider) -> None:
        it.record(it.now - timedelta(minutes=10, seconds=59))
        it.say(it.reply())

    seen = bent(small, tmp_path, other, honest)

    assert (seen.inside, seen.wrong, seen.outside.outcome) == ([], set(), Outcome.CONSISTENT)
    assert [step.name for step in seen.outside.steps if step.name in {"times", "tokens"}] == ["times", "tokens"]


@pytest.mark.parametrize("name", LIES)
def test_no_time_stamp_can_be_bent(small: World, other: Authority, tally: Tally, tmp_path: Path, name: str) -> None:
    seen = bent(small, tmp_path, other, LIES[name])

    by_audit = any(finding.startswith("timestamps: ") for finding in seen.inside)
    tally.note(f"{name}, for the audit", "detected" if by_audit else None)
    by_stranger = seen.wrong & {"times", "tokens"} and seen.outside.outcome is Outcome.FAILED
    tally.note(f"{name}, for a stranger", "detected" if by_stranger else None)
    tally.settle()


def test_no_file_of_a_token_can_be_changed(small: World, other: Authority, tally: Tally, tmp_path: Path) -> None:
    """Every reply, spoilt on the way; two changed places; roots that are not the authority's."""
    with opened(small.copy(tmp_path / "office")) as office:
        honest = {path.name: path.read_bytes() for path in write_tokens(office, tmp_path / "tokens").iterdir()}
    files = TokenFiles(tmp_path / "tokens", small.authority().roots)

    def fate(changes: dict[str, bytes | None], files: TokenFiles = files) -> Outcome:
        for name, raw in (honest | changes).items():
            (files.directory / name).unlink(missing_ok=True)
            if raw is not None:
                (files.directory / name).write_bytes(raw)
        return verify_directory(small.outside / "published", small.keys(), tokens=files).outcome

    assert len(honest) == 2
    assert fate({}) is Outcome.CONSISTENT
    for mutation in damaged(dict(sorted(honest.items()))):
        tally.note(mutation.name, "detected" if fate(dict(mutation.changes)) is Outcome.FAILED else None)
    one, two = honest
    tally.note("swapped", "detected" if fate({one: honest[two], two: honest[one]}) is Outcome.FAILED else None)
    for what, roots in {"another's": other.roots, "none": b"", "no certificate": b"x"}.items():
        tally.note(f"roots: {what}", "detected" if fate({}, replace(files, roots_pem=roots)) is Outcome.FAILED else None)
    tally.settle()
