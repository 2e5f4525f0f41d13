"""``yihu account``: who may sign in, and the links by which they set a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.cli.granting import ROLES, Matters, Offices, Until, grant_of, said, shown
from yihu.language import either

if TYPE_CHECKING:
    from api.people.accounts import Link
    from api.people.queries import Person
    from yihu.wiring import Office

account = typer.Typer(
    no_args_is_help=True, help=either("账户：谁可以登录，一次性链接", "Accounts: who may sign in, and one-time links")
)

Who = Annotated[str, typer.Argument(metavar="LOGIN", help=either("用户名或 account:…", "login, or account:…"))]
Role_ = Annotated[str, typer.Option("--role", help=ROLES)]
Issuer_ = Annotated[str, typer.Option("--issuer", help=either("认证方的网址", "address of the issuer"))]
Subject_ = Annotated[str, typer.Option("--subject", help=either("认证方对其的编号（sub）", "its name for them (sub)"))]
Why = Annotated[str, typer.Option("--reason", help=either("理由（入密匣）", "why; goes into the vault"))]


@account.command(
    "first", help=either("建立首个安全管理员，给出一次性链接", "Make the first security administrator; prints a one-time link.")
)
def first(
    login: Annotated[str, typer.Argument(help=either("管理员的用户名", "the administrator's login"))] = "admin",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make the first security administrator, who makes the others; or another link while no password was set."""
    with told(as_json) as output:
        from yihu.people import accounts_of, link_text

        office = open_office(config)
        link = accounts_of(office).first(login, actor=office.operator)
        output.show(_linked(link, link_text(office, link)), lambda: _say_link(link, link_text(office, link)))


