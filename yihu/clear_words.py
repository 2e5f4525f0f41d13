"""Why a file stays on its camera, in words."""

from __future__ import annotations

from ingest.clear_policy import Reason
from yihu.language import either

__all__ = ["WORDS", "clear_reason_text"]

WORDS: dict[Reason, tuple[str, str]] = {
    Reason.POLICY: ("本机构未允许清除摄像机", "this office does not clear cameras"),
    Reason.TOO_EARLY: ("保留期未满", "the days it stays on its camera are not over"),
    Reason.NO_WITNESS: ("机关以外尚无任何一方持有账本", "nobody outside the bureau holds the ledger"),
    Reason.NOT_ANCHORED: ("其账本记录尚待外部会签", "its entries are not cosigned outside yet"),
    Reason.STORE_UNTRUSTED: ("存储未证明能防止删除", "the store was not shown to keep what is locked"),
    Reason.NOT_OURS: ("未曾采集", "it was not taken in"),
    Reason.NOT_DEPOSITED: ("尚未存入存储", "it is not stored yet"),
    Reason.STORED_DIFFERS: ("存储中的内容与固证时不符或缺失", "what is stored differs from what was secured, or is missing"),
    Reason.LOCK_TOO_SHORT: ("存储锁定不足", "its lock in the store is too short"),
    Reason.LEDGER_DIFFERS: ("目录与账本不一致", "catalog and ledger differ about it"),
    Reason.CHANGED: ("摄像机上的文件与固证时不同", "the file on the camera is not what was secured"),
    Reason.LINKED: ("文件另有名称", "the file has a second name"),
    Reason.UNREADABLE: ("无法从摄像机读取", "it cannot be read from the camera"),
    Reason.UNREMOVABLE: ("存储卡不允许删除", "the card does not let it be removed"),
    Reason.GONE: ("已不在，且不是本系统删除的", "it is gone, and not by us"),
    Reason.GIVEN_UP: ("授权已由人员关闭", "a person closed the authorisation"),
}


def clear_reason_text(reason: str) -> str:
    """Say a reason in the language of the person."""
    return either(*WORDS[Reason(reason)])
