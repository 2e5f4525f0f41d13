"""The cameras of the benchmark of docks are as slow as they say, and what takes them in is the real dock program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cameras import Group, cameras, missing
from bench.cards import clips_of, write_card
from bench.docking import Docked, docking
from bench.docks import Bench, Rounds
from bench.measure import Command, Cost, RunFailed, cost_of, words_of, words_told
from bench.offices import office_in
from bench.peers import copying, hashing, reading
from bench.report import Report

_MIB = 2**20
_SLOW = 4 * _MIB


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with two clips."""
    return write_card(tmp_path / "card", clips=2, size=_MIB)


@pytest.fixture
def _has_cameras() -> None:
    lacking = missing()
    if lacking:
        pytest.skip(lacking)


@pytest.mark.usefixtures("_has_cameras")
def test_a_camera_is_as_slow_as_it_says_each_time_it_is_read(tmp_path: Path) -> None:
    with cameras(tmp_path, count=2, clips=2, size=_MIB, rate=_SLOW) as two:
        first, again = (cost_of(lambda _: two.reading(reading(two.roots)), tmp_path) for _ in range(2))

        assert two.size == 4 * _MIB
        assert min(first.wall, again.wall) > 0.5 * 2 * _MIB / _SLOW
        assert two.group.path.is_dir()

    assert not two.group.path.exists()
    assert str(tmp_path) not in Path("/proc/mounts").read_text()


@pytest.mark.usefixtures("_has_cameras")
def test_whoever_reads_such_cameras_gets_the_same_bytes(tmp_path: Path) -> None:
    with cameras(tmp_path, count=2, clips=1, size=_MIB) as two:
        [one], [other] = (clips_of(root) for root in two.roots)

        assert one.read_bytes() == other.read_bytes() != bytes(_MIB)
        assert one.stat().st_dev != other.stat().st_dev


@pytest.mark.parametrize(
    ("rule", "said"),
    [("blkio.throttle.read_bps_device", "7:3 40000000\n"), ("io.max", "7:3 rbps=40000000\n")],
    ids=["cgroup v1", "cgroup v2"],
)
def test_a_device_is_throttled_in_the_words_of_the_kernel(tmp_path: Path, rule: str, said: str) -> None:
    Group(tmp_path, rule).throttle(0x703, 40_000_000)

    assert (tmp_path / rule).read_text() == said


def test_the_dock_program_tells_what_cameras_took(tmp_path: Path, card: Path) -> None:
    def prepare(place: Path) -> Command:
        return docking(office_in(place, store=tmp_path / "store"), [card, card])

    told = Docked.from_json(words_told(prepare, tmp_path))

    assert 0 < told.read.wall <= told.safe.wall
    assert 0 < told.read.cpu <= told.safe.cpu
    assert told.safe.rss > 20
    assert sum(path.stat().st_size for path in (tmp_path / "store").rglob("*") if path.is_file()) >= 4 * _MIB


def test_cameras_that_are_not_taken_in_whole_are_not_measured(tmp_path: Path) -> None:
    """A card without recordings is refused; the time until then is no figure."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(RunFailed, match="REFUSED"):
        words_of(docking(office_in(tmp_path), [tmp_path / "empty"]))


@pytest.mark.needs("openssl")
def test_others_do_their_work_on_every_recording(tmp_path: Path, card: Path) -> None:
    other = write_card(tmp_path / "other", clips=1, size=_MIB)
    words_of(copying([card, other], tmp_path))
    copies = sorted(path.read_bytes() for path in tmp_path.glob("copy-*/*"))

    assert copies == sorted(clip.read_bytes() for root in (card, other) for clip in clips_of(root))
    assert words_of(hashing([card, other])).count("SHA2-256") == 3
    assert not words_of(reading([card, other]))


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("command", [reading, hashing], ids=["cat", "openssl"])
def test_one_of_several_that_fails_fails_the_whole(
    tmp_path: Path, card: Path, command: Callable[[list[Path]], Command]
) -> None:
    words = command([card, write_card(tmp_path / "pulled", clips=1, size=1)])
    clips_of(tmp_path / "pulled")[0].unlink()

    with pytest.raises(RunFailed):
        words_of(words)


def test_reading_is_compared_with_cat_and_all_of_it_with_openssl(tmp_path: Path) -> None:
    rounds = Rounds(2 * 2**30, source=[1.0], load=[0.5])
    rounds.ours.append(Docked(Cost(4.0, 3.0, 90.0), Cost(5.0, 4.0, 100.0)))
    rounds.read.append(Cost(2.0, 0.1, 9.0))
    rounds.copied.append(Cost(4.0, 1.0, 9.0))
    rounds.hashed.append(Cost(2.0, 1.0, 9.0))
    report = Report("docks")
    Bench(tmp_path, report, tmp_path, rounds=1, clip=1, big=1).tell(4, rounds)
    said = json.loads(report.as_json())

    assert said["peers"]["cat-4"]["wall_ratio"] == 2.0
    assert said["peers"]["openssl-4"]["cpu_ratio"] == 4.0
    assert (said["figures"]["throughput_4"]["value"], said["figures"]["throughput_4"]["met"]) == (0.5, False)
    assert said["figures"]["cpu_4"]["value"] == 2.0
    assert said["figures"]["rss_4"]["value"] == 100.0
