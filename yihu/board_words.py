"""
What people in front of a dock read, in both languages.

Every status has a word, a symbol and a colour, so that none of them is needed to tell two apart; every alarm has a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ingest.board import Alarm, AlarmKind, Bay, Status
from yihu.dock_reasons import DOCK_REASONS
from yihu.language import either, explained, has_words, reason_text


@dataclass(frozen=True, slots=True)
class Look:
    """How a status looks."""

    symbol: str
    colour: str
    """A name that `rich` and style sheets both know."""
    chinese: str
    english: str
    chinese_advice: str = ""
    """What to do, where there is something to do."""
    english_advice: str = ""

    @property
    def word(self) -> str:
        """The word, in the language of the person."""
        return either(self.chinese, self.english)

    @property
    def advice(self) -> str:
        """What to do, in the language of the person."""
        return either(self.chinese_advice, self.english_advice)


LOOKS = {
    Status.IDLE: Look("-", "white", "空闲", "idle"),
    Status.IDENTIFYING: Look("?", "cyan", "识别中", "identifying", "请勿取下", "leave it in"),
    Status.READING: Look("»", "blue", "采集中", "reading", "请勿取下", "leave it in"),
    Status.PROVING: Look("=", "magenta", "校验中", "proving", "请勿取下", "leave it in"),
    Status.SAFE: Look("✓", "green", "可以取下", "safe to remove", "已全部存好", "all of it is stored"),
    Status.CLEARING: Look("~", "magenta", "清除中", "clearing", "请勿取下", "leave it in"),
    Status.CLEARED: Look("✔", "green", "已清除", "cleared", "可以取下", "safe to remove"),
    Status.REFUSED: Look("⊘", "yellow", "已拒绝", "refused", "未采集", "nothing was read"),
    Status.FAILED: Look("✘", "red", "失败", "failed", "请叫管理员", "call for help"),
}

_SAY_WHAT_TO_DO = {"pulled-early", "stored-later"}

ALARMS = {
    AlarmKind.STORE_AWAY: ("存储连接不上", "store unreachable"),
    AlarmKind.DATABASE_AWAY: ("数据库连接不上", "database unreachable"),
    AlarmKind.SPOOL_FILLING: ("暂存盘快满", "spool filling up"),
    AlarmKind.CLOCK_WRONG: ("时钟不准", "clock wrong"),
    AlarmKind.PROFILE_UNKNOWN: ("设备型号未知", "unknown kind of camera"),
    AlarmKind.CAMERA_FILLING: ("记录仪快满，将覆盖旧录像", "camera filling up, will record over old footage"),
    AlarmKind.NOT_ANCHORED: ("账本尚无外部见证", "ledger not held outside yet"),
    AlarmKind.DOCK_LOST: ("采集站断开", "dock lost"),
    AlarmKind.UNFIT: ("不适合出勤", "not fit for duty"),
}


def alarm_word(kind: AlarmKind) -> str:
    """Name an alarm in the language of the person."""
    return either(*ALARMS[kind])


def alarm_text(alarm: Alarm) -> str:
    """Say an alarm in a line: what, where, and the detail a technician needs."""
    about = f" {alarm.about}" if alarm.about else ""
    reason = f": {reason_words(alarm.reason)}" if alarm.reason else ""
    return f"{alarm_word(alarm.kind)}{about}{reason}"


def alarm_line(alarm: Alarm) -> str:
    """Say an alarm in a line of plain text."""
    return f"! {one_line(alarm_text(alarm))}"


def reason_words(reason: str) -> str:
    """Say the code of a reason or of an error in words; any other text is returned as it is."""
    if reason in DOCK_REASONS:
        return either(*DOCK_REASONS[reason])
    return explained(reason) if has_words(reason) else reason_text(reason)


def advice(bay: Bay) -> str:
    """Say what to do, unless the reason says it already."""
    return "" if bay.error in _SAY_WHAT_TO_DO else LOOKS[bay.status].advice


def bay_reason(bay: Bay) -> str:
    """Say why a bay is refused or failed, or what it waits for."""
    if not bay.error:
        return reason_words(bay.reason)
    words = reason_words(bay.error)
    return words if bay.reason in {"", bay.error, words} else f"{words} ({reason_words(bay.reason)})"


def fitness(bay: Bay) -> str:
    """Say whether the camera may go out, and what speaks against it; nothing where nobody checked."""
    if bay.is_fit is None:
        return ""
    if bay.is_fit:
        return either("可以出勤", "fit for duty")
    against = either("、", ", ").join(reason_words(code) for code in bay.unfit)
    return f"{alarm_word(AlarmKind.UNFIT)}: {against}" if against else alarm_word(AlarmKind.UNFIT)


def size_text(size: int) -> str:
    """Write a count of bytes as people do."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004 - a thousand of one unit is one of the next
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"  # noqa: PLR2004 - three digits
        amount /= 1000
    return f"{amount:.2f} TB"


def left_text(left: timedelta | None) -> str:
    """Write how long it will take, no more exactly than anybody can know; nothing where nobody does."""
    if left is None:
        return ""
    seconds = int(left.total_seconds())
    if seconds < 60:  # noqa: PLR2004 - a minute
        coarse = max(-(-seconds // 5) * 5, 5)
        return either(f"剩 {coarse} 秒", f"{coarse} s left")
    minutes = -(-seconds // 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return either(f"剩 {minutes} 分", f"{minutes} min left")
    return either(f"剩 {minutes // 60} 时 {minutes % 60:02} 分", f"{minutes // 60} h {minutes % 60:02} min left")


def amount_text(bay: Bay) -> str:
    """Write how many bytes of how many are read."""
    return f"{size_text(bay.done)}/{size_text(bay.size)}" if bay.size else ""


def rate_text(bay: Bay) -> str:
    """Write how fast a bay is read, where that is known."""
    return f"{size_text(bay.rate)}/s" if bay.rate else ""


def flow_text(bay: Bay) -> str:
    """Write time left, bytes and rate of a bay in a line, what people wait for first."""
    return "  ".join(part for part in (left_text(bay.left), amount_text(bay), rate_text(bay)) if part)


def bay_line(bay: Bay) -> str:
    """Say in a line of plain text what a bay shows."""
    look = LOOKS[bay.status]
    flow = flow_text(bay) if bay.status is Status.READING else ""
    parts = [
        f"[{bay.name}] {look.symbol} {look.word}",
        bay.camera,
        bay.officer,
        bay.file if flow else "",
        flow,
        bay_reason(bay),
    ]
    return "  ".join(one_line(part) for part in [*parts, fitness(bay)] if part)


def one_line(text: str) -> str:
    """Return what a camera calls itself or a file so that it can do nothing to a screen."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
