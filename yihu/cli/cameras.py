"""``yihu ingest`` and ``yihu dock``: cameras in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, Exit, Output, open_office, told
from yihu.language import either, explained, reason_text

if TYPE_CHECKING:
    from ingest.progress import CardReport

DOCK_HELP = (
    """全天运行本机采集站：插上即采集，直到 Ctrl-C 或 SIGTERM。

    设备只读挂载，因此需要挂载的权限（deploy/ 中的服务已有）。各接口的状态逐行显示，--json 每行一个对象，--tui 全屏；另一个终端
    用 yihu board 查看。--watch 则只监视一个文件夹，文件静止后自动采集。""",
    """Run the docks of this host all day: what is plugged in is taken in, until Ctrl-C or SIGTERM.

    Cameras are mounted read-only; that takes the right to mount, which the service in deploy/ has. Every change of a bay is a
    line; with --json an object, with --tui the whole terminal; from elsewhere: yihu board. With --watch a folder is watched
    instead, and what has settled is taken in.""",
)
_AWAY = {"StorageUnavailable", "SpoolFull", "LostAnswer"}
"""Errors that go away by themselves."""


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help=either("存储卡或文件夹", "cards or folders"))],
    device: Annotated[
        str | None, typer.Option("--device", help=either("设备编号（一次一张卡）", "which camera this is (one card at a time)"))
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help=either("设备描述（卡上认不出时）", "its profile, where the card does not tell it")),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take in a camera card or a folder: copy, hash, store, file into the ledger. Doing it twice adds nothing."""
    with told(as_json) as output:
        if device is not None and len(paths) > 1:
            message = either("--device 只能与一个路径同用", "--device goes with one path only")
            raise typer.BadParameter(message)
        from yihu.cli.watching import watching
        from yihu.founding import started

        office = open_office(config)
        started(office)
        pipeline = office.pipeline()
        with watching(shown=not as_json) as watcher:
            reports = [pipeline.ingest(path, device=device, profile=profile, watcher=watcher) for path in paths]
        _finish(output, reports)


def _finish(output: Output, reports: list[CardReport]) -> None:
    result = {"cards": [report_json(report) for report in reports]}
    output.show(result, lambda: _print_reports(reports))
    code = _code({waits.error for report in reports for waits in report.waiting}, reports)
    if code:
        raise typer.Exit(code)


def _code(waiting: set[str], reports: list[CardReport]) -> Exit:
    """Return how it ended: first what takes a person, then what only takes time, then what is still on the camera."""
    if waiting & {"Refused", "NotFound", "SettingsError"}:
        return Exit.NOT_FOUND
    if waiting - _AWAY:
        return Exit.EVIDENCE
    if waiting or any(report.unsigned for report in reports):
        return Exit.TRY_AGAIN
    return Exit.PARTIAL if any(report.problems for report in reports) else Exit.DONE


def _print_reports(reports: list[CardReport]) -> None:
    for report in reports:
        print_report(report)


def report_json(report: CardReport) -> dict[str, object]:
    """Return what became of a card, for ``--json``."""
    return {
        "device": str(report.device),
        "profile": report.profile,
        "files": report.files,
        "secured": [str(clip) for clip in report.secured],
        "met_again": [str(clip) for clip in report.met_again],
        "ignored": report.ignored,
        "waiting": [{"clip": str(w.clip), "name": w.name, "error": w.error, "reason": w.reason} for w in report.waiting],
        "problems": [{"path": p.path.text, "error": p.error, "reason": p.reason} for p in report.problems],
        "unsigned": report.unsigned,
    }


def print_report(report: CardReport) -> None:
    """Tell a person what became of a card."""
    new, again = len(report.secured), len(report.met_again)
    print(
        either(
            f"读取 {report.files} 个文件：新增 {new}，此前已采集 {again}，按规则忽略 {report.ignored}",
            f"{report.files} files: {new} new, {again} already ours, {report.ignored} ignored by the profile",
        ),
    )
    if not new and again:
        print(either("此卡没有新的记录", "nothing new on this card"))
    if report.waiting:
        print(
            either(
                f"{len(report.waiting)} 个记录在暂存盘等待，下次运行时继续",
                f"{len(report.waiting)} clips wait in the spool; the next run goes on with them",
            ),
        )
    for waits in report.waiting:
        print(f"  … {waits.name}: {explained(waits.error)} ({waits.reason})")
    if report.unsigned:
        print(
            either(
                f"账本尚未签署检查点，下次运行时补签：{report.unsigned}",
                f"no checkpoint is signed yet; the next run signs it: {report.unsigned}",
            ),
        )
    for problem in report.problems:
        text = reason_text(problem.reason) if problem.error == "Refused" else f"{explained(problem.error)} ({problem.reason})"
        print(f"  ✘ {problem.path.text}: {text}")


def dock(
    watch: Annotated[
        Path | None,
        typer.Option(
            "--watch",
            metavar="DIR",
            help=either("只监视这个文件夹，不接 USB", "watch this folder instead of the USB docks of this host"),
        ),
    ] = None,
    tui: Annotated[bool, typer.Option("--tui", help=either("全屏显示各接口", "show the bays, filling the terminal"))] = False,
    device: Annotated[str | None, typer.Option("--device", help=either("设备编号", "which camera writes there"))] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Run the docks of this host all day, until Ctrl-C or SIGTERM: what is plugged in is taken in by itself.

    Each bay is shown as it goes on (--json: one object a line, --tui: the whole terminal; from elsewhere: yihu board).
    Cameras are mounted read-only; that takes the capability to mount, which the service of deploy/ has. With --watch a folder
    is watched instead, and every file that has been left alone for a while is taken in.
    """
    with told(as_json) as output:
        if watch is None:
            from yihu.cli.docking import run_docks

            run_docks(open_office(config), tui=tui, as_json=as_json)
            return
        from yihu.cli.watching import watching
        from yihu.docking import watch_folder
        from yihu.founding import started

        office = open_office(config)
        started(office)
        with watching(shown=not as_json) as watcher:
            for report in watch_folder(office, watch, device=device, watcher=watcher):
                output.show(report_json(report), lambda report=report: print_report(report))  # type: ignore[misc]
