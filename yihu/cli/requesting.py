"""``yihu request``: who asks for footage that their role does not show, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from yihu.requesting import Told

request = typer.Typer(
    no_args_is_help=True,
    help=either(
        "查看申请：列出、批准、不批准、撤回（以本机操作者名义入账）",
        "Requests for footage: list, approve, deny, withdraw (recorded as acts of this machine's operator)",
    ),
)

Which = Annotated[str, typer.Argument(metavar="REQUEST", help=either("申请编号", "number of the request"))]
Why = Annotated[str, typer.Option("--reason", help=either("理由（入密匣）", "why; goes into the vault"))]
Hours = Annotated[int, typer.Option("--hours", min=1, help=either("有效小时数", "for how many hours it counts"))]


@request.command("list", help=either("列出申请，最新的在前", "List requests, the newest first."))
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List what was asked for, by whom and why, and what became of it."""
    with told(as_json) as output:
        from yihu.requesting import all_told

        found = all_told(open_office(config))
        output.show({"requests": [each.row() for each in found]}, lambda: _print(found))


@request.command("approve", help=either("批准至某时", "Let the asker see it for a time."))
def approve(which: Which, reason: Why, hours: Hours = 24, config: Config = None, as_json: AsJson = False) -> None:
    """Approve a request; the ledger says that it was done at this machine."""
    with told(as_json) as output:
        from datetime import timedelta

        from yihu.requesting import found, requests_of

        office = open_office(config)
        until = office.clock() + timedelta(hours=hours)
        requests_of(office).approve(found(office, which), until=until, reason=reason, actor=office.operator)
        output.show({"approved": which, "until": until.isoformat()}, lambda: print(either("已批准", "approved")))


@request.command("deny", help=either("不批准", "Deny a request."))
def deny(which: Which, reason: Why, config: Config = None, as_json: AsJson = False) -> None:
    """Deny a request."""
    with told(as_json) as output:
        from yihu.requesting import found, requests_of

        office = open_office(config)
        requests_of(office).deny(found(office, which), reason=reason, actor=office.operator)
        output.show({"denied": which}, lambda: print(either("未批准", "denied")))


@request.command("withdraw", help=either("撤回申请或批准", "Withdraw a request or an approval."))
def withdraw(which: Which, reason: Why, config: Config = None, as_json: AsJson = False) -> None:
    """End a request or an approval at once."""
    with told(as_json) as output:
        from yihu.requesting import found, requests_of

        office = open_office(config)
        requests_of(office).withdraw(found(office, which), reason=reason, actor=office.operator)
        output.show({"withdrawn": which}, lambda: print(either("已撤回", "withdrawn")))


def _print(found: list[Told]) -> None:
    if not found:
        print(either("没有申请", "no requests"))
    for each in found:
        asked = each.request
        print(f"{asked.id}  {each.state:10} {asked.what:9} {asked.clip}  {each.name or '-'}: {each.reason or '-'}")
