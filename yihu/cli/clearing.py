"""``yihu clear`` and ``yihu receipt``: footage that is safe elsewhere leaves its camera, and paper says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, Exit, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from ingest.clear import ClearReport
    from ingest.proving import Left, Proven
    from yihu.wiring import Office

receipt = typer.Typer(
    no_args_is_help=True, help=either("清除回执：核对、打印", "Receipts of cleared cameras: verify and print them.")
)


def clear(
    path: Annotated[Path, typer.Argument(metavar="PATH", help=either("存储卡或文件夹", "the card or folder"))],
    device: Annotated[str | None, typer.Option("--device", help=either("设备编号", "which camera this is"))] = None,
    profile: Annotated[str | None, typer.Option("--profile", help=either("设备描述", "its profile"))] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=either("只证明并列出，不删除", "prove and list; remove nothing"))
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help=either("不再询问", "do not ask"))] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Remove from a camera what was taken in and is proved to be safe: stored, locked, and held outside. All else stays.

    The setting [clear] policy must allow it. Ends with 0 only if nothing that may be a recording is left on the card; 5 if some
    files are left, 4 if none was removed, 75 if it broke off and is to be done again.
    """
    with told(as_json) as output:
        from ingest.cards import Card
        from ingest.identify import identify
        from yihu.clearing import CameraClearing, proved
        from yihu.cli.watching import watching

        office = open_office(config)
        clearing = CameraClearing(office)
        with Card(path, identify(path, device)) as card, watching(shown=not as_json) as watcher:
            proven = proved(clearing, card, profile=profile, watcher=watcher)
            if dry_run or not (yes or as_json or _is_confirmed(proven)):
                output.show(_listed(proven), lambda: _print_proven(proven))
                raise typer.Exit(Exit.DONE if dry_run else Exit.NOT_FOUND)
            report = clearing.clearing.clear(proven, card, watcher)
        receipts = _receipts(office, report)
        output.show(_reported(report, receipts), lambda: _print_report(report, receipts))
        code = _code(report)
        if code:
            raise typer.Exit(code)


def _code(report: ClearReport) -> Exit:
    if report.error:
        return Exit.TRY_AGAIN
    if not report.removed:
        return Exit.NOT_FOUND
    return Exit.PARTIAL if report.left else Exit.DONE


def _is_confirmed(proven: Proven) -> bool:
    _print_proven(proven)
    question = either(
        f"从摄像机删除这 {len(proven.files)} 个文件？", f"remove these {len(proven.files)} files from the camera?"
    )
    return bool(proven.files) and typer.confirm(question)


def _receipts(office: Office, report: ClearReport) -> list[str]:
    from yihu.clear_receipts import keep_receipt

    if not (office.home / office.settings.keys.dock).exists():
        return []
    return [str(keep_receipt(office, report.device, authorised)) for authorised in report.closed]


def _left(left: Left) -> dict[str, object]:
    return {"path": left.path.text, "reasons": [reason.value for reason in left.reasons], "detail": left.detail}


def _listed(proven: Proven) -> dict[str, object]:
    files = [{"path": file.path.text, "size": file.size, "clip": str(file.clip)} for file in proven.files]
    return {"device": str(proven.device), "would_remove": files, "left": [_left(one) for one in proven.left]}


def _reported(report: ClearReport, receipts: list[str]) -> dict[str, object]:
    return {
        "device": str(report.device),
        "removed": report.removed,
        "bytes": report.removed_bytes,
        "left": [_left(one) for one in report.left],
        "receipts": receipts,
        "error": report.error,
        "reason": report.reason,
    }


def _print_left(left: list[Left]) -> None:
    from yihu.clear_words import clear_reason_text

    for one in left:
        print(f"  · {one.path.text}: {'; '.join(map(clear_reason_text, one.reasons))}")


def _print_proven(proven: Proven) -> None:
    size = sum(file.size for file in proven.files)
    print(
        either(
            f"可删除 {len(proven.files)} 个文件（{size} 字节），保留 {len(proven.left)} 个",
            f"{len(proven.files)} files ({size} bytes) can be removed, {len(proven.left)} stay",
        )
    )
    for file in proven.files:
        print(f"  ⌫ {file.path.text}")
    _print_left(list(proven.left))


def _print_report(report: ClearReport, receipts: list[str]) -> None:
    print(
        either(
            f"已从摄像机删除 {report.removed} 个文件（{report.removed_bytes} 字节），保留 {len(report.left)} 个",
            f"{report.removed} files ({report.removed_bytes} bytes) removed from the camera, {len(report.left)} stay",
        )
    )
    _print_left(report.left)
    if report.error:
        print(
            either(
                f"中断，再次连接该摄像机时继续：{report.reason}",
                f"broken off; it goes on when this camera is connected again: {report.reason}",
            )
        )
    for path in receipts:
        print(either(f"回执 {path}", f"receipt {path}"))


@receipt.command("verify", help=either("核对清除回执的签名", "Verify that a receipt was signed by its dock."))
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=either("回执文件", "the receipt"))],
    key: Annotated[
        str | None, typer.Option("--key", help=either("采集站公钥（默认：本机构账本所载）", "key of the dock (default: ours)"))
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt: with --key nothing but the file is needed, without it the ledger of this office names the key."""
    with told(as_json) as output:
        from storage.clearing_receipts import opened_receipt
        from storage.ledger.keys import VerifierKey
        from yihu.auditing import read_bytes
        from yihu.clear_receipts import dock_key

        known = VerifierKey.parse(key) if key is not None else dock_key(open_office(config))
        found = opened_receipt(read_bytes(file).decode("utf-8", "replace"), known)
        result = {"device": str(found.device), "cleared": found.cleared, "removed": found.removed, "bytes": found.bytes}
        output.show(
            result,
            lambda: print(
                either(
                    f"签名有效：{found.at} 从 {found.device} 删除 {found.removed} 个文件（{found.bytes} 字节）",
                    f"signed by its dock: {found.removed} files ({found.bytes} bytes) left {found.device} at {found.at}",
                )
            ),
        )


@receipt.command("print", help=either("把回执排成 A4 页面（PDF）", "Set a receipt as an A4 page (PDF)."))
def print_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=either("回执文件", "the receipt"))],
    out: Annotated[Path, typer.Option("--out", metavar="PDF", help=either("写到哪里", "where to write it"))],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt of this office and set it as a page, with the signed text as a code."""
    with told(as_json) as output:
        from storage import durable
        from storage.clearing_receipts import opened_receipt
        from storage.folder_files import within_reach
        from yihu.auditing import read_bytes
        from yihu.clear_receipts import dock_key, receipt_pdf

        office = open_office(config)
        note = read_bytes(file).decode("utf-8", "replace")
        page = receipt_pdf(office, opened_receipt(note, dock_key(office)), note)
        with within_reach(f"writing {out}"):
            durable.replace(out, page, 0o644)
        output.show({"page": str(out)}, lambda: print(out))
