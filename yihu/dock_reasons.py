"""The codes by which a bay says why, an alarm what for, and a camera what speaks against it, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from yihu.clear_words import WORDS

DOCK_REASONS: Mapping[str, tuple[str, str]] = {
    "no-bay": ("不在任何已登记的接口上", "it hangs in none of the bays of a dock"),
    "bay-locked": ("此接口已停用", "this bay is locked"),
    "bay-kept": ("此接口留给另一台设备或另一人员", "this bay is kept for another camera or officer"),
    "not-a-camera": ("不是执法记录仪", "this is no camera"),
    "mixed-classes": ("兼有存储与其他功能，可能是伪装设备", "a disk that brings something else along; refused as a whole"),
    "unknown-device": ("厂商专用设备，没有对应的描述", "a device of some maker that no profile knows"),
    "not-known": ("未经本机构登记的设备", "this office admits only cameras it knows"),
    "no-profile": ("没有型号描述能认出它", "nothing on it says that it is a camera"),
    "no-volume": ("没有出现存储卷，请检查设备或存储卡", "it shows no volume; look at the camera and its card"),
    "not-back-as-volume": ("解锁后没有以存储卷出现", "it was unlocked and did not come back as a volume"),
    "pulled-early": ("取下过早，请重新插入", "taken out too early; put it in again"),
    "stored-later": ("已固证，稍后存储", "all of it is ours; it is stored as soon as the store is back"),
    "not-all-taken-in": ("有文件未能采集", "some files could not be taken in"),
    "no-password": (
        "没有设定这种摄像机的密码（yihu camera password）",
        "no password is set for this kind of camera (yihu camera password)",
    ),
    "unfit-password": ("设定的密码不合这种摄像机的格式", "the password that is set cannot be of this kind of camera"),
    "wrong-password": (
        "密码不对，没有再试：核对密码后重新插入",
        "wrong password, not tried again: find the right one, then put it in again",
    ),
    "tried-before": ("本次插入已试过一次密码：取出后重新插入", "a password was tried already: take it out and put it in again"),
    "no-answer": ("没有应答", "no answer"),
    "unfit-battery": ("电量不足", "battery too low"),
    "unfit-space": ("剩余空间不足", "too little free space"),
    "unfit-clock": ("时钟不准", "its clock is off"),
    "unfit-docked": ("太久没有插入采集站", "too long since it was docked"),
    "unfit-cleared": ("太久没有清除", "too long since it was cleared"),
    "unfit-taken-in": ("有文件未采集", "not everything on it is ours"),
    "unfit-findings": ("有未处理的发现", "open findings"),
    "camera-clock": ("设备时钟偏差过大", "the camera's clock is further off than allowed"),
    "time-unsynchronised": ("本机时钟未与时间源同步", "this machine's clock is not set by a time source"),
    "filling-soon": ("几天内将满", "full within days"),
    "filling-urgent": ("一天内将满", "full within a day"),
    "gone": ("集线器断开或断电", "its hub is gone: pulled, switched off or failed"),
    "dark": ("各接口同时断电", "all its bays lost power at once"),
    "found-gone": ("上次运行后不见了", "it went while the program did not run"),
    **{f"clear-{reason}": words for reason, words in WORDS.items()},
}
