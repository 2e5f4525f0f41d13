"""``yihu init`` and ``yihu status``: making an office and looking at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from yihu.wiring import Office


def init(
    directory: Annotated[Path, typer.Argument(help=either("建在哪个目录", "where to make it"))],
    name: Annotated[str, typer.Option("--name", help=either("执法机关名称", "name of the enforcement office"))],
    log: Annotated[
        str | None,
        typer.Option(
            "--log",
            help=either("账本的全球唯一名称，如 chengde.example/yihu/station-1", "origin of the ledger, unique in the world"),
        ),
    ] = None,
    s3: Annotated[
        str | None,
        typer.Option("--s3", metavar="URL", help=either("使用 S3 服务器而不是文件夹", "use this S3 server, not a folder")),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="URL",
            help=either(
                "使用这个空的 PostgreSQL 数据库：postgresql+psycopg://用户@主机/库名",
                "use this empty PostgreSQL database: postgresql+psycopg://USER@HOST/NAME",
            ),
        ),
    ] = None,
    lock: Annotated[
        str | None,
        typer.Option(
            "--lock",
            metavar="FILE",
            help=either("防回滚锁放在哪里，最好在另一块磁盘上", "where to put the rollback lock, best on another disk"),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an office: settings, keys, database, store."""
    with told(as_json) as output:
        from yihu.founding import CELL, found

        store = ["", "[store]", 'kind = "s3"', f'endpoint = "{s3}"'] if s3 else []
        more = store if database is None else [*store, *_database(database, directory)]
        office = found(directory, name=name, log=log or _origin(directory), more=more, cell=lock or CELL)
        result = {"config": str(office.home / "yihu.toml"), "log": office.log.origin, "verifier_key": office.log.vkey}
        output.show(result, lambda: _greet(office, with_s3=bool(s3)))


def _database(url: str, home: Path) -> list[str]:
    """Return what the settings say of the database; it must answer, and hold no ledger of somebody else."""
    import json

    from storage.database import connect, is_new
    from storage.errors import EvidenceError

    engine = connect(url, home=home)
    if not is_new(engine):
        message = f"{engine.url.database}: there is a ledger in this database already"
        raise EvidenceError(message)
    engine.dispose()
    return ["", "[database]", f"url = {json.dumps(url)}"]


def _origin(directory: Path) -> str:
    import secrets

    return f"{directory.resolve().name or 'office'}.example/yihu/{secrets.token_hex(4)}".replace(" ", "-").replace("+", "-")


def _greet(office: Office, *, with_s3: bool) -> None:
    print(either(f"机构已建立：{office.home}", f"the office is ready: {office.home}"))
    print(
        either(
            "账本公钥（请抄录或打印，交监督方保存）：", "the ledger's public key (write it down, give it to who watches you):"
        )
    )
    print(f"  {office.log.vkey}")
    if with_s3:
        print(
            either(
                "请把 S3 密钥写入 keys/s3-access 和 keys/s3-secret（chmod 600），再运行 yihu store prepare 和 check",
                "put the S3 keys into keys/s3-access and keys/s3-secret (chmod 600); then yihu store prepare and check",
            ),
        )
    print(
        either(
            "首个管理员（一次性链接，没有默认密码）：yihu account first",
            "the first administrator (a one-time link, no default password): yihu account first",
        )
    )
    print(either(f"接着：cd {office.home} && yihu ingest 卡的路径", f"next: cd {office.home} && yihu ingest PATH-OF-CARD"))


def status(config: Config = None, as_json: AsJson = False) -> None:
    """Say how many clips are where, what waits, and where the ledger stands."""
    with told(as_json) as output:
        from dataclasses import asdict

        from api.checks import is_ready
        from yihu.anchoring import standing
        from yihu.health import checks_of
        from yihu.health import told as told_of

        office = open_office(config)
        counts = office.catalog.counts()
        note = office.log.latest()
        head = None if note is None else office.log.keys.opened(note)
        waiting = [str(clip.subject) for clip in office.catalog.unfinished()]
        interrupted = [str(berth.clip) for berth in office.spool.berths() if berth.state == "claimed"]
        checks = checks_of(office)
        result = {
            "office": office.settings.office.name,
            "ready": is_ready(checks),
            "checks": [asdict(check) for check in checks],
            "clips": {state: number for state, number in counts.items() if state != "devices"},
            "devices": counts["devices"],
            "waiting": waiting,
            "interrupted": interrupted,
            "spool_free_bytes": office.spool.free(),
            "store": office.settings.store.kind,
            "checkpoint": None if head is None else {"size": head.size, "root": head.root.hex()},
            "ledger": {"lock": office.settings.ledger.cell or None, **standing(office)},
        }
        output.show(result, lambda: _print_status(result, dict(map(told_of, checks))))


def _print_status(result: dict[str, object], checks: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    names = {"secured": ("已固证", "secured"), "deposited": ("已存储", "deposited"), "rendered": ("可播放", "playable")}
    table = Table(title=str(result["office"]), show_header=False)
    clips = result["clips"]
    assert isinstance(clips, dict)  # noqa: S101 - built above
    for state, (chinese, english) in names.items():
        table.add_row(either(chinese, english), str(clips.get(state, 0)))
    table.add_row(either("设备", "cameras"), str(result["devices"]))
    for key, chinese, english in (
        ("waiting", "待处理", "waiting"),
        ("interrupted", "读取中断（请重新接入设备）", "broken off (connect again)"),
    ):
        listed = result[key]
        assert isinstance(listed, list)  # noqa: S101 - built above
        table.add_row(either(chinese, english), str(len(listed)))
    checkpoint = result["checkpoint"]
    size = checkpoint["size"] if isinstance(checkpoint, dict) else 0
    table.add_row(either("账本已签条数", "signed entries"), str(size))
    ledger = result["ledger"]
    assert isinstance(ledger, dict)  # noqa: S101 - built above
    outside = sum(one["outside"] for one in ledger["witnesses"])
    table.add_row(either("外部见证方", "witnesses outside"), str(outside))
    table.add_row(either("外部锚定条数", "entries held outside"), str(ledger["anchored"]))
    table.add_row(either("防回滚锁", "rollback lock"), ledger["lock"] or either("未设置", "none"))
    for name, state in checks.items():
        table.add_row(name, state)
    Console().print(table)


def rebuild(config: Config = None, as_json: AsJson = False) -> None:
    """Make the catalog again from ledger and vault."""
    with told(as_json) as output:
        from storage import rebuild as rebuilding

        office = open_office(config)
        replayed = rebuilding.rebuild(office.engine, office.projector, office.vault)
        text = either(f"目录已由账本重建，共 {replayed} 条", f"the catalog was made again from {replayed} entries")
        output.show({"entries": replayed}, lambda: print(text))
