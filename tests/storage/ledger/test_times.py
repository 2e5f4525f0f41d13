"""The two-way peg: whoever puts an entry into the past or the future contradicts a time-stamp, and the finding names both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.evidence import utc_text
from storage.ledger.checkpoint import Checkpoint
from storage.ledger.keys import VerifierKey
from storage.ledger.leaf import Leaf
from storage.verifier.errors import VerificationError
from storage.verifier.leaves import read_leaf
from storage.verifier.logdir import verify_directory
from storage.verifier.program import main
from storage.verifier.steps import Outcome, Report
from storage.verifier.times import TIMESTAMPED, TOLERANCE_MS, Bounds, stamp_of, stamps_in
from storage.verifier.tokenfiles import TokenFiles
from tests.servers.tsa_server import Authority

from .conftest import ORIGIN, START, SmallLog, signer, wrong_steps

KEYS = [VerifierKey.parse(signer().vkey)]
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


class Pegged:
    """A log with a clock, and an authority with one of its own."""

    def __init__(self) -> None:
        self.log, self.now = SmallLog(), START

    def grow(self, count: int = 1, *, late: timedelta = timedelta(0)) -> Pegged:
        """So many entries, a second apart; they claim to be *late* by that much."""
        for _ in range(count):
            self.now += SECOND
            self.put(self.now + late)
        return self

    def put(self, at: datetime, **more: object) -> Leaf:
        before = self.log.leaves[-1].at if self.log.leaves else at
        back = max(0, (before - at) // timedelta(milliseconds=1))
        return self.log.add(at=at, stepped_back_ms=back, **more)

    def stamp(self, over: int | None = None, *, at: datetime | None = None, **changes: Any) -> Pegged:  # noqa: ANN401 - JSON
        """The tree of *over* entries is stamped *at* that time, and the log says so a second later."""
        head = self.log.head(over)
        body = {
            "size": head.size,
            "root": head.root.hex(),
            "token": f"{len(self.log.leaves):064x}",
            "time": utc_text(at or self.now + SECOND),
            "accuracy_ms": 1000,
            "authority": "a" * 64,
        }
        self.now += 2 * SECOND
        self.put(self.now, type=TIMESTAMPED, subject="log:1", body={**body, **changes})
        return self

    def faults(self) -> list[str]:
        """What follows from going through it entry by entry."""
        bounds, found = Bounds(stamps_in(self.log.raws)), []
        for raw in self.log.raws:
            try:
                bounds.follow(read_leaf(raw))
            except VerificationError as error:
                found.append(str(error))
        return found


def honest() -> Pegged:
    log = Pegged()
    for _ in range(3):
        log.grow(4).stamp()
        log.now += 10 * MINUTE
    return log.grow(2)


def test_an_honest_log_keeps_within_its_bounds() -> None:
    assert honest().faults() == []
    assert Pegged().grow(3).faults() == []


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 900), st.integers(0, 4)), max_size=8), st.integers(-50, 50))
def test_however_an_honest_log_is_stamped_it_has_no_faults(turns: list[tuple[int, int, int]], skew: int) -> None:
    """At any interval, over the newest head or one a stick brought late, with a clock that is a little off."""
    log, smallest = Pegged(), 1
    for count, pause, old in turns:
        log.grow(count, late=skew * SECOND)
        size = max(smallest, len(log.log.leaves) - old)
        at, smallest = log.now, size
        log.now += pause * SECOND
        log.stamp(size, at=at + SECOND)
    assert log.faults() == []


@pytest.mark.parametrize("moved", [2 * MINUTE, HOUR, 400 * 24 * HOUR])
def test_an_entry_in_the_past_is_found(moved: timedelta) -> None:
    """It comes after a time-stamp that it claims to be older than; the clock going back is named."""
    log = honest()
    place = len(log.log.leaves)
    log.put(log.now - 11 * MINUTE - moved)

    assert len(log.faults()) == 1
    assert log.faults()[0].startswith(f"entry {place}: the clock was set back by ")


def test_entries_in_the_past_are_all_found_not_only_the_one_that_set_the_clock_back() -> None:
    log = honest()
    place = len(log.log.leaves)
    log.now -= HOUR
    log.grow(3)

    first, *others = log.faults()
    assert "the clock was set back by" in first
    assert [fault.partition(",")[0].partition(":")[0] for fault in others] == [f"entry {place + 1}", f"entry {place + 2}"]
    assert "comes after entry 14" in others[0]


def test_an_entry_in_the_future_is_found_by_the_next_time_stamp() -> None:
    """And it alone: that the clock went right again is no fault."""
    log = honest()
    place = len(log.log.leaves)
    log.put(log.now + HOUR)
    assert log.faults() == []
    log.now += 10 * MINUTE
    log.grow().stamp()

    claimed, stamped = utc_text(log.log.leaves[place].at), log.log.leaves[-1].body["time"]
    assert log.faults() == [
        f"entry {place}: claims {claimed}, but was stamped at {stamped} already, says entry {place + 2}",
    ]


def test_how_far_a_clock_may_be_off_is_said_by_the_tolerance_and_the_accuracy() -> None:
    for over, expected in ((-1, 0), (0, 0), (1, 1)):
        for sign in (-1, 1):
            log = Pegged().grow(3)
            stamped = log.now + SECOND
            slack = timedelta(milliseconds=TOLERANCE_MS + 1000 + over)
            if sign > 0:
                log.put(stamped + slack)
                log.stamp(at=stamped)
            else:
                log.stamp(at=stamped)
                log.put(stamped - slack)
            assert len(log.faults()) == expected, (over, sign)


def test_time_stamps_go_forward_in_size_and_in_time() -> None:
    assert "goes back behind entry 14" in honest().stamp(3).faults()[0]
    log = honest()
    assert "goes back behind entry 14" in log.stamp(at=START).faults()[0]
    assert honest().stamp().stamp().faults() == []


WRONG: dict[str, dict[str, Any]] = {
    "no entries": {"size": 0},
    "entries to come": {"size": 99},
    "its own entry": {"size": 18},
    "a text as size": {"size": "3"},
    "true as size": {"size": True},
    "an hour of accuracy": {"accuracy_ms": 3_600_000},
    "negative accuracy": {"accuracy_ms": -1},
    "no root": {"root": "00"},
    "no digest": {"token": None},
    "no time": {"time": "yesterday"},
    "a month too many": {"time": "2026-13-01T00:00:00.000Z"},
    "one key more": {"more": 1},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_an_entry_that_is_no_time_stamp_bounds_nothing_and_is_said(changes: dict[str, Any]) -> None:
    log = honest()
    assert len(log.log.leaves) == 17
    log.stamp(**changes)

    assert len(log.faults()) == 1
    assert len(stamps_in(log.log.raws)) == 3
    with pytest.raises(VerificationError):
        stamp_of(read_leaf(log.log.raws[-1]))


def test_a_text_that_only_looks_like_one_is_none() -> None:
    log = honest()
    log.log.add(at=log.now + SECOND, body={"note": '"type":"TIMESTAMPED"'})

    assert len(stamps_in([*log.log.raws, b'nonsense "type":"TIMESTAMPED"'])) == 3


# --- a stranger with a directory ------------------------------------------------------------------------------------------


def verified(log: Pegged, root: Path, tokens: TokenFiles | None = None) -> Report:
    return verify_directory(log.log.write(root), KEYS, tokens=tokens)


def test_the_times_are_a_step_of_their_own(tmp_path: Path) -> None:
    report = verified(honest(), tmp_path)

    assert report.outcome is Outcome.CONSISTENT
    assert [step.name for step in report.steps][-1] == "times"
    assert str(report.steps[-1].detail) == "claimed times lie within the bounds of 3 time-stamps"
    assert report.steps[-1].detail.in_language("zh") == "各条记录的时间均在 3 个时间戳所限定的范围内"


def backdated(log: Pegged) -> None:
    log.put(log.now - HOUR)


def postdated(log: Pegged) -> None:
    log.put(log.now + HOUR)
    log.grow().stamp()


def another_tree(log: Pegged) -> None:
    log.stamp(root="0" * 64)


@pytest.mark.parametrize("act", [backdated, postdated, another_tree], ids=lambda act: act.__name__)
def test_what_contradicts_a_time_stamp_fails_that_step_and_no_other(tmp_path: Path, act: Callable[[Pegged], None]) -> None:
    log = honest()
    act(log)

    report = verified(log, tmp_path)
    assert report.outcome is Outcome.FAILED
    assert wrong_steps(report) == {"times"}


def stamped_log(authority: Authority, root: Path) -> tuple[Pegged, TokenFiles]:
    """A log whose time-stamps are real, and where they lie."""
    log, files = Pegged(), TokenFiles(root, authority.roots)
    root.mkdir()
    for _ in range(2):
        log.grow(3)
        put_stamp(log, files, authority)
    return log, files


def put_stamp(log: Pegged, files: TokenFiles, authority: Authority, text: str | None = None) -> Path:
    import hashlib  # noqa: PLC0415 - here alone

    from storage.ledger.timestamp import request_for  # noqa: PLC0415 - here alone
    from storage.verifier.tokens import read_token  # noqa: PLC0415 - here alone

    head = log.log.head()
    reply = authority.stamp_at(request_for(head if text is None else Checkpoint.parse(text)), log.now + SECOND)
    token, digest = read_token(reply), hashlib.sha256(reply).hexdigest()
    log.stamp(token=digest, time=token.time, authority=token.authority)
    path = files.directory / stamp_of(read_leaf(log.log.raws[-1])).file_name
    path.write_bytes(reply)
    return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.mark.needs("openssl")
def test_a_stranger_with_the_tokens_and_a_root_sees_who_stamped(tmp_path: Path, authority: Authority) -> None:
    log, files = stamped_log(authority, tmp_path / "tokens")
    report = verified(log, tmp_path / "log", files)

    assert wrong_steps(report) == set()
    assert [step.name for step in report.steps][-2:] == ["times", "tokens"]
    # an authority vouches for the time, not for this being the only history
    assert report.outcome is Outcome.CONSISTENT


@pytest.mark.needs("openssl")
def test_tokens_that_are_not_what_the_log_says_are_found(tmp_path: Path, authority: Authority) -> None:
    log, files = stamped_log(authority, tmp_path / "tokens")
    log.log.write(tmp_path / "log")
    first, second = sorted(files.directory.iterdir())

    def wrong(tokens: TokenFiles = files) -> tuple[set[str], str]:
        report = verify_directory(tmp_path / "log", KEYS, tokens=tokens)
        return wrong_steps(report), str(report.steps[-1].detail)

    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    assert wrong() == ({"tokens"}, f"entry 3: the file {first.name} is not the time-stamp it names")
    first.unlink()
    assert "cannot be read" in wrong()[1]
    first.write_bytes(kept)
    other = Authority(tmp_path / "other", "Other")
    assert "chain does not hold" in wrong(replace(files, roots_pem=other.roots))[1]
    assert wrong() == (set(), "2 time-stamps were given by an authority under the given roots")


@pytest.mark.needs("openssl")
def test_a_token_over_another_history_is_found(tmp_path: Path, authority: Authority) -> None:
    """Somebody had a fork stamped, and now says it was this log."""
    log, files = stamped_log(authority, tmp_path / "tokens")
    log.grow()
    put_stamp(log, files, authority, text=Checkpoint(ORIGIN, len(log.log.leaves), b"f" * 32).text)

    report = verified(log, tmp_path / "log", files)
    assert wrong_steps(report) == {"tokens"}
    assert "imprint" in str(report.steps[-1].detail)


@pytest.mark.needs("openssl")
def test_a_log_without_time_stamps_has_no_tokens_to_verify(tmp_path: Path, authority: Authority) -> None:
    report = verified(Pegged().grow(3), tmp_path / "log", TokenFiles(tmp_path, authority.roots))

    assert (report.outcome, wrong_steps(report)) == (Outcome.FAILED, {"tokens"})


@pytest.mark.needs("openssl")
def test_the_program_takes_tokens_and_roots(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, files = stamped_log(authority, tmp_path / "tokens")
    arguments = [str(log.log.write(tmp_path / "log")), "--vkey", signer().vkey, "--tokens", str(files.directory), "--json"]

    assert main([*arguments, "--tsa-roots", str(authority.roots_file)]) == 0
    assert [step["name"] for step in json.loads(capsys.readouterr().out)["steps"]][-2:] == ["times", "tokens"]
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "belong together" in capsys.readouterr().err

    monkeypatch.setitem(__import__("sys").modules, "rfc3161_client", None)
    assert main([*arguments[:-1], "--tsa-roots", str(authority.roots_file)]) == 3
    assert "tokens: NOT CHECKED. the Python package 'rfc3161-client' is missing" in capsys.readouterr().out
