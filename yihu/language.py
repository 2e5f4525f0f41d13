"""
Which language a person reads, and the words for what can go wrong.

``YIHU_LANG`` (``zh`` or ``en``) decides, else the locale (``LC_ALL``, ``LC_MESSAGES``, ``LANG``): Chinese where it says so,
English everywhere else, because a terminal without a locale may not show Chinese.
"""

from __future__ import annotations

import os

from storage.errors import YihuError


def is_chinese() -> bool:
    """Say whether messages are in Chinese."""
    chosen = os.environ.get("YIHU_LANG")
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        chosen = chosen or os.environ.get(variable)
    return (chosen or "").lower().startswith("zh")


def either(chinese: str, english: str) -> str:
    """Return the text in the language of the person."""
    return chinese if is_chinese() else english


_ERRORS: dict[str, tuple[str, str]] = {
    "StorageUnavailable": (
        "存储或数据库暂时不可用，稍后再试即可，没有丢失任何内容",
        "A store or the database is away; try again, nothing is lost",
    ),
    "LostAnswer": (
        "存储的答复在途中丢失，再试一次即可查明，没有丢失任何内容",
        "The store's answer was lost on the way; trying again finds out, nothing is lost",
    ),
    "SpoolFull": (
        "暂存盘已满：等待上传腾出空间，或扩大磁盘；摄像机未被清除",
        "The spool is full: let deposits make room or add disk; no camera was cleared",
    ),
    "InUse": ("正被另一程序或连接使用，稍后再试", "Another program or connection is at it; try again"),
    "NoQuota": (
        "超出允许的大小：单个文件或同一账号未传完的总量太大",
        "Larger than is allowed: the file, or all that this account has begun to send",
    ),
    "Stopping": (
        "程序正在停止，下次启动时继续，没有丢失任何内容",
        "The program is being stopped; the next start goes on, nothing is lost",
    ),
    "DigestMismatch": ("内容与摘要不一致：数据已损坏或被改动", "Bytes differ from their digest: damaged or changed"),
    "SourceChanged": (
        "读取时源文件发生变化、中断或消失；请重新连接设备",
        "The source changed, broke off or vanished while it was read; connect it again",
    ),
    "NotMounted": (
        "存储卡无法挂载：文件系统不受支持或已损坏，或程序没有权限；请联系管理员",
        "The card could not be mounted: its file system is unknown or damaged, or the program may not; call an administrator",
    ),
    "RetentionRefused": ("对象仍在保全期内，存储拒绝删除或缩短", "The object is still under retention; the store refused"),
    "NotFound": ("找不到所指的对象", "There is no such thing"),
    "LifeCycleError": ("按流程此记录不能写在当前状态之后", "The life cycle does not allow this now"),
    "StaleState": ("已被他人先行处理，或已经登记过", "Somebody else was first, or it is recorded already"),
    "StillNeeded": (
        "不得抹除：仍有在保全期内的音像记录或未办结的事项需要它",
        "Not to be erased: a clip under retention or an open matter still needs it",
    ),
    "Erased": ("个人信息已被永久抹除", "The personal values were erased for good"),
    "LedgerError": (
        "账本、检查点或密匣互相矛盾，请联系审计人员",
        "Ledger, checkpoint or vault contradict each other; call an auditor",
    ),
    "LeafTooLarge": ("要登记的内容超出一条账本记录的容量", "An entry has more to say than a line of the ledger may hold"),
    "Refused": ("没有权限：请检查密钥、证书和文件权限", "Not allowed: check keys, credentials and file permissions"),
    "NotHeldOutside": (
        "账本中的这些记录尚未由机关以外的见证方会签：先运行 yihu witness ask；确需先行导出时用 --unanchored，账本会注明",
        "No witness outside the office has cosigned these entries: run yihu witness ask; --unanchored is the exception",
    ),
    "CameraBusy": ("摄像机正被另一个程序占用，稍后再试", "Another program holds the camera; try again"),
    "CameraClosed": ("没有访问摄像机的权限：缺少 udev 规则", "The camera may not be opened: a udev rule is missing"),
    "LockedOut": (
        "PIN 或工作卡多次不符，暂不受理：请稍后再试，或由管理员用 yihu officer pin 重新设置",
        "A PIN or cards were wrong too often: wait, or have an administrator set the PIN again by yihu officer pin",
    ),
    "ServerAway": ("服务器没有应答，或请稍后再试", "The server does not answer, or asks to be tried again"),
    "ServerHasNone": ("服务器上没有这一项", "There is no such thing at the server"),
    "ServerRefused": (
        "服务器拒绝：未登录或没有权限，请检查令牌",
        "The server refused: check the token and what its role may do",
    ),
    "ServerSaysNo": ("服务器不能照办，原因如下", "The server cannot do it, and says why"),
    "SettingsError": ("配置文件有误", "The settings cannot be used"),
    "EvidenceError": ("发现与记录不符的情况", "What was found is not what was recorded"),
    "ValueError": ("输入有误", "The input is wrong"),
}


def explained(error: YihuError | ValueError | str) -> str:
    """Say in the person's language what kind of error this is (by the name of its class)."""
    names = [error] if isinstance(error, str) else [kind.__name__ for kind in type(error).__mro__]
    for name in names:
        if name in _ERRORS:
            return either(*_ERRORS[name])
    return either("出现未预料的情况", "Something unforeseen happened")


def has_words(error: str) -> bool:
    """Say whether *error* names a kind of error."""
    return error in _ERRORS


_REASONS: dict[str, tuple[str, str]] = {
    "symlink": ("符号链接，不跟随", "a symbolic link, not followed"),
    "fifo": ("管道文件", "a named pipe"),
    "socket": ("套接字文件", "a socket"),
    "device-node": ("设备节点", "a device node"),
    "mount-point": ("另一个文件系统的挂载点", "another file system mounted there"),
    "too-deep": ("文件夹层级过深", "folders inside each other too deep"),
    "unreadable": ("无法读取", "not readable"),
    "vanished": ("列出后消失", "vanished after it was listed"),
    "listed-twice": ("同名列出两次，文件系统可能损坏", "listed twice; the file system may be broken"),
    "hostile-name": ("文件名不合法", "an impossible name"),
    "impossible-size": ("大小不合理", "an impossible size"),
}


def reason_text(reason: str) -> str:
    """Say the reason code of a refused file in words; any other text is returned as it is."""
    return either(*_REASONS[reason]) if reason in _REASONS else reason
