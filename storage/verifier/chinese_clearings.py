"""The Chinese of what is said about clearing cameras."""

from __future__ import annotations

CLEARINGS = {
    "clearings": "摄像机清除",
    "{count} entries about clearing cameras hold": "{count} 条摄像机清除记录成立",
    "entry {index}: {subject} has an authorisation to clear that is open, entry {open}": (
        "第 {index} 条记录：{subject} 已有未结的清除授权（第 {open} 条）"
    ),
    "entry {index}: no authorisation to clear": "第 {index} 条记录：不是清除授权",
    "entry {index}: {clip} is no clip of {subject}": "第 {index} 条记录：{clip} 不是 {subject} 拍摄的记录",
    "entry {index}: {clip} was not deposited under the checkpoint of {size} entries": (
        "第 {index} 条记录：{clip} 的存储记录不在 {size} 条的检查点之内"
    ),
    "entry {index}: number, bytes or root are not those of the clips it names": (
        "第 {index} 条记录：个数、字节数或树根与所列记录不符"
    ),
    "entry {index}: the checkpoint of {size} entries it names is not one of this log": (
        "第 {index} 条记录：所引 {size} 条的检查点不属于本账本"
    ),
    "entry {index}: it closes no open authorisation to clear {subject}": (
        "第 {index} 条记录：{subject} 没有与之对应的未结清除授权"
    ),
    "entry {index}: it does not say of each authorised clip what became of it": (
        "第 {index} 条记录：未逐一说明所授权记录的去向"
    ),
}
