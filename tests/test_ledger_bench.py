"""What the benchmark of the ledger measures is the real thing, and what it says has the shape of all benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.auditing import costs_of_going_on
from bench.chart import Chart
from bench.lives import ORIGIN, first
from bench.measure import Cost, Costs, Duel, Spread
from bench.offices import ledger
from bench.proving import Proofs, signer, verifying
from bench.published import PublishedLog
from bench.report import Figure, Peer, Report
from storage.clips import MOVES
from storage.evidence import Subject
from storage.ledger.keys import VerifierKey
from storage.lifecycle import UNBORN, LifeCycle
from storage.verifier import VerificationError
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome


def test_a_log_written_in_bulk_is_one_that_a_stranger_accepts(tmp_path: Path) -> None:
    """At every size it stops at, with the partial tiles of earlier sizes beside it."""
    log = PublishedLog(tmp_path / "log", signer(tmp_path / "keys"))
    held = []
    for size in (3, 256, 300, 700):
        held.append(log.grow(size).show())
        report = verify_directory(log.root, [VerifierKey.parse(log.vkey)], held=held[:-1])
        assert report.outcome is Outcome.CONSISTENT, [str(step.detail) for step in report.steps]
        assert verify_directory(log.root, [VerifierKey.parse(log.vkey)], held=held).outcome is Outcome.VERIFIED
        assert f"{size} entries" in str(report.steps[0].detail)


def test_its_entries_follow_the_life_cycle_of_clips() -> None:
    life_cycle, states = LifeCycle(MOVES), dict[Subject, str]()
    for entry in first(700):
        states[entry.subject] = life_cycle.next_state(entry.subject, states.get(entry.subject, UNBORN), entry.type)

    assert {"rendered", "known", "running"} <= set(states.values())


def test_only_proofs_that_hold_are_timed(tmp_path: Path) -> None:
    log = PublishedLog(tmp_path / "log", signer(tmp_path / "keys"))
    proofs = Proofs(log, log.grow(300).show(), tmp_path / "witnesses")
    (proof, leaf), (_, other), *_ = proofs.of(5)

    assert verifying(proof, leaf, proofs.vkeys) > 0
    with pytest.raises(VerificationError):
        verifying(proof, other, proofs.vkeys)
    with pytest.raises(VerificationError):
        verifying(proof, leaf, [proofs.vkeys[1], proofs.vkeys[2]])
    assert f"\n{ORIGIN}\n300\n" in proof


def test_every_audit_that_goes_on_is_timed(tmp_path: Path) -> None:
    costs = costs_of_going_on(ledger(tmp_path / "office"), size=700, more=50, times=2)
    assert len(costs) == 2
    assert all(min(cost.wall, cost.cpu, cost.rss) > 0 for cost in costs)


@pytest.mark.parametrize(
    ("goals", "is_met"),
    [({"least": 2.0}, True), ({"least": 3.0}, False), ({"limit": 2.0}, True), ({"limit": 1.0}, False), ({}, True)],
)
def test_a_figure_is_held_to_what_was_set_for_it(goals: dict[str, float], *, is_met: bool) -> None:
    figure = Figure("what", Spread.of([1.0, 2.0, 9.0]), "s", **goals)

    assert figure.is_met is is_met
    assert figure.as_json() == {
        "value": 2.0,
        "unit": "s",
        "median": 2.0,
        "min": 1.0,
        "max": 9.0,
        **goals,
        **({"met": is_met} if goals else {}),
    }


def test_every_benchmark_says_the_same_object() -> None:
    report = Report("ledger")
    duel = Duel(Costs([Cost(2.0, 1.0, 50.0), Cost(4.0, 1.0, 50.0)]), Costs([Cost(1.0, 1.0, 25.0), Cost(1.0, 1.0, 25.0)]))
    report.peers["bare"] = Peer("recording against inserting", duel, {})
    report.figures["proof"] = Figure("a proof", Spread.of([1500.0]), "B", limit=2048)

    said = json.loads(report.as_json())

    assert said.keys() == {"bench", "machine", "peers", "figures", "left_out"}
    assert {"wall_ratio", "cpu_ratio", "rss_ratio", "ours", "theirs"} <= said["peers"]["bare"].keys()
    assert said["peers"]["bare"]["wall_ratio"] == 3.0
    assert "a proof: 1500" in report.as_table()
    assert "(≤ 2048 B) ✔" in report.as_table()


def test_the_chart_is_a_drawing_of_what_was_measured(tmp_path: Path) -> None:
    """One panel for each that was, a point for each size, and no number that is none."""
    Chart(audit={1000: 0.2, 10_000: 0.4, 1_000_000: 20.0}, proof={1000: 1200.0}).write(tmp_path / "chart.svg")

    drawing = ET.parse(tmp_path / "chart.svg").getroot()  # noqa: S314 - we have just written it
    circles = drawing.findall(".//{http://www.w3.org/2000/svg}circle")

    assert len(drawing.findall("{http://www.w3.org/2000/svg}g")) == 2
    assert len(circles) == 4
    assert all(0 < float(circle.attrib["cx"]) <= 250 and 0 < float(circle.attrib["cy"]) < 210 for circle in circles)
