"""``yihu credential``: what docks and other hosts show when they send to this installation over the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from api.people.credentials import Credentials
    from yihu.wiring import Office

credential = typer.Typer(
    no_args_is_help=True, help=either("采集站的凭据：登记、更换、吊销", "Credentials of docks: enrol, exchange, revoke")
)

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help=either("写入此文件（0600）", "file to write it to (0600)"))]
Days = Annotated[int, typer.Option("--days", min=0, help=either("有效天数，0 为不限", "days it counts; 0: for ever"))]
Which = Annotated[str, typer.Argument(metavar="ACCOUNT", help="account:…")]


@credential.command("enrol", help=either("为采集站登记凭据", "Give a dock a credential; it lies in a file, and nowhere else."))
def enrol(
    name: Annotated[str, typer.Argument(help=either("采集站的名称（入密匣）", "name of the dock; goes into the vault"))],
    out: Out,
    dock: Annotated[str, typer.Option("--dock", help=either("其假名，默认新建", "its pseudonym; default: a new one"))] = "",
    days: Days = 0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a dock. The file is written first: one that was not recorded counts for nothing."""
    with told(as_json) as output:
        from storage.evidence import Kind, Subject
        from storage.identity import fresh

        office = open_office(config)
        whose = Subject.parse(dock, Kind.DOCK) if dock else fresh(Kind.DOCK)
        until = office.clock() + timedelta(days=days) if days else None
        with _written(out) as token:
            account = _of(office).enrol(token, name=name, dock=whose, actor=office.operator, until=until)
        output.show({"account": str(account), "dock": str(whose), "file": str(out)}, lambda: print(account, whose, out))


@credential.command("exchange", help=either("更换凭据，旧的立即失效", "Exchange a credential; the old one ends at once."))
def exchange(which: Which, out: Out, config: Config = None, as_json: AsJson = False) -> None:
    """Make another credential for the same dock."""
    with told(as_json) as output:
        from storage.evidence import Kind, Subject

        office = open_office(config)
        with _written(out) as token:
            account = _of(office).exchange(Subject.parse(which, Kind.ACCOUNT), token, actor=office.operator)
        output.show({"account": str(account), "file": str(out)}, lambda: print(account, out))


@credential.command("revoke", help=either("吊销凭据", "End a credential at once."))
def revoke(which: Which, config: Config = None, as_json: AsJson = False) -> None:
    """Revoke a credential, for example of a dock that was stolen."""
    with told(as_json) as output:
        from api.tokens import revoke_token
        from storage.evidence import Kind, Subject

        office = open_office(config)
        revoke_token(office.custody, Subject.parse(which, Kind.ACCOUNT), actor=office.operator)
        output.show({"revoked": which}, lambda: print(either("已吊销", "revoked")))


@credential.command("list", help=either("列出凭据、最近使用和来源地址", "List credentials, when used last and from where."))
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List what docks hold. An address that is not the dock's is somebody else's."""
    with told(as_json) as output:
        office = open_office(config)
        known = _of(office)
        rows: list[dict[str, object]] = [
            {
                "account": str(each.account.subject),
                "dock": str(each.account.dock),
                "name": each.account.name,
                "until": _text(each.account.until),
                "last_used": _text(each.last_used),
                "addresses": known.addresses(each.account.subject, office.vault),
            }
            for each in known.of_docks()
        ]
        output.show({"credentials": rows}, lambda: _print(rows))


def _print(rows: list[dict[str, object]]) -> None:
    if not rows:
        print(either("没有凭据", "none"))
    for row in rows:
        addresses = row["addresses"]
        came = ", ".join(map(str, addresses)) if isinstance(addresses, list) else ""
        print(f"{row['account']} {row['name']}  {either('最近', 'last')} {row['last_used'] or '-'}  {came or '-'}")


@contextmanager
def _written(out: Path) -> Iterator[str]:
    """Write a fresh token to *out*; where recording it fails it is removed again, for it may not count."""
    from api.tokens import fresh_token
    from storage import durable
    from storage.errors import EvidenceError

    token = fresh_token()
    try:
        durable.write_new(out, token.encode() + b"\n", mode=0o600)
    except OSError as error:
        message = f"{out}: cannot be written: {error.strerror or error}"
        raise EvidenceError(message) from error
    try:
        yield token
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _of(office: Office) -> Credentials:
    from api.people.credentials import Credentials
    from storage.passing import prepare

    prepare(office.engine)
    return Credentials(office.custody, office.engine, office.clock, key=office.index_key)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%MZ}"
