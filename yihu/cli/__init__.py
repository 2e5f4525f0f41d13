"""The command line: ``yihu COMMAND``. Every command has ``--help`` that teaches, and ``--json``."""

from __future__ import annotations

import typer

from yihu.cli import (
    asking,
    board,
    cameras,
    clearing,
    credentials,
    demonstration,
    describing,
    duty,
    exporting,
    filing,
    keys,
    ledger,
    means,
    office,
    people,
    privacy,
    profiles,
    proving,
    remote,
    requesting,
    serving,
    setting_up,
    stores,
    timestamping,
    verifying,
    witnessing,
)
from yihu.language import either

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=either(
        "一户（Yihu）：执法记录仪证据采集与一户式存储。\n\n"
        "第一次使用：yihu init 目录 --name 机关名称，然后 yihu ingest 卡的路径，最后 yihu verify。",
        "Yihu: body-camera evidence, copied once, hashed while copied, kept write-once, proved offline.\n\n"
        "First time: yihu init DIR --name OFFICE, then yihu ingest PATH-OF-CARD, then yihu verify.",
    ),
)
_COMMANDS = (
    (office.init, "建立一个机构：设置、密钥、数据库、存储", "Make an office: settings, keys, database, store."),
    (
        cameras.ingest,
        "采集存储卡或文件夹：复制、摘要、存储、入账；重复执行不会重复采集",
        "Take in a camera card or folder; doing it twice adds nothing.",
    ),
    (
        cameras.dock,
        *cameras.DOCK_HELP,
    ),
    (board.board, "查看采集站各接口的状态（--tui 全屏，--demo 演示）", "Follow the bays of a running dock."),
    (
        clearing.clear,
        "清除摄像机：只删除已存储、已锁定、已由外部见证的文件",
        "Remove from a camera what is proved to be safe elsewhere.",
    ),
    (serving.serve, "提供网页和接口，直到 Ctrl-C", "Serve the pages and the API until Ctrl-C."),
    (office.status, "现在有多少记录、在哪里、什么在等待", "Say what is where, what waits, where the ledger stands."),
    (filing.clips, "列出音像记录", "List clips."),
    (filing.file, "把记录（或其中一段）归入执法活动，可撤销", "File a clip, or a part of it, to an activity."),
    (
        verifying.verify,
        "验证一切：账本、检查点、外部见证、目录、存储对象；没有可验证的内容即为失败",
        "Verify ledger, checkpoints, witnesses, catalog and objects; nothing verified is a failure.",
    ),
    (office.rebuild, "由账本和密匣重建目录", "Make the catalog again from ledger and vault."),
    (proving.proof, "给出某条记录在账本中的证明，可离线验证", "Give a proof that an entry is in the signed ledger."),
    (
        privacy.disclose,
        "向人披露所选字段并附证明，披露本身先入账",
        "Tell chosen personal values so that a stranger can verify them.",
    ),
    (
        privacy.erase,
        "永久抹除某一对象的个人信息；记录与证明保持有效",
        "Destroy somebody's personal values for good; every proof stays valid.",
    ),
    (
        keys.sign,
        "用证书为一条账本记录签名（机关配发证书时）",
        "Sign an entry with a person's certificate, where the office has them.",
    ),
    (
        exporting.export,
        "导出证据：原始文件、账本记录、证明，交给外人离线核验",
        "Hand evidence over as a directory that a stranger verifies offline.",
    ),
    (
        demonstration.demo,
        "演示：建机构、造两张卡、采集、归档、验证、打开网页",
        "Demo: an office, two cards, ingest, filing, verification, pages.",
    ),
)
for command, chinese, english in _COMMANDS:
    app.command(help=either(chinese, english))(command)
for name, group in (
    ("office", filing.office),
    ("officer", means.officer),
    ("duty", duty.duty),
    ("party", filing.party),
    ("case", filing.case),
    ("activity", filing.activity),
    ("account", people.account),
    ("token", serving.token),
    ("credential", credentials.credential),
    ("request", requesting.request),
    ("api", describing.api),
    ("remote", remote.remote),
    ("setup", setting_up.setup),
    ("store", stores.store),
    ("log", ledger.log),
    ("key", keys.key),
    ("witness", witnessing.witness),
    ("timestamp", timestamping.timestamp),
    ("profiles", profiles.profiles),
    ("camera", asking.camera),
    ("receipt", clearing.receipt),
):
    app.add_typer(group, name=name)
