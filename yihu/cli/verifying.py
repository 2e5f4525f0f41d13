"""``yihu verify``: whether everything still says the same, and who outside can say so too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, Exit, told
from yihu.language import either

if TYPE_CHECKING:
    from storage.audit import Sample, Step


Held: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--held",
        metavar="FILE",
        help=either("您保存的旧检查点：文件或 U 盘目录，可重复", "an older checkpoint you hold: a file or a stick; repeatable"),
    ),
]
PolicyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help=either("您带来的见证策略（C2SP tlog-policy）", "the policy you brought, with keys you believe (C2SP)"),
    ),
]
Keys: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--witness",
        metavar="VKEY",
        help=either("您带来的见证方（或账本）公钥，可重复", "a key you brought, of a witness or of the ledger; repeatable"),
    ),
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="FILE|last",
        help=either(
            "只看上次审计之后的内容：检查点文件或 last", "only what is new since this checkpoint, or since the last audit"
        ),
    ),
]
Keep: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--keep",
        metavar="FILE",
        help=either("通过后把检查点写入此文件，由您带走", "afterwards write the audited checkpoint here, to take with you"),
    ),
]
Sampled: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--sample",
        metavar="N[%]",
        help=either("每个记录只抽查 N 个（或 N%）1 MiB 分段", "read only N (or N %) random 1 MiB segments of each clip"),
    ),
]
Seed: TypeAlias = Annotated[
    int | None, typer.Option("--seed", min=0, help=either("重复某次抽样的种子", "the seed of a sample to repeat"))
]
Recorded: TypeAlias = Annotated[
    bool, typer.Option("--record", help=either("把本次审计登记入账（AUDITED）", "record in the ledger that this was done"))
]
Pdf: TypeAlias = Annotated[
    Path | None, typer.Option("--pdf", metavar="FILE", help=either("另存为 PDF 报告", "also write the report as PDF"))
]

Paper: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--paper",
        metavar="SCAN",
        help=either("封条的扫描件：PDF 或图片，可重复", "scan of a printed seal: PDF or picture; repeatable"),
    ),
]
Roots: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--tsa-roots",
        metavar="PEM",
        help=either("您带来的时间戳机构根证书", "root certificates of time-stamping authorities that you brought"),
    ),
]


def verify(
    held: Held = None,
    paper: Paper = None,
    policy: PolicyFile = None,
    witness: Keys = None,
    tsa_roots: Roots = None,
    since: Since = None,
    keep: Keep = None,
    sample: Sampled = None,
    seed: Seed = None,
    record: Recorded = False,
    pdf: Pdf = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Verify everything, step by step; nothing is changed. 0 things verified is a failure."""
    with told(as_json) as output:
        from yihu.auditing import Asked, audit_of, brought_in, conclusion, keep_head, read_bytes, recorded, report_of, since_in

        # what was typed wrongly or is missing is said before hours are spent on reading
        as_pdf = None if pdf is None else (_renderer(), pdf)
        office = _looked_at(config)
        note, is_ours = since_in(office.home, since)
        asked = Asked(note, is_ours, _sample(sample, seed), None if tsa_roots is None else read_bytes(tsa_roots))
        audit = audit_of(office, asked, brought_in(held or [], policy, witness or [], scans=paper or []))
        with _watching(shown=not as_json) as watcher:
            verdict = audit.run(watcher)
        report = report_of(office, verdict, asked)
        if as_pdf is not None:
            _write(as_pdf[1], as_pdf[0](report))
        kept = keep_head(office, verdict, to=keep)
        seq = recorded(office, verdict, asked.sample) if record else None
        output.show(report, lambda: _print(report, conclusion(verdict), kept, seq))
        if not verdict.is_consistent:
            raise typer.Exit(Exit.EVIDENCE)


def _looked_at(config: Path | None) -> Any:  # noqa: ANN401 - imported late
    from yihu.settings import find_settings
    from yihu.wiring import Office

    return Office.look(find_settings(config, Path.cwd()))


def _sample(text: str | None, seed: int | None) -> Sample | None:
    import secrets

    from storage.audit import Sample

    if text is None:
        if seed is not None:
            message = "--seed: it belongs to --sample"
            raise ValueError(message)
        return None
    return Sample.parse(text, seed=secrets.randbelow(2**32) if seed is None else seed)


def _renderer() -> Callable[[dict[str, Any]], bytes]:
    from importlib import import_module

    from storage.errors import NotFound

    try:
        render: Callable[[dict[str, Any]], bytes] = import_module("yihu.paper.report").report_pdf
    except ImportError as error:
        message = f"--pdf: {error.name or error}: not installed; it comes with the extra 'paper'"
        raise NotFound(message) from error
    return render


def _write(path: Path, raw: bytes) -> None:
    from storage import durable
    from storage.folder_files import within_reach

    with within_reach(f"writing {path}"):
        durable.replace(path, raw, 0o644)


@contextmanager
def _watching(*, shown: bool) -> Iterator[Callable[[Step], None]]:
    """Show on a terminal which step it is and how far; elsewhere nothing."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from yihu.auditing import title

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as progress:
        task = progress.add_task("", total=None)
        yield lambda step: progress.update(task, description=f"{step.number}. {title(step.name)}", completed=step.checked)


def _print(report: dict[str, Any], sentence: str, kept: list[Path], seq: int | None) -> None:
    print(either(f"账本 {report['origin']}，{report['size']} 条记录", f"ledger {report['origin']}, {report['size']} entries"))
    for step in report["steps"]:
        _print_step(step)
    if report["sample"]:
        print(either(f"抽样种子：{report['sample']['seed']}", f"seed of the sample: {report['sample']['seed']}"))
    for text in report["not_checked"]:
        print(either(f"未检查：{text}", f"not looked at: {text}"))
    for path in kept:
        print(either(f"已审计的检查点存于 {path}", f"the audited checkpoint is in {path}"))
    if seq is not None:
        print(either(f"已登记为第 {seq} 条记录", f"recorded as entry {seq}"))
    print(sentence)


def _print_step(step: dict[str, Any]) -> None:
    mark = "✗" if step["findings"] else "✓" if step["checked"] else "–"
    checked = str(step["checked"]) if step["checked"] else either("无可检查", "nothing to check")
    print(f"{mark} {step['number']}. {step['title']}: {checked}")
    for text in filter(None, [step["detail"]]):
        print(f"     {text}")
    for finding in step["findings"]:
        print(f"   ✗ {finding}")
