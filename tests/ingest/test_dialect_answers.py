"""Whatever a camera answers is read without a complaint, and nothing is made of it that it does not say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.camera import ClockReading
from ingest.dialects import Answer, Dialect, Fault, Password
from ingest.dialects.at_sign import AtSign, device_of, frames
from ingest.dialects.bc_plus import BcPlus, clock_of, of_whom, value_of
from ingest.dialects.words import clock_digits, percent, word, zone_minutes
from ingest.unlocking import offset_ms
from tests.ingest.asked import AT, BC

AT_NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BOTH: list[tuple[Dialect, Password]] = [(BcPlus(), BC), (AtSign(), AT)]

HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [
                *(
                    b"+SYSTIME:",
                    b"+GBCFG:",
                    b"+LOGIN:",
                    b"+BATVAL:",
                    b"@Gdv;",
                    b"@Ver;",
                    b"#",
                    b";",
                    b",",
                    b"\0",
                    b"\r\n",
                    b"OK",
                ),
                *("现场".encode("gbk"), b"20261124160000", b"99999999999999", b",480", b"A1B2C3D", b"8;", b"-1", b"\xff"),
                b"Sucess",
            ]
        ),
        max_size=14,
    ).map(b"".join),
)


@dataclass
class Script:
    """A link that answers what it was told to, whatever was asked, and then nothing."""

    answers: list[bytes]
    asked: list[bytes] = field(default_factory=list)

    def exchange(self, question: bytes, ends: Callable[[bytes], bool]) -> Answer:
        raw = self.answers.pop(0) if self.answers else b""
        self.asked.append(question)
        assert isinstance(ends(raw), bool)
        return Answer(raw, AT_NOON, timedelta(milliseconds=3), 7)


@pytest.mark.parametrize(("dialect", "password"), BOTH, ids=["bc-plus", "at-sign"])
@given(answers=st.lists(HOSTILE, max_size=4))
def test_asking_never_raises_and_never_tells_what_cannot_be(dialect: Dialect, password: Password, answers: list[bytes]) -> None:
    asked = dialect.ask(Script(answers), password)

    if asked is not None:
        assert asked.dialect == dialect.name
        assert asked.battery_percent is None or 0 <= asked.battery_percent <= 100
        assert all(text is None or (text.isprintable() and 0 < len(text) <= 64) for text in (asked.device, asked.officer))
        assert offset_ms(asked.clock, UTC) is None or asked.clock is not None


@pytest.mark.parametrize(("dialect", "password"), BOTH, ids=["bc-plus", "at-sign"])
@given(answers=st.lists(HOSTILE, max_size=4))
def test_only_a_yes_is_a_yes(dialect: Dialect, password: Password, answers: list[bytes]) -> None:
    """Neither noise nor any other word, and the password goes over the wire once."""
    link = Script(list(answers))

    fault = dialect.unlock(link, password)

    yes = b"Sucess" if dialect.name == "bc-plus" else b"Ver;OK"
    assert (fault is None) <= bool(answers and yes in answers[0])
    assert fault in {None, Fault.WRONG_PASSWORD, Fault.NO_ANSWER}
    assert sum(password.login.encode() in told for told in link.asked) == 1
    assert len(link.asked) == (2 if fault is None else 1)


@given(HOSTILE)
@example("样例机".encode("gbk") + b"\0\0\0")
def test_words_are_short_and_can_be_shown(raw: bytes) -> None:
    text = word(raw)

    assert text is None or (text.isprintable() and 0 < len(text) <= 64 and "\0" not in text)


@given(HOSTILE)
def test_numbers_are_of_this_world(raw: bytes) -> None:
    minutes, battery, digits = zone_minutes(raw), percent(raw), clock_digits(raw)

    assert minutes is None or -840 <= minutes <= 840
    assert battery is None or 0 <= battery <= 100
    assert digits is None or (len(digits) == 14 and digits.isdecimal() and digits.isascii())


@given(HOSTILE)
def test_frames_are_what_stands_between_the_signs(raw: bytes) -> None:
    for frame in frames(raw):
        assert b"@" + b";".join(frame) + b"#" in raw


@pytest.mark.parametrize(
    ("raw", "device"),
    [
        (b"@Gdv;8;A1B2C3D#", "A1B2C3D"),
        (b"noise@Gdv;8;x;A1B2C3D\0\0#more", "A1B2C3D"),
        ("@Gdv;8;样例机#".encode("gbk"), "样例机"),
        (b"@Gdv;8;12345678;#", None),  # an echo of the question
        (b"@Gdv;ERR#", None),
        (b"@Gdv;8;A1B2", None),
        (b"@Ver;8;A1B2C3D#", None),
        (b"@Gdv;8;\x1b[2J#", None),
        (b"@Gdv;8;" + b"A" * 65 + b"#", None),
    ],
)
def test_the_id_is_the_last_field_of_its_frame(raw: bytes, device: str | None) -> None:
    assert device_of(raw) == device


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"+GBCFG:a,b\r\n", b"a,b"),
        (b"OK\r\n+GBCFG:a,b\n+GBCFG:c", b"a,b"),
        (b"+GBCFG:a,b", b"a,b"),
        (b"+GBCFGX:a,b", None),
        (b"GBCFG:a,b", None),
    ],
)
def test_a_value_is_the_rest_of_its_line(raw: bytes, value: bytes | None) -> None:
    assert value_of(raw, b"GBCFG") == value


def test_device_and_officer_are_the_first_two_of_five() -> None:
    assert of_whom("A1B2C3D,000001,样例员,D-1,样例局".encode("gbk")) == ("A1B2C3D", "000001")
    assert of_whom(b"A1B2C3D\0\0,\0\0,,,") == ("A1B2C3D", None)
    assert of_whom(b"A1B2C3D,000001,x,y") == (None, None)


@pytest.mark.parametrize(
    ("said", "raw", "minutes"),
    [
        (b"20261124160007,480,0", "20261124160007", 480),
        (b"20261124160007", "20261124160007", None),
        (b"20261124160007,9999,x", "20261124160007", None),
        (b"20261131250000,-300", "20261131250000", -300),  # a day that does not exist is kept as it was said
    ],
)
def test_a_clock_is_kept_as_it_was_said(said: bytes, raw: str, minutes: int | None) -> None:
    answer = Answer(b"+SYSTIME:" + said + b"\r\n", AT_NOON, timedelta(milliseconds=3), 7)

    assert clock_of(answer) == ClockReading(raw, minutes, AT_NOON, timedelta(milliseconds=3), 7)


@pytest.mark.parametrize(("raw", "offset"), [("20261124120007", 7_000), ("20261131250000", None), ("00000101000000", None)])
def test_an_offset_is_told_of_times_that_exist(raw: str, offset: int | None) -> None:
    reading = ClockReading(raw, 0, AT_NOON, timedelta())

    assert offset_ms(reading, UTC) == offset


@pytest.mark.parametrize(
    ("dialect", "password"),
    [
        (BcPlus(), Password("1234567")),
        (BcPlus(), Password("12\r\n56")),
        (AtSign(), Password("1234567")),
        (AtSign(), Password("12345;#@")),
        (AtSign(), Password("12345678", "密码")),
    ],
)
def test_a_password_that_the_dialect_cannot_carry_is_not_sent(dialect: Dialect, password: Password) -> None:
    link = Script([])

    assert dialect.unlock(link, password) is Fault.UNFIT_PASSWORD
    assert link.asked == []


def test_a_camera_is_not_asked_who_it_is_without_what_goes_with_the_question() -> None:
    """Eight characters that some maker uses as a password are not ours to try."""
    link = Script([b"@Gdv;8;A1B2C3D#"])

    assert AtSign().ask(link, None) is None
    assert link.asked == []


def test_a_password_does_not_show_itself() -> None:
    assert "654321" not in f"{BC} {BC!r} {AT!r}"
