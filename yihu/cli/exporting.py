"""``yihu export``: evidence for a stranger, as one directory that verifies by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from yihu.exporting import Exported, Selection
    from yihu.wiring import Office


Clips: TypeAlias = Annotated[
    list[str] | None, typer.Option("--clip", help=either("导出这个音像记录（clip:…，可多个）", "this clip (clip:…; again)"))
]
Case: TypeAlias = Annotated[
    str | None, typer.Option("--case", help=either("导出归入此案件的全部记录（matter:…）", "all clips of this case (matter:…)"))
]
Out: TypeAlias = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help=either("导出到哪个新目录", "the new directory to make"))
]
Reason: TypeAlias = Annotated[
    str | None, typer.Option("--reason", help=either("为何导出、交给谁（进入密匣）", "why, and for whom (kept in the vault)"))
]
Disclose: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--disclose",
        metavar="FIELD",
        help=either("一并披露的字段，如 title（可多个；须有 --reason）", "field to tell, as title (needs --reason)"),
    ),
]
Since: TypeAlias = Annotated[
    list[int] | None,
    typer.Option(
        "--since",
        metavar="SIZE",
        help=either(
            "接收方持有的旧检查点的大小：附一致性证明", "size of an older checkpoint the receiver holds: proves growth"
        ),
    ),
]
Unanchored: TypeAlias = Annotated[
    bool,
    typer.Option("--unanchored", help=either("尚无外部见证也导出；账本会注明", "even if nothing is held outside; on record")),
]
Verifier: TypeAlias = Annotated[
    Path | None,
    typer.Option("--verifier", metavar="FILE", help=either("只写出验证程序 verify.pyz", "write only the verifier, verify.pyz")),
]


def export(
    clips: Clips = None,
    case: Case = None,
    out: Out = None,
    reason: Reason = None,
    disclose: Disclose = None,
    since: Since = None,
    unanchored: Unanchored = False,
    verifier: Verifier = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Hand evidence over: originals, entries, proofs and checkpoint in one directory (BagIt) that a stranger verifies offline.

    First every entry must be held outside, by a quorum of witnesses; the witnesses are asked. The export is recorded in the
    ledger before the directory has its name.
    """
    with told(as_json) as output:
        if verifier is not None:
            write_verifier(verifier)
            output.show({"verifier": str(verifier)}, lambda: print(verifier))
            return
        if out is None or bool(clips) == (case is not None):
            message = either("需要 --out，以及 --clip 或 --case 之一", "--out is needed, and either --clip or --case")
            raise typer.BadParameter(message)
        from yihu.exporting import export as hand_over

        office = open_office(config)
        what = _selected(office, clips or [], case)
        done = hand_over(
            office, what, out, reason=reason, disclose=disclose or (), since=since or (), needs_outside=not unanchored
        )
        result = {
            "bundle": str(out),
            "export": done.export,
            "clips": done.clips,
            "entries": done.entries,
            "size": done.size,
            "outside": done.is_outside,
            "manifest": str(done.manifest),
            "recorded": list(done.recorded),
            "verifier_key": office.log.vkey,
            "verifier_keys": list(done.keys),
        }
        output.show(result, lambda: _print(done, out))


def write_verifier(path: Path) -> None:
    """Write ``verify.pyz``, whole or not at all."""
    from storage import durable
    from storage.folder_files import within_reach
    from storage.verifier.pack import zipped

    with within_reach(f"writing {path}"):
        durable.replace(path, zipped(), 0o644)


def _selected(office: Office, clips: list[str], case: str | None) -> Selection:
    from storage.evidence import Kind, Subject
    from yihu.exporting import select_case, select_clips

    if case is not None:
        return select_case(office, Subject.parse(case, Kind.MATTER))
    return select_clips(office, [Subject.parse(clip, Kind.CLIP) for clip in clips])


def _print(done: Exported, out: Path) -> None:
    keys = "".join(f"\n  {key}" for key in done.keys)
    print(
        either(
            f"已导出 {done.clips} 个音像记录、{done.entries} 条账本记录到 {out}\n"
            f"检查点 {done.size}，{'已由外部见证' if done.is_outside else '仅有本机构签名（--unanchored）'}\n"
            f"清单摘要 {done.manifest}，已登记为账本第 {', '.join(map(str, done.recorded))} 条\n"
            f"公钥须另途交给接收方：{keys}",
            f"{done.clips} clips and {done.entries} entries exported to {out}\n"
            f"checkpoint {done.size}, {'held outside' if done.is_outside else 'signed by this office alone (--unanchored)'}\n"
            f"manifest {done.manifest}, recorded as entries {', '.join(map(str, done.recorded))}\n"
            f"hand over by another way, as verifier key:{keys}",
        ),
    )
