"""``yihu officer card | pin``: by what an officer is known at the dock."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.cli.filing import officer
from yihu.language import either

__all__ = ["officer"]

OfficerName: TypeAlias = Annotated[
    str, typer.Argument(metavar="OFFICER", help=either("执法证号、姓名或 officer:…", "badge, name or officer:…"))
]


@officer.command(
    "card",
    help=either(
        "登记或注销工作卡。\n\n卡号由读卡器键入（不显示、不作为参数，不会留在命令历史里），只存入密匣。"
        "每人一张，新卡取代旧卡；丢失时用 --withdraw。退出码：0 完成；3 此卡属于他人；4 找不到。",
        "Let an officer be known by a staff card.\n\nA reader types the number; it is not shown, is no argument and so "
        "stays in no history of commands, and goes into the vault alone. One card each, a new one replaces the old; "
        "--withdraw where it is lost. "
        "Exit codes: 0 done; 3 somebody else has this card; 4 not found.",
    ),
)
def card(
    officer: OfficerName,
    withdraw: Annotated[bool, typer.Option("--withdraw", help=either("注销", "let it count no more"))] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let an officer be known by a staff card."""
    with told(as_json) as output:
        from yihu.cli.duty_pages import asked_secretly
        from yihu.duty import holdings, identification

        office = open_office(config)
        who, means = holdings(office).find_officer(officer), identification(office)
        if withdraw:
            means.withdraw_card(who, actor=office.operator)
        else:
            means.assign_card(who, asked_secretly(either("请刷卡", "card")), actor=office.operator)
        done = either("工作卡已注销", "the card counts no more") if withdraw else either("工作卡已登记", "the card is known")
        output.show({"officer": str(who), "card": not withdraw}, lambda: print(done))


@officer.command(
    "pin",
    help=either(
        "设置、重设或取消 PIN（4–12 位数字，输入两次，不显示）。\n\n只保存加盐、加密钥的 Argon2id 摘要，存入密匣，账本里没有。"
        "连续输错 [duty] pin_attempts 次即锁定，重设即解锁。退出码：0 完成；2 PIN 不合要求；4 找不到。",
        "Set, change or remove a PIN: 4 to 12 digits, typed twice and not shown.\n\nOnly an Argon2id hash with salt and key "
        "is kept, in the vault; the ledger has nothing of it. Wrong [duty] pin_attempts times in a row it is locked; "
        "setting it unlocks it. "
        "Exit codes: 0 done; 2 no good PIN; 4 not found.",
    ),
)
def pin(
    officer: OfficerName,
    remove: Annotated[bool, typer.Option("--remove", help=either("取消 PIN", "have none any more"))] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Set, change or remove a PIN."""
    with told(as_json) as output:
        from yihu.cli.duty_pages import asked_secretly
        from yihu.duty import holdings, identification

        office = open_office(config)
        who, means = holdings(office).find_officer(officer), identification(office)
        if remove:
            means.remove_pin(who, actor=office.operator)
        else:
            typed = asked_secretly("PIN")
            if typed != asked_secretly(either("再输一次", "once more")):
                message = "PIN: expected the same twice"
                raise ValueError(message)
            means.set_pin(who, typed, actor=office.operator)
        done = either("PIN 已取消", "there is no PIN any more") if remove else either("PIN 已设置", "the PIN is set")
        output.show({"officer": str(who), "pin": not remove}, lambda: print(done))
