"""``yihu log``: publishing the ledger, counting it, locking it against yesterday's backup, and going on after a loss."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

log = typer.Typer(
    no_args_is_help=True,
    help=either("账本：发布、防回滚锁、丢失后的恢复", "the ledger: publishing, the rollback lock, going on after a loss"),
)


@log.command("publish")
def publish(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIR", help=either("发布到普通目录，供复制与离线验证", "into a plain directory, to be copied")
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=either("重新写入或核对每个文件", "put or compare every file, not only the new ones"))
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Publish the ledger as C2SP tlog-tiles: into the index bucket, or into a directory that a stranger verifies."""
    with told(as_json) as output:
        from storage.ledger.publish import DirectoryShelf
        from storage.ledger.publish import publish as bring
        from storage.ledger.publish import publish_all as bring_all
        from yihu.notary import publish_everything, publish_newest

        office = open_office(config)
        office.log.checkpoint()
        if to is None:
            done = publish_everything(office) if everything else publish_newest(office)
        else:
            done = (bring_all if everything else bring)(office.log, DirectoryShelf(to))
        result = {"size": done.size, "files": done.files, "to": None if to is None else str(to)}
        text = either(
            f"已发布 {done.size} 条记录，写入 {done.files} 个文件", f"{done.size} entries published, {done.files} files"
        )
        output.show(result, lambda: print(text))


@log.command("snapshot")
def snapshot(config: Config = None, as_json: AsJson = False) -> None:
    """
    Record how many entries each subject has by now, under one root, so that "nothing more" can be proved too.

    yihu serve does it once a day. Where nothing was recorded since the last snapshot, that one is named and none is made.
    """
    with told(as_json) as output:
        from yihu.snapshots import snapshot_now

        office = open_office(config)
        seq = snapshot_now(office)
        office.log.checkpoint()
        output.show({"entry": seq}, lambda: print(either(f"快照为第 {seq} 条记录", f"the snapshot is entry {seq}")))


@log.command("lock")
def lock(config: Config = None, as_json: AsJson = False) -> None:
    """Make the lock named by [ledger] cell, from what this database signed last. Only where you know it is the newest."""
    with told(as_json) as output:
        office = open_office(config)
        office.log.lock()
        place = office.settings.ledger.cell
        text = either(f"防回滚锁已建立：{place}", f"the rollback lock is made: {place}")
        output.show({"cell": place}, lambda: print(text))


@log.command("recover")
def recover(
    lost: Annotated[
        str,
        typer.Option(
            "--lost", metavar="FROM:TO", help=either("丢失的记录：起始编号:结束编号（不含）", "numbers of the lost entries")
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help=either("原因（写入密匣）", "why; it goes into the vault"))],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Go on after entries were lost that had been signed: records RECOVERED, which names them, and signs."""
    with told(as_json) as output:
        from yihu.recovering import recover as go_on

        office = open_office(config)
        start, end = _range(lost)
        seq = go_on(office, start=start, end=end, reason=reason)
        text = either(
            f"已登记恢复（第 {seq} 条）：第 {start} 至 {end - 1} 条记录丢失。请告知各见证方和审计人员",
            f"recorded as entry {seq}: entries {start} to {end - 1} are lost; tell your witnesses and your auditor",
        )
        output.show({"entry": seq, "lost": [start, end]}, lambda: print(text))


def _range(text: str) -> tuple[int, int]:
    start, _, end = text.partition(":")
    if not (start.isdecimal() and end.isdecimal()):
        message = f"--lost {text!r}: expected FROM:TO"
        raise ValueError(message)
    return int(start), int(end)
