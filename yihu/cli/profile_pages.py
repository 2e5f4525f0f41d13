"""How profiles, broken contracts and explained cards are shown: as tables for people, as values for ``--json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device_profiles.clocks import ClockClaim
from device_profiles.matching import CardLook, Considered, considered
from device_profiles.profile import Profile
from storage.evidence import utc_text
from yihu.conformance import Breach, Held
from yihu.explaining import ExplainedFile, Explanation
from yihu.language import either, reason_text
from yihu.profile_words import BREACHES, CLOCKS, KINDS, QUIRKS, SAID, UNVERIFIED, VARIANTS, condition_text, grades

_MOST_BREACHES = 40
_REASONS = {
    "unexpected-place": ("在意外的位置", "in an unexpected place"),
    "ignored-by-profile": ("按规则忽略", "ignored by the profile"),
}


def profile_json(profile: Profile) -> dict[str, Any]:
    """Give a profile with every fact, its source and its grade."""
    return {**profile.model_dump(mode="json"), "grades": _grades(profile), "matches": list(_ways(profile))}


def print_profiles(known: Sequence[Profile]) -> None:
    """List profiles in the order in which they are asked."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for zh, en in (
        ("名称", "name"),
        ("设备", "camera"),
        ("识别/位置/文件名", "known by/places/names"),
        ("如何识别", "recognised by"),
    ):
        table.add_column(either(zh, en), overflow="fold")
    for profile in known:
        ways = f"\n{either('或', 'or')} ".join(_ways(profile))
        quirks = "".join(f"\n· {either(*QUIRKS[quirk.code])}" for quirk in profile.quirks)
        quirks += f"\n· {either(*UNVERIFIED)}" if any(usb.dialects and not usb.verified for usb in profile.usb) else ""
        label = either(profile.label.zh, profile.label.en)
        table.add_row(profile.name, escape(label), " / ".join(_grades(profile).values()), escape(ways + quirks))
    Console(soft_wrap=False).print(table)
    print(
        either(
            "等级：A 官方文件或两个独立程序，B 一个可用的程序，C 习惯或本系统的选择",
            "grades: A an official document or two independent programs, B one working program, C habit or our own choice",
        )
    )


def breach_json(breach: Breach) -> dict[str, Any]:
    """Give a breach with words."""
    return {**asdict(breach), "explanation": either(*BREACHES[breach.kind])}


