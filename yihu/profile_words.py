"""What is said of profiles, cards and names, in both languages. A test asks for words for everything that can be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from device_profiles.faults import FaultKind
from device_profiles.matching import Condition, ConditionKind
from device_profiles.profile import Fact, QuirkCode
from device_profiles.variants import VariantName
from yihu.conformance import BreachKind
from yihu.language import either

Words: TypeAlias = tuple[str, str]
"""Chinese, English."""

FAULTS: Mapping[FaultKind, Words] = {
    "not-utf8": ("文件不是 UTF-8 编码", "the file is not UTF-8"),
    "not-toml": ("不是有效的 TOML", "not valid TOML"),
    "unknown-key": ("没有这个键（拼写？）", "there is no such key (misspelt?)"),
    "missing": ("缺少此项，或为空", "is missing or empty"),
    "wrong-type": ("类型不对", "is of the wrong type"),
    "not-allowed": ("值不在允许范围内", "is none of the allowed values"),
    "bad-pattern": ("正则表达式有误", "is not a regular expression"),
    "bad-group": ("正则表达式中有未知的命名组", "has a named group that nobody knows"),
    "bad-zone": ("没有这个时区", "there is no such time zone"),
    "bad-folder": ("应为相对文件夹，如 Media/Video", "must be a relative folder such as Media/Video"),
    "guessed-id": ("C 级的 USB 编号属于猜测，不接受", "USB ids of grade C are guesses and are not accepted"),
    "empty-rule": ("这条规则什么也没说", "the rule says nothing"),
    "wrong-name": ("文件名必须与 name 相同", "the file must be named after the profile"),
    "taken-name": ("已有同名的设备描述", "there is a profile of that name already"),
    "wrong": ("有误", "is wrong"),
}

BREACHES: Mapping[BreachKind, Words] = {
    "not-recognised": ("样卡未被识别为此设备", "its own card is not recognised"),
    "takes-others-card": ("误认了其他设备的样卡", "takes the card of another profile for its own"),
    "rule-not-shown": ("样卡中没有文件用到这条规则", "no file of the sample shows this rule at work"),
    "not-listed": ("文件未被列出", "the file is not listed"),
    "kind": ("种类", "kind"),
    "verdict": ("是否读取", "read or ignored"),
    "place": ("是否在意外位置", "in an unexpected place"),
    "owner": ("所属的记录", "the recording it belongs to"),
    "modified": ("修改时间", "time of change"),
    "device": ("设备编号", "device"),
    "officer": ("警号", "officer"),
    "time": ("时间", "time"),
    "end": ("结束时间", "end"),
    "sequence": ("序号", "sequence number"),
    "chapter": ("分段号", "chapter"),
    "important": ("重点标记", "mark of importance"),
    "encrypted": ("加密标记", "mark of encryption"),
    "clock": ("对时钟的判断", "what is found about the clock"),
    "gaps": ("缺少的序号", "missing numbers"),
}

VARIANTS: Mapping[VariantName, Words] = {
    "plain": ("样卡", "the sample card"),
    "upper-case": ("全部大写", "all in capitals"),
    "lower-case": ("全部小写", "all in small letters"),
    "gbk-names": ("GBK 文件名", "names in GBK"),
    "missing-folder": ("缺少一个文件夹", "a folder is missing"),
    "clock-1970": ("时钟停在 1970 年", "a clock of 1970"),
    "clock-2038": ("时钟到了 2038 年", "a clock of 2038"),
    "impossible-time": ("不存在的时间", "a time that does not exist"),
    "lying-times": ("文件日期与文件名矛盾", "file dates contradict the names"),
    "two-gaps": ("两处序号中断", "two gaps in the numbers"),
    "strangers": ("来历不明的文件", "files nobody has heard of"),
}

CONDITIONS: Mapping[ConditionKind, Words] = {
    "always": ("总是适用", "always"),
    "volume-label": ("卷标形如", "volume label like"),
    "label-is-device": ("卷标等于设备自报的编号", "the label is the id the device gave"),
    "folder": ("文件夹", "folder"),
    "file": ("文件名形如", "a file named like"),
    "usb-id": ("USB 编号", "USB id"),
    "usb-interface": ("USB 接口", "USB interface"),
    "by-hand": ("只能由人指定 (--profile)", "only by hand (--profile)"),
}

QUIRKS: Mapping[QuirkCode, Words] = {
    "encrypted-footage": ("可能有加密的录像", "may hold encrypted footage"),
    "maker-blocks-bad-md5": (
        "厂家软件拒收 MD5 不符者，本系统保留并注明",
        "the maker's program refuses a wrong MD5; here it is a finding",
    ),
    "end-time-in-name": ("文件名含结束时间", "names tell the end of a recording"),
    "removable-drive-per-camera": ("每台设备一个盘符", "each camera is a drive of its own"),
    "login-before-storage": ("须先登录才成为 U 盘", "becomes a volume only after a login"),
    "ids-shared-by-makers": ("USB 编号为多家共用", "several makers share its USB id"),
    "overwrites-oldest": ("存满后覆盖最旧的未保存录像", "overwrites its oldest unsaved footage"),
    "shock-protects": ("碰撞时自动保护录像", "a shock protects footage by itself"),
    "telemetry-freegps": ("MP4 内含 freeGPS 轨迹", "its MP4 hold a freeGPS track"),
    "telemetry-gpmf": ("MP4 内含 GPMF 轨迹", "its MP4 hold a GPMF track"),
    "low-resolution-copies": ("另存低清副本", "writes small copies beside its recordings"),
    "no-time-in-name": ("文件名不含时间", "names tell no time"),
}

UNVERIFIED: Words = ("登录问答未在真机上验证过", "its login was never tried on the maker's hardware")
"""Of a profile with dialects that nobody verified."""

CLOCKS: Mapping[str, Words] = {
    "unreadable": ("不是存在的时间", "no time that exists"),
    "unset": ("时钟从未设置", "the clock was never set"),
    "rollover": ("时钟越过 2038 年", "the clock is past 2038"),
    "future": ("晚于现在", "later than now"),
    "ambiguous": ("夏令时重复的一小时", "an hour that happened twice"),
    "skipped": ("夏令时跳过的一小时", "an hour that did not happen"),
}

SAID: Mapping[str, Words] = {
    "device": ("设备", "device"),
    "officer": ("警号", "officer"),
    "time": ("时间", "time"),
    "end": ("结束", "end"),
    "sequence": ("序号", "number"),
    "chapter": ("分段", "chapter"),
}

KINDS: Mapping[str, Words] = {
    "video": ("录像", "video"),
    "audio": ("录音", "audio"),
    "photo": ("照片", "photo"),
    "sidecar": ("附属文件", "sidecar"),
    "other": ("其他", "other"),
}


def condition_text(condition: Condition) -> str:
    """Say what a rule asks for."""
    return f"{either(*CONDITIONS[condition.kind])} {condition.wanted}".strip()


def grades(facts: Iterable[Fact]) -> str:
    """Say how well facts are known, the best and the worst: ``A`` or ``A–C``; ``–`` where there are none."""
    found = sorted({fact.grade for fact in facts})
    return "–".join(dict.fromkeys((found[0], found[-1]))) if found else "–"
