"""The words of hand-over and pre-duty check, in both languages."""

from __future__ import annotations

from cases.duty.carrying import Why
from cases.duty.fitness import Fitness, Point
from cases.duty.values import Condition, How
from yihu.language import either

_POINTS: dict[Point, tuple[str, str]] = {
    Point.BATTERY: ("电量", "battery"),
    Point.SPACE: ("剩余空间", "free space"),
    Point.CLOCK: ("时钟", "clock"),
    Point.DOCKED: ("上次回站", "last docking"),
    Point.CLEARED: ("上次清空", "last clearing"),
    Point.TAKEN_IN: ("录像全部采集", "all footage taken in"),
    Point.FINDINGS: ("待处理发现", "open findings"),
}
_WHYS: dict[Why, tuple[str, str]] = {
    Why.RECORDED: ("当时已入账", "recorded at the time"),
    Why.CLAIMED: ("事后补登，属于陈述", "a claim that was recorded afterwards"),
    Why.NOBODY: ("该时间没有领用记录", "nobody had it then, as far as was recorded"),
    Why.IN_PART: ("只有部分时间有领用记录", "somebody had it for a part of that time only"),
    Why.CHANGED_HANDS: ("该时间段内换过人", "it changed hands in that time"),
    Why.CONTRADICTORY: ("记录互相矛盾：两人同时持有", "the records contradict each other: two are said to have had it at once"),
    Why.NO_TIME: ("录像没有可用的时间", "the recording has no time that can be used"),
}
_HOWS: dict[How, tuple[str, str]] = {
    How.CARD: ("刷卡", "card"),
    How.PIN: ("PIN", "PIN"),
    How.CHOICE: ("从名单选择", "chosen from the list"),
    How.SIGNED: ("签字", "signed"),
}
_CONDITIONS: dict[Condition, tuple[str, str]] = {
    Condition.DAMAGED: ("外观损坏", "damaged"),
    Condition.NOT_WORKING: ("不能工作", "not working"),
    Condition.SEAL_BROKEN: ("封签破损", "seal broken"),
    Condition.PARTS_MISSING: ("配件缺失", "parts missing"),
}
_VERDICTS = {
    "fit": ("可以出勤", "fit for duty"),
    "unfit": ("不宜出勤", "unfit for duty"),
    "unchecked": ("未全部检查，不能确认可以出勤", "not everything was checked, so it is not known to be fit"),
}


def point_text(point: Point) -> str:
    """Name a point of the check."""
    return either(*_POINTS[point])


def why_text(why: Why) -> str:
    """Say on what an answer rests."""
    return either(*_WHYS[why])


def how_text(how: How) -> str:
    """Say by what an officer was known."""
    return either(*_HOWS[how])


def condition_text(condition: Condition) -> str:
    """Say what was seen of a camera."""
    return either(*_CONDITIONS[condition])


def verdict_text(verdict: str) -> str:
    """Say what the check found, in a few words."""
    return either(*_VERDICTS[verdict])


def fitness_text(fit: Fitness) -> str:
    """Say what the check found, a point a line."""
    unchecked = either("（未检查）", " (not checked)")
    lines = [f"  ✘ {point_text(point)}" for point in fit.wrong]
    lines += [f"  ? {point_text(point)}{unchecked}" for point in fit.unchecked]
    lines += [f"  ✔ {point_text(point)}" for point in fit.right]
    return "\n".join([verdict_text(fit.verdict), *lines])
