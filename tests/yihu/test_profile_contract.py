"""
A camera is whatever passes the device-profile contract: every shipped profile does, and whatever breaks it is caught and named.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from device_profiles.matching import decide
from device_profiles.profile import Profile, load_profiles
from device_profiles.samples import Sample, load_samples, look_of, unshown
from device_profiles.variants import variants
from ingest.probe import Finding, facts
from ingest.tools import find_tools
from storage.errors import StorageUnavailable
from yihu.conformance import Held, hold
from yihu.profile_cards import write_sample

PROFILES = {profile.name: profile for profile in load_profiles()}
SAMPLES = load_samples()
NAMES = sorted(PROFILES)


def held(profile: Profile, sample: Sample) -> Held:
    return hold(profile, sample, [(PROFILES[name], SAMPLES[name]) for name in NAMES])


def changed(name: str, **values: object) -> Profile:
    """A shipped profile with a mistake in it."""
    return PROFILES[name].model_copy(update=values)


def rule(name: str, key: str, place: int, **values: object) -> Profile:
    rules: tuple[Any, ...] = getattr(PROFILES[name], key)
    wrong = rules[place].model_copy(update=values)
    return changed(name, **{key: (*rules[:place], wrong, *rules[place + 1 :])})


def test_every_shipped_profile_has_a_sample_and_every_sample_a_profile() -> None:
    assert sorted(SAMPLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_keeps_the_contract(name: str) -> None:
    result = held(PROFILES[name], SAMPLES[name])

    assert result.breaches == ()
    assert result.cards >= 10
    assert result.files > result.cards


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_card_gets_its_own_profile_whatever_else_is_known(name: str) -> None:
    assert decide(PROFILES.values(), look_of(SAMPLES[name])).profile.name == name


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_profile_is_shown_at_work(name: str) -> None:
    assert unshown(PROFILES[name], SAMPLES[name]) == ()


def test_every_profile_of_a_camera_with_times_or_numbers_meets_every_hostile_variant() -> None:
    met = {variant.name for variant in variants(PROFILES["generic-dcim"], SAMPLES["generic-dcim"])}

    assert met == {
        "plain",
        "upper-case",
        "lower-case",
        "gbk-names",
        "missing-folder",
        "clock-1970",
        "clock-2038",
        "impossible-time",
        "lying-times",
        "two-gaps",
        "strangers",
    }


def named(name: str, pattern: str) -> Profile:
    """A shipped profile whose first name pattern is another one."""
    return rule(name, "names", 0, pattern=re.compile(pattern, re.IGNORECASE))


MISTAKES = {
    "never matches": (rule("gopro", "match", 0, folders=("DCIM/*NEVER",)), "not-recognised"),
    "one of two ways never matches": (rule("garmin", "match", 0, folders=("DCIM/*NEVER",)), "rule-not-shown"),
    "takes every card": (changed("garmin", priority=99, match=PROFILES["generic-folder"].match), "takes-others-card"),
    "a rule for nothing": (
        changed("garmin", sidecars=(PROFILES["generic-folder"].sidecars[0],)),
        "rule-not-shown",
    ),
    "an extension forgotten": (rule("garmin", "recordings", 1, extensions=("jpe",)), "kind"),
    "only one case of letters": (
        rule("dcam-ncc036v", "names", 0, pattern=re.compile(PROFILES["dcam-ncc036v"].names[0].pattern.pattern)),
        "device",
    ),
    "ignores too much": (
        changed("garmin", ignore=(PROFILES["garmin"].ignore[0].model_copy(update={"names": ("*",)}),)),
        "verdict",
    ),
    "the wrong place": (rule("dcam-ncc036v", "recordings", 0, under=("Media/Videos", "Media/IMP")), "place"),
    "a sidecar without an owner": (
        rule("dcam-ncc036v", "sidecars", 0, pattern=re.compile(r".+\.md5", re.IGNORECASE)),
        "owner",
    ),
    "importance forgotten": (changed("garmin", importance=None), "important"),
    "a clock of 1970 does not fit": (
        named("dcam-ncc036v", r"DCAM_(?P<device>\w+?)_(?P<officer>\w+?)_(?P<time>20\d{6}_\d{6}).*"),
        "time",
    ),
    "numbers cut short": (
        rule("garmin", "names", 0, pattern=re.compile(r".{4}\d(?P<sequence>\d{3})\..+")),
        "sequence",
    ),
    "no numbers at all": (rule("garmin", "names", 0, pattern=re.compile(r".{4}\d{4}\..+")), "sequence"),
    "device and officer exchanged": (
        named("dcam-ncc036v", r"DCAM_(?P<officer>\w+?)_(?P<device>\w+?)_(?P<time>\d{8}_\d{6}).*"),
        "officer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_profile_is_caught_and_named(mistake: str) -> None:
    profile, kind = MISTAKES[mistake]

    assert kind in {breach.kind for breach in held(profile, SAMPLES[profile.name]).breaches}


def test_a_gap_is_only_missed_by_who_reads_no_numbers() -> None:
    """The sample itself says that there are numbers, so that the variant is made."""
    pattern = re.compile(r"(?P<sequence>[A-Z]{4})?(?P<device>.{4}\d{4})\..+", re.IGNORECASE)
    breaches = held(rule("garmin", "names", 0, pattern=pattern), SAMPLES["garmin"]).breaches

    assert "gaps" in {breach.kind for breach in breaches if breach.variant == "two-gaps"}


def test_a_clock_read_in_a_zone_where_it_is_another_year_is_still_marked() -> None:
    """Noon is the same day in every zone."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        clock = PROFILES["dcam-ncc036v"].clock.model_copy(update={"zone": zone})
        assert held(changed("dcam-ncc036v", clock=clock), SAMPLES["dcam-ncc036v"]).breaches == ()


@pytest.mark.media
def test_a_sample_card_with_footage_is_real(tmp_path: Path) -> None:
    write_sample(SAMPLES["dcam-ncc036v"], tmp_path, find_tools(None))
    videos = sorted(tmp_path.rglob("*093005.mp4"))

    assert [Finding.UNREADABLE in facts(video, find_tools(None)).findings for video in videos] == [False]


def test_a_sample_card_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_sample(SAMPLES["generic-folder"], tmp_path / name)
    one, two = (
        {os.fsencode(path.relative_to(tmp_path / name)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
        for name in ("one", "two")
        if (files := [path for path in (tmp_path / name).rglob("*") if path.is_file()])
    )

    assert one == two
    assert len(one) == len(SAMPLES["generic-folder"].files)


def test_a_sample_card_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "DCIM").touch()

    with pytest.raises(StorageUnavailable, match="sample card .* cannot be written"):
        write_sample(SAMPLES["gopro"], tmp_path)


def test_no_card_of_the_contract_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    held(PROFILES["gopro"], SAMPLES["gopro"])

    assert list(tmp_path.iterdir()) == []
