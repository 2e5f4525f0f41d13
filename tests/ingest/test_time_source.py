"""What our own clock is worth: by the kernel, by whoever keeps it, and by what the office states."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.time_source import Ask, Kernel, TimeSource, _ask, from_chrony, judged, kernel, names_a_server, time_source

IN_STEP = Kernel(synchronised=True, most_us=2_500)
GPS = "47505300,GPS,1,1795507200.1,0.000001000,0.000000100,0.000000200,-1.0,0.0,0.01,0.000000000,0.001200000,16.0,Normal"
COUNTY = "0A000001,10.0.0.1,4,1795507200.1,-0.000400000,0.0001,0.0002,-1.0,0.0,0.01,0.002000000,0.001600000,64.0,Normal"
TIMESYNCD = "ServerName=ntp.county.example\nServerAddress=10.0.0.1\nNTPMessage={ Leap=0, Stratum=2 }\n"


def answering(**answers: str) -> Ask:
    """Programs of a host that print this."""

    def ask(command: Sequence[str]) -> str:
        return answers.get(command[0], "")

    return ask


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (GPS, TimeSource("gnss", synchronised=True, error_ms=2)),
        (COUNTY, TimeSource("ntp", synchronised=True, error_ms=3)),
        (COUNTY.replace("Normal", "Not synchronised"), TimeSource("none")),
        (COUNTY.replace("0A000001,10.0.0.1", "7F7F0101,"), TimeSource("none")),
        (GPS.replace(",1,", ",2,", 1), TimeSource("ntp", synchronised=True, error_ms=2)),
    ],
    ids=["a satellite receiver", "the county", "lost", "its own clock", "a server called GPS"],
)
def test_chrony_says_what_it_listens_to(line: str, found: TimeSource) -> None:
    assert from_chrony(f"{line}\n") == found


@pytest.mark.parametrize("line", ["", "506 Cannot talk to daemon", COUNTY.replace("0.002000000", "x"), f"{COUNTY},more"])
def test_what_is_no_answer_of_chrony_says_nothing(line: str) -> None:
    assert from_chrony(line) is None


@given(st.text())
def test_no_answer_is_too_odd(text: str) -> None:
    assert from_chrony(text) is None
    assert names_a_server(text) in {True, False}


@given(st.lists(st.sampled_from(["inf", "nan", "1", "-1e400", "x", "Normal", "7F7F0101"]), min_size=14, max_size=14))
def test_no_numbers_are_too_odd(fields: list[str]) -> None:
    found = from_chrony(",".join(fields))

    assert found is None or found.error_ms is None or found.error_ms >= 0


def test_a_clock_that_nobody_keeps_is_believed_by_nobody() -> None:
    """Whatever programs and settings say."""
    lost = Kernel(synchronised=False, most_us=16_000_000)

    for stated in ("auto", "gnss", "ntp", "none"):
        assert judged(lost, answering(chronyc=GPS), stated) == TimeSource("none")
    assert judged(None, answering(), "auto") == TimeSource("none")


@pytest.mark.parametrize(
    ("stated", "answers", "found"),
    [
        ("auto", {"chronyc": GPS}, TimeSource("gnss", synchronised=True, error_ms=2)),
        ("auto", {"timedatectl": TIMESYNCD}, TimeSource("ntp", synchronised=True, error_ms=3)),
        ("auto", {"timedatectl": "ServerName=\nNTPMessage={}\n"}, TimeSource("unknown", synchronised=True, error_ms=3)),
        ("auto", {}, TimeSource("unknown", synchronised=True, error_ms=3)),
        ("gnss", {}, TimeSource("gnss", synchronised=True, error_ms=3)),
        ("ntp", {"chronyc": GPS}, TimeSource("ntp", synchronised=True, error_ms=3)),
        ("none", {"chronyc": GPS}, TimeSource("none")),
    ],
)
def test_who_keeps_the_clock(stated: str, answers: dict[str, str], found: TimeSource) -> None:
    assert judged(IN_STEP, answering(**answers), stated) == found


def test_this_host_answers() -> None:
    """Whatever it says: nothing is raised, and an error is only given for a clock that is kept."""
    assert kernel() is not None
    found = time_source()

    assert found.synchronised == (found.error_ms is not None)


def test_programs_that_are_missing_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert judged(IN_STEP, _ask, "auto").kind == "unknown"
