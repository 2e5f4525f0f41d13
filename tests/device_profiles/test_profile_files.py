"""Profiles are read strictly: whatever is not understood is refused, with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.faults import line_of
from device_profiles.profile import Profile, Usb, load_profiles, read_profile

PLAIN = """
name = "plain"
priority = 5

[label]
zh = "样机"
en = "sample"

[[match]]
usb_ids = ["1234:abcd"]
source = "made up for this test"
grade = "B"

[[recordings]]
kind = "video"
under = ["Media/*"]
extensions = ["mp4"]
source = "made up for this test"
grade = "B"

[[names]]
pattern = '(?P<device>\\w+)_(?P<time>\\d{14})\\.mp4'
source = "made up for this test"
grade = "B"

[clock]
source = "made up for this test"
grade = "C"
"""


def test_a_profile_is_read_with_the_zone_of_mainland_china_unless_it_says_otherwise() -> None:
    profile = read_profile(PLAIN, origin="plain.toml")

    assert profile.clock.zone == "Asia/Shanghai"
    assert profile.match[0].usb_ids == ("1234:abcd",)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("under =", "udner =", "recordings.0.udner: unknown key"),
        ("priority = 5", 'priority = "5"', "priority: "),
        ("priority = 5", "priority = 5\nvolume = 1", "volume: unknown key"),
        ("1234:abcd", "1234:ABCD", "match.0.usb_ids.0: "),
        ('grade = "B"', 'grade = "C"', "match.0: "),
        ('grade = "B"', "", "match.0.grade: "),
        ("P<device>", "P<devise>", "names.0: Value error, unknown group devise"),
        ("(?P<device>", "((?P<device>", "names.0.pattern: "),
        ("Media/*", "../etc", "recordings.0.under.0: "),
        ("Media/*", "/Media", "recordings.0.under.0: "),
        ('["mp4"]', '[".MP4"]', "recordings.0.extensions.0: "),
        ("[clock]", '[clock]\nzone = "Asia/Beijing"', "clock.zone: "),
        ("[clock]", '[clock]\nzone = "../../etc/passwd"', "clock.zone: "),
        ("[clock]", "[clocks]", "clock"),
        ("[clock]", "[segments]\nseconds = 0\nsource = 's'\ngrade = 'B'\n\n[clock]", "segments.seconds: "),
        ("[clock]", "[identity]\nvolume_label = 'serial'\nsource = 's'\ngrade = 'B'\n\n[clock]", "identity.volume_label: "),
        ("[clock]", "[[ignore]]\nsource = 's'\ngrade = 'B'\n\n[clock]", "ignore.0: Value error, names nothing"),
        ("[clock]", "[[usb]]\nids = ['1234:abcd']\ninterface = 'mtp'\nsource = 's'\ngrade = 'C'\n\n[clock]", "usb.0: "),
        ("[clock]", "[[usb]]\ninterface = 'hid'\nsource = 's'\ngrade = 'B'\n\n[clock]", "usb.0.interface: "),
        ("[clock]", "[[quirks]]\ncode = 'odd'\nsource = 's'\ngrade = 'B'\n\n[clock]", "quirks.0.code: "),
        ('["mp4"]', "[]", "recordings.0.extensions: "),
        ("[label]", "[label", "not TOML"),
    ],
)
def test_a_fault_is_named_by_file_and_key(old: str, new: str, complaint: str) -> None:
    assert old in PLAIN

    with pytest.raises(ValueError, match="profile plain.toml: ") as caught:
        read_profile(PLAIN.replace(old, new), origin="plain.toml")

    assert complaint in str(caught.value)


def test_shipped_profiles_are_complete_and_sorted_by_priority() -> None:
    profiles = load_profiles()

    assert [profile.priority for profile in profiles] == sorted((profile.priority for profile in profiles), reverse=True)
    assert {"generic-folder", "generic-dcim", "dcam-ncc036v"} <= {profile.name for profile in profiles}


@pytest.mark.parametrize("profile", load_profiles(), ids=lambda profile: profile.name)
def test_every_shipped_fact_has_a_source_that_names_no_address(profile: Profile) -> None:
    facts = dict(profile.facts())

    assert {"match.0", "recordings.0", "clock"} <= set(facts)
    assert all(fact.source.strip() and "://" not in fact.source for fact in facts.values())


def test_every_fact_of_a_profile_is_among_its_facts() -> None:
    """A new kind of fact that is forgotten would be shown and counted nowhere."""
    fields = {key for profile in load_profiles() for key, _fact in profile.facts()}

    assert {key.partition(".")[0] for key in fields} == set(Profile.model_fields) - {"name", "label", "priority"}


@pytest.mark.parametrize("profile", load_profiles(), ids=lambda profile: profile.name)
def test_no_usb_id_is_a_guess(profile: Profile) -> None:
    facts = [*profile.usb, *(rule for rule in profile.match if rule.usb_ids)]

    assert {fact.grade for fact in facts if not isinstance(fact, Usb) or fact.ids} <= {"A", "B"}


@given(st.text(st.sampled_from("[]=. \n\tabmatch0names\"'#")), st.lists(st.sampled_from(["match", "a", 0, 1])))
def test_looking_for_a_line_in_whatever_text_ends(text: str, location: list[int | str]) -> None:
    found = line_of(text, location)

    assert found is None or 1 <= found <= len(text.splitlines())


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("name",), "name ="),
        (("label", "en"), "en ="),
        (("match", 0, "usb_ids", 0), "usb_ids ="),
        (("match", 0), "[[match]]"),
        (("match", 0, "volume_label"), "[[match]]"),
        (("names", 0, "pattern"), "pattern ="),
        (("clock", "grade"), 'grade = "C"'),
        (("clock",), "[clock]"),
        (("nowhere",), None),
        ((), None),
    ],
)
def test_a_key_is_found_in_its_line(location: tuple[int | str, ...], line: str | None) -> None:
    number = line_of(PLAIN, location)

    assert (number is None) == (line is None)
    assert number is None or PLAIN.splitlines()[number - 1].startswith(str(line))


def test_an_office_adds_profiles_from_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "plain.toml").write_text(PLAIN, encoding="utf-8")

    assert "plain" in {profile.name for profile in load_profiles(tmp_path)}


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("other.toml", PLAIN.encode(), "expected 'other', found 'plain'"),
        ("tecsar.toml", PLAIN.replace('"plain"', '"tecsar"').encode(), "'tecsar' exists already"),
        ("plain.toml", PLAIN.encode("gb18030"), "not UTF-8"),
    ],
    ids=["named otherwise", "named like a shipped one", "in GBK"],
)
def test_a_profile_that_hides_another_or_cannot_be_read_is_refused(
    tmp_path: Path, file: str, text: bytes, complaint: str
) -> None:
    (tmp_path / file).write_bytes(text)

    with pytest.raises(ValueError, match=complaint):
        load_profiles(tmp_path)


def test_a_profile_cannot_be_changed() -> None:
    profile = read_profile(PLAIN, origin="plain.toml")

    with pytest.raises(ValueError, match="frozen"):
        setattr(profile, "priority", 6)  # noqa: B010 — the type checker knows, too