@account.command("add", help=either("新建账户，给出一次性链接", "Make an account; prints the link for its owner."))
def add(
    login: Annotated[str, typer.Argument(help=either("用户名", "login"))],
    name: Annotated[str, typer.Option("--name", help=either("姓名（入密匣）", "name; goes into the vault"))] = "",
    role: Role_ = "handler",
    office: Offices = None,
    matter: Matters = None,
    until: Until = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make an account. Nobody but its owner ever knows the password."""
    with told(as_json) as output:
        from yihu.people import accounts_of, link_text

        opened = open_office(config)
        given = grant_of(opened, role, offices=office, matters=matter, until=until)
        link = accounts_of(opened).add(login, name=name, role=given, actor=opened.operator)
        output.show(_linked(link, link_text(opened, link)), lambda: _say_link(link, link_text(opened, link)))


@account.command("link", help=either("忘记密码：给出新的一次性链接", "Make a link for somebody who forgot their password."))
def link(who: Who, config: Config = None, as_json: AsJson = False) -> None:
    """Make a one-time link; the one before it counts no more."""
    with told(as_json) as output:
        from yihu.people import accounts_of, link_text, somebody

        office = open_office(config)
        made = accounts_of(office).link(somebody(office, who).subject, actor=office.operator)
        output.show(_linked(made, link_text(office, made)), lambda: _say_link(made, link_text(office, made)))


@account.command("list", help=either("列出账户", "List accounts."))
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List everybody who may sign in, and who may not any more."""
    with told(as_json) as output:
        from yihu.people import all_people

        people = all_people(open_office(config).engine)
        output.show({"accounts": [_row(person) for person in people]}, lambda: _print(people))


@account.command("disable", help=either("停用账户，会话立即结束", "Let somebody sign in no more; sessions end at once."))
def disable(who: Who, reason: Why, config: Config = None, as_json: AsJson = False) -> None:
    """Disable an account."""
    with told(as_json) as output:
        from yihu.people import accounts_of

        office, person = _found(config, who)
        accounts_of(office).disable(person.subject, reason=reason, actor=office.operator)
        output.show({"disabled": str(person.subject)}, lambda: print(either("已停用", "disabled")))


@account.command("enable", help=either("恢复账户", "Let somebody sign in again."))
def enable(who: Who, reason: Why, config: Config = None, as_json: AsJson = False) -> None:
    """Enable an account that was disabled."""
    with told(as_json) as output:
        from yihu.people import accounts_of

        office, person = _found(config, who)
        accounts_of(office).enable(person.subject, reason=reason, actor=office.operator)
        output.show({"enabled": str(person.subject)}, lambda: print(either("已恢复", "enabled")))


@account.command("grant", help=either("授予角色", "Give somebody a further role."))
def grant(
    who: Who,
    role: Role_,
    office: Offices = None,
    matter: Matters = None,
    until: Until = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Grant a role: over everything, or over offices and cases; for ever, or until a day."""
    with told(as_json) as output:
        from yihu.people import accounts_of

        opened, person = _found(config, who)
        given = grant_of(opened, role, offices=office, matters=matter, until=until)
        accounts_of(opened).grant(person.subject, given, actor=opened.operator)
        output.show({"granted": role, "scope": given.scope.text}, lambda: print(either("已授予", "granted")))


@account.command("withdraw", help=either("收回角色", "Take a role away."))
def withdraw(
    who: Who,
    role: Role_,
    number: Annotated[int, typer.Option("--grant", help=either("授权编号，见 list", "number of the grant, see list"))] = -1,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw a grant; it counts for the next request already."""
    with told(as_json) as output:
        from storage.evidence import Role
        from yihu.people import accounts_of

        opened, person = _found(config, who)
        named = None if number < 0 else number
        accounts_of(opened).withdraw(person.subject, Role(role), actor=opened.operator, number=named)
        output.show({"withdrawn": role}, lambda: print(either("已收回", "withdrawn")))


@account.command("bind", help=either("绑定统一认证的身份", "Let somebody sign in as who they are elsewhere (OIDC)."))
def bind(who: Who, issuer: Issuer_, subject: Subject_, config: Config = None, as_json: AsJson = False) -> None:
    """Bind an account to what an issuer calls its owner; both lie in the vault."""
    with told(as_json) as output:
        from yihu.people import identities_of, identity

        office, person = _found(config, who)
        identities_of(office).bind(person.subject, identity(issuer, subject), actor=office.operator)
        output.show({"bound": str(person.subject)}, lambda: print(either("已绑定", "bound")))


@account.command("unbind", help=either("解除绑定，会话立即结束", "Take a binding back; sessions end at once."))
def unbind(who: Who, issuer: Issuer_, subject: Subject_, config: Config = None, as_json: AsJson = False) -> None:
    """Unbind an account from what an issuer calls its owner."""
    with told(as_json) as output:
        from yihu.people import identities_of, identity

        office, person = _found(config, who)
        identities_of(office).unbind(person.subject, identity(issuer, subject), actor=office.operator)
        output.show({"unbound": str(person.subject)}, lambda: print(either("已解除", "unbound")))


def _found(config: object, who: str) -> tuple[Office, Person]:
    from pathlib import Path

    from yihu.people import somebody

    office = open_office(config if isinstance(config, Path) else None)
    return office, somebody(office, who)


def _linked(link: Link, text: str) -> dict[str, object]:
    return {"account": str(link.account), "link": text, "until": link.until.isoformat()}


def _say_link(link: Link, text: str) -> None:
    print(
        either(
            "一次性链接，只显示这一次，请当面或以可信方式交给本人：", "a one-time link, shown this once; hand it to its owner:"
        )
    )
    print(f"  {text}")
    print(either(f"有效至 {link.until:%Y-%m-%d %H:%M} UTC", f"it counts until {link.until:%Y-%m-%d %H:%M} UTC"))


def _row(person: Person) -> dict[str, object]:
    return {
        "account": str(person.subject),
        "login": person.login,
        "name": person.name,
        "roles": sorted(person.roles),
        "grants": [shown(grant) for grant in person.grants],
        "enabled": person.is_enabled,
        "has_password": person.password is not None,
        "second_factor": person.totp_seq is not None,
    }


def _print(people: list[Person]) -> None:
    if not people:
        print(either("还没有账户：yihu account first", "nobody yet: yihu account first"))
    for person in people:
        state = either("可用", "enabled") if person.is_enabled else either("已停用", "disabled")
        print(f"{person.login or '-':20} {state:10} {person.name or '-'}")
        for grant in person.grants:
            print(f"  {said(grant)}")
