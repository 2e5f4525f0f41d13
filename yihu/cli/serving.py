"""``yihu serve`` and ``yihu token``: the pages and the API."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.cli.granting import ROLES, Matters, Offices, Until, grant_of
from yihu.language import either

if TYPE_CHECKING:
    from yihu.wiring import Office

token = typer.Typer(no_args_is_help=True, help=either("访问令牌", "API tokens"))


@token.command("add")
def token_add(
    name: Annotated[str, typer.Argument(help=either("给谁用", "who will use it"))],
    role: Annotated[str, typer.Option("--role", help=ROLES)] = "reviewer",
    office: Offices = None,
    matter: Matters = None,
    until: Until = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make an API token; it is shown once and cannot be shown again."""
    with told(as_json) as output:
        from api.tokens import issue_token

        opened = open_office(config)
        given = grant_of(opened, role, offices=office, matters=matter, until=until)
        account, text = issue_token(
            opened.custody, name=name, role=given.role, actor=opened.operator, scope=given.scope, until=given.until
        )
        output.show({"account": str(account), "token": text}, lambda: print(text))


@token.command("list")
def token_list(config: Config = None, as_json: AsJson = False) -> None:
    """List the tokens that were not revoked: whose, until when, when used last. 列出令牌."""
    with told(as_json) as output:
        from api.people.credentials import Credentials
        from storage.passing import prepare

        office = open_office(config)
        prepare(office.engine)
        shown = Credentials(office.custody, office.engine, office.clock, key=office.index_key).all()
        rows: list[dict[str, object]] = [
            {
                "account": str(each.account.subject),
                "role": each.account.role.value,
                "name": each.account.name,
                "until": each.account.until,
                "last_used": each.last_used,
            }
            for each in shown
        ]
        output.show({"tokens": rows}, lambda: _print(rows))


def _print(rows: list[dict[str, object]]) -> None:
    for row in rows:
        print(*(value or "-" for value in row.values()))


@token.command("revoke")
def token_revoke(
    account: Annotated[str, typer.Argument(help="account:…")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """End an account: its token and its sessions are refused from now on."""
    with told(as_json) as output:
        from api.tokens import revoke_token
        from storage.evidence import Kind, Subject

        office = open_office(config)
        revoke_token(office.custody, Subject.parse(account, Kind.ACCOUNT), actor=office.operator)
        output.show({"revoked": account}, lambda: print(either("已撤销", "revoked")))


def serve(
    host: Annotated[str, typer.Option("--host", help=either("监听地址", "address to listen on"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=either("端口", "port"))] = 8300,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Serve the pages and the API until Ctrl-C; other machines come by TLS ([web] in docs/settings.md)."""
    with told(as_json):
        from yihu.founding import started
        from yihu.web import serving

        office = open_office(config)
        started(office)
        with serving(office, host=host, port=port) as server:
            print(either(f"网页与接口：{server.url}", f"pages and API: {server.url}"), flush=True)
            with asked_to_end() as asked:
                server.wait(asked)


@contextmanager
def asked_to_end() -> Iterator[threading.Event]:
    """Let SIGTERM and Ctrl-C ask for the end instead of cutting off what is under way."""
    asked = threading.Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def sign_in_link(office: Office, url: str, *, name: str) -> str:
    """Return a link that signs in as a fresh reviewer; the token in it never reaches a server's log."""
    from api.tokens import issue_token
    from storage.evidence import Role

    _account, text = issue_token(office.custody, name=name, role=Role.REVIEWER, actor=office.operator)
    return f"{url}/signin#{text}"
