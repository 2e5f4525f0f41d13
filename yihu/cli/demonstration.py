"""``yihu demo``: the whole way, shown on generated footage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Exit, told
from yihu.language import either

if TYPE_CHECKING:
    from yihu.demo import Summary


def demo(
    directory: Annotated[Path, typer.Option("--dir", help=either("演示放在哪里", "where to make it"))] = Path("demo-office"),
    once: Annotated[bool, typer.Option("--once", help=either("验证后结束，不开网页", "stop after verifying"))] = False,
    s3: Annotated[
        bool,
        typer.Option(
            "--s3",
            help=either(
                "启动并使用本机 S3（SeaweedFS 或 YIHU_MINIO 所指的 MinIO）",
                "start a local S3 (SeaweedFS, or the MinIO that YIHU_MINIO names) and use it",
            ),
        ),
    ] = False,
    port: Annotated[int, typer.Option("--port", help=either("网页端口", "port of the pages"))] = 8300,
    as_json: AsJson = False,
) -> None:
    """Show everything on generated footage."""
    with told(as_json) as output:
        from yihu.cli.cameras import report_json
        from yihu.cli.watching import watching
        from yihu.demo import demo_office, run

        named = os.environ.get("YIHU_MINIO")
        with demo_office(directory, s3=s3, minio_binary=Path(named) if named else None) as office:
            with watching(shown=not as_json) as watcher:
                summary = run(office, watcher=watcher, say=(lambda _text: None) if as_json else print)
            result = {
                "office": str(summary.office),
                "store": "s3" if s3 else "folder",
                "cards": [report_json(card) for card in summary.cards],
                "party": str(summary.party),
                "case": str(summary.case),
                "filed": summary.filed,
                "consistent": summary.verdict.is_consistent,
                "verified": {step.name: step.checked for step in summary.verdict.steps},
                "findings": [finding for step in summary.verdict.steps for finding in step.findings],
            }
            output.show(result, lambda: _print_summary(summary, office.log.vkey))
            if not summary.verdict.is_consistent:
                raise typer.Exit(Exit.EVIDENCE)
            if not once:
                _serve(office, port)


def _print_summary(summary: Summary, vkey: str) -> None:
    new = sum(len(card.secured) for card in summary.cards)
    again = sum(len(card.met_again) for card in summary.cards)
    checked = {step.name: step.checked for step in summary.verdict.steps}
    good = summary.verdict.is_consistent
    print(
        either(
            f"\n两张卡：新采集 {new} 个文件，此前已采集 {again} 个；归档 {summary.filed} 个到 1 个案件的五个环节\n"
            f"已验证：账本 {checked['log']} 条，检查点 {checked['heads']} 个，存储对象 {checked['objects']} 个\n"
            f"结论：{'内部一致' if good else '不一致'}（只有本机构自己的密钥作证）\n"
            f"账本公钥：{vkey}\n演示目录：{summary.office.resolve()}",
            f"\ntwo cards: {new} files taken in, {again} were ours already; {summary.filed} filed to five stages of one case\n"
            f"verified: {checked['log']} entries, {checked['heads']} checkpoints, {checked['objects']} objects\n"
            f"verdict: {'internally consistent' if good else 'NOT consistent'} (only our own key vouches)\n"
            f"ledger key: {vkey}\ndemo directory: {summary.office.resolve()}",
        ),
    )


def _serve(office: object, port: int) -> None:
    from yihu.cli.serving import sign_in_link
    from yihu.web import serving
    from yihu.wiring import Office

    assert isinstance(office, Office)  # noqa: S101 - the annotation would import too early
    with serving(office, host="127.0.0.1", port=port) as server:
        link = sign_in_link(office, server.url, name="demo")
        print(
            either(
                f"\n打开这个链接（已含登录）：\n  {link}\nCtrl-C 结束",
                f"\nopen this link (it signs you in):\n  {link}\nCtrl-C ends",
            ),
            flush=True,
        )
        server.wait()
