"""``yihu disclose`` and ``yihu erase``: telling chosen personal values, and destroying them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, Exit, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from yihu.disclosing import Fields
    from yihu.erasing import Loss

_Why = Annotated[str | None, typer.Option("--reason", help=either("原因（写入密匣）", "why; it goes into the vault"))]


def disclose(
    what: Annotated[str, typer.Argument(help=either("记录序号，或 clip:… 等对象", "number of an entry, or clip:…, party:…"))],
    field: Annotated[
        list[str] | None, typer.Option("--field", help=either("要披露的字段，可重复", "a field to disclose; may be repeated"))
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help=either("写入此目录", "write into this directory"))] = None,
    reason: _Why = None,
    list_only: Annotated[
        bool, typer.Option("--list", help=either("只列出有哪些字段，不披露", "only say which fields there are"))
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Tell chosen personal values of an entry so that a stranger can verify them.

    For example: yihu disclose 42 --field name --out DIR --reason WHY. Writes <seq>.json, <seq>.tlog-proof and
    <seq>.disclosure.json for verify.pyz --leaf, --proof and --disclosure. The other fields stay closed. That it was told, and
    which fields, is an entry of the ledger first. --list shows which fields there are.
    """
    with told(as_json) as output:
        from yihu.disclosing import disclose as tell
        from yihu.disclosing import fields_of

        if list_only:
            found = fields_of(open_office(config), what)
            listed = [
                {"entry": one.seq, "type": one.type, "about": str(one.subject), "fields": one.names, "erased": one.erased}
                for one in found
            ]
            output.show({"entries": listed}, lambda: _print_fields(found))
            return
        if not field or out is None or not (reason or "").strip():
            message = either(
                "需要 --field、--out 和 --reason（或 --list）", "--field, --out and --reason are needed, or --list"
            )
            raise typer.BadParameter(message)
        written = tell(open_office(config), what, fields=field, reason=str(reason).strip(), directory=out)
        output.show({"written": [str(path) for path in written]}, lambda: print("\n".join(map(str, written))))


def _print_fields(found: list[Fields]) -> None:
    for one in found:
        names = (f"{name}{either('（已抹除）', ' (erased)') if name in one.erased else ''}" for name in one.names)
        print(f"{one.seq}  {one.type}  {one.subject}: {either('、', ', ').join(names)}")
    if not found:
        print(either("没有个人信息字段", "no personal fields"))


def erase(
    subject: Annotated[str, typer.Argument(help=either("party:…、officer:…、clip:… 等", "party:…, officer:…, clip:…"))],
    reason: _Why = None,
    yes: Annotated[bool, typer.Option("--yes", help=either("确认抹除，无法恢复", "do it; it cannot be undone"))] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Destroy the key of somebody's personal values, for good; without --yes only say what would be lost, and end with 2.

    Every entry and every proof stays valid; names, paths and reasons can never be read again. Footage is not deleted. Refused
    while a clip it concerns is under retention or a matter it concerns is not closed. Destroy backups of the key table too.
    """
    with told(as_json) as output:
        from storage.evidence import Subject
        from yihu.erasing import erase as forget
        from yihu.erasing import loss_of

        office, who = open_office(config), Subject.parse(subject)
        loss = loss_of(office, who)
        result = {"subject": subject, "fields": {str(seq): names for seq, names in loss.fields.items()}}
        if loss.erased_seq is None and not yes:
            output.show({**result, "erased": None}, lambda: _print_loss(subject, loss))
            raise typer.Exit(Exit.USAGE)
        if not (reason or "").strip():
            message = either("需要 --reason", "--reason is needed")
            raise typer.BadParameter(message)
        seq = forget(office, who, reason=str(reason).strip())
        text = either(f"已抹除（第 {seq} 条）：{subject}", f"erased, as entry {seq} says: {subject}")
        output.show({**result, "erased": seq}, lambda: print(text))


def _print_loss(subject: str, loss: Loss) -> None:
    print(either(f"将永久失去 {subject} 的以下内容：", f"of {subject} this would be lost for good:"))
    for seq, names in loss.fields.items():
        print(f"  {seq}: {either('、', ', ').join(names)}")
    if not loss.fields:
        print(either("  （没有个人信息，但今后也不能再登记）", "  (nothing personal yet; nothing could be recorded any more)"))
    print(
        either(
            "记录与证明保持有效；音像内容不会删除。确认请加 --yes。密钥表的备份也须销毁，见 docs/privacy.md",
            "Entries and proofs stay valid, footage is not deleted. To do it: --yes. "
            "Backups of the key table must be destroyed too, see docs/privacy.md",
        )
    )