def print_breaches(name: str, held: Held) -> None:
    """Say whether a profile keeps the contract, else where it does not."""
    cards = either(f"{held.cards} 张样卡，{held.files} 个文件", f"{held.cards} cards, {held.files} files")
    if not held.breaches:
        print(either(f"✔ {name}：符合设备描述契约（{cards}）", f"✔ {name}: keeps the contract ({cards})"))
        return
    count = len(held.breaches)
    print(either(f"✘ {name}：{count} 处不符（{cards}）", f"✘ {name}: {count} differences ({cards})"))
    for each in held.breaches[:_MOST_BREACHES]:
        where = f"{either(*VARIANTS[each.variant])}: {each.where or name}"
        print(f"  {where}\n    {either(*BREACHES[each.kind])}: {_differs(each.expected, each.found)}")
    if count > _MOST_BREACHES:
        print(either(f"  … 另有 {count - _MOST_BREACHES} 处", f"  … and {count - _MOST_BREACHES} more"))


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Give all of an explanation."""
    decision, look = explanation.decision, explanation.look
    return {
        "profile": decision.profile.name,
        "by_hand": decision.by_hand,
        "rule": None if decision.because is None else decision.because.rule,
        "also_fitting": list(decision.also_fitting),
        "look": {**asdict(look), "folders": sorted(look.folders), "files": len(look.files)},
        "considered": [{**asdict(each), "fits": each.fits} for each in decision.considered],
        "files": [_file_json(file) for file in explanation.files],
        "gaps": [asdict(gap) for gap in explanation.gaps],
    }


def print_explanation(explanation: Explanation) -> None:
    """Say which profile and why, then every file."""
    decision = explanation.decision
    profile = decision.profile
    print(either(f"设备描述：{profile.name} – {profile.label.zh}", f"profile: {profile.name} – {profile.label.en}"))
    if decision.because is None:
        print(either("  由人指定", "  chosen by hand"))
    for each in decision.considered:
        print(f"  {'✔' if each.fits else '·'} {each.profile}: {_considered(each)}")
    print()
    for file in explanation.files:
        _print_file(file)
    for gap in explanation.gaps:
        numbers = f"{gap.first}" if gap.first == gap.last else f"{gap.first}–{gap.last}"
        folder = _visible(gap.folder)
        print(either(f"缺少序号 {numbers}：{folder}", f"numbers missing: {numbers} in {folder}"))
    roles = Counter(file.role for file in explanation.files)
    counts = [roles[role] for role in ("recording", "sidecar", "other", "ignored", "refused")]
    chinese = "记录 {}，附属文件 {}，其他 {}，忽略 {}，拒绝 {}"
    print(either(chinese, "{} recordings, {} sidecars, {} others, {} ignored, {} refused").format(*counts))


def _considered(each: Considered) -> str:
    return " + ".join(f"{condition_text(condition)} {'✔' if condition.holds else '✘'}" for condition in each.conditions)


def _print_file(file: ExplainedFile) -> None:
    marks = [reason_text(file.row.reason)] if file.role == "refused" else []
    marks += [either(*_REASONS[file.row.reason])] if file.row.reason in _REASONS else []
    marks += [f"→ {file.row.belongs_to.text}"] if file.row.belongs_to else []
    print(f"{either(*KINDS[file.row.kind.value])}  {file.row.path.text}" + (f"  ({'; '.join(marks)})" if marks else ""))
    if file.said is None:
        return
    said = asdict(file.said)
    told = [f"{either(*SAID[key])} {_visible(said[key])}" for key in SAID if said[key] is not None]
    told += [either("重点", "important")] if file.said.important else []
    told += [either("加密", "encrypted")] if file.said.encrypted else []
    told += [f"{either('未知', 'unknown')}: {', '.join(either(*SAID[key]) for key in file.unknown)}"] if file.unknown else []
    if told:
        print(f"    {'; '.join(told)}")
    if file.clock is not None:
        print(f"    {_clock(file.clock)}")


def _clock(clock: ClockClaim) -> str:
    moment = "–" if clock.at is None else utc_text(clock.at)
    assumed = either("（时区为假定）", " (zone assumed)") if clock.assumed else ""
    findings = [either(*CLOCKS[finding]) for finding in clock.findings]
    return f"{clock.raw} {clock.zone}{assumed} = {moment}" + (f"  ! {', '.join(findings)}" if findings else "")


def _file_json(file: ExplainedFile) -> dict[str, Any]:
    clock = file.clock
    return {
        "path": file.row.path.text,
        "size": file.row.size,
        "role": file.role,
        "kind": file.row.kind.value,
        "reason": file.row.reason,
        "belongs_to": file.row.belongs_to.text if file.row.belongs_to else None,
        "said": None if file.said is None else asdict(file.said),
        "clock": None if clock is None else {**asdict(clock), "at": None if clock.at is None else utc_text(clock.at)},
        "unknown": list(file.unknown),
    }


def _grades(profile: Profile) -> dict[str, str]:
    return {"match": grades(profile.match), "recordings": grades(profile.recordings), "names": grades(profile.names)}


def _ways(profile: Profile) -> Iterable[str]:
    for each in considered([profile], CardLook()):
        yield " + ".join(condition_text(condition) for condition in each.conditions)


def _visible(text: str) -> str:
    """What a name says, with escapes for whatever would do something on a screen."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def _differs(expected: str, found: str) -> str:
    return either(f"应为 {expected}，实为 {found}", f"expected {expected}, found {found}")
