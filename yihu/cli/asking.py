"""
``yihu camera``: cameras that must be asked before they are volumes.

Exit codes beyond those of every command (yihu/cli/common.py): ``ask`` ends with 4 where there is no such camera, and with 5
where one could not be asked.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yihu.cli.common import AsJson, Config, Exit, open_office, told
from yihu.language import either, explained, is_chinese

if TYPE_CHECKING:
    from yihu.asking import Interview

camera = typer.Typer(
    no_args_is_help=True,
    help=either("须登录的摄像机：询问、设定密码", "cameras that want a login: ask them, set their password"),
)


def _in_chinese(text: str) -> str | None:
    """Help in Chinese; in English the docstring is the help."""
    return text if is_chinese() else None


@camera.command(
    "ask",
    help=_in_chinese(
        "询问已连接的登录式摄像机是谁：不用密码，不改设备。\n\n"
        "退出码 4：没有此类设备；5：有设备无法询问，注明原因（如缺少 udev 规则）"
    ),
)
def ask(
    port: Annotated[
        str | None, typer.Option("--port", metavar="PORT", help=either("只问这个接口，如 1-4.2", "only this port, as in 1-4.2"))
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Ask cameras in login mode what they are. No password is used, and nothing on them is set.

    Those that speak at-sign stay silent here: their questions carry characters that may be a password. Exit code 4: no such
    camera is connected; 5: one could not be asked, and why.
    """
    with told(as_json) as output:
        from yihu.asking import interviews

        held = list(interviews(open_office(config), port))
        output.show({"cameras": [_json(each) for each in held]}, lambda: _print(held))
        if any(each.error is not None for each in held):
            raise typer.Exit(Exit.PARTIAL)


@camera.command(
    "password",
    help=_in_chinese(
        "设定某种（或某台）摄像机的密码：提示输入时不显示，或从标准输入读取；写入仅本人可读的文件。\n\n"
        "at-sign 方言可有第二行：随其他命令发送的八个字符。密码错误时摄像机可能锁死，每次插入只试一次"
    ),
)
def password(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help=either("设备描述的名称", "name of the profile"))],
    device: Annotated[str | None, typer.Option("--device", help=either("只用于这一台", "only for this camera"))] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Set the password of a kind of camera, or of one: asked for without showing it, or read from standard input.

    It is written to a file that its owner alone may read. For at-sign a second line may follow: the eight characters that go
    with all commands but the login. A wrong password may lock a camera, so it is tried once for each time one is put in.
    """
    with told(as_json) as output:
        from ingest.dialects import Password
        from yihu.asking import set_password

        office = open_office(config)
        lines = _typed() if sys.stdin.isatty() else sys.stdin.read().removesuffix("\n").split("\n")
        if len(lines) not in {1, 2}:
            message = f"expected one or two lines, found {len(lines)}"
            raise ValueError(message)
        path = set_password(office, Password(*lines), profile, device)
        output.show({"written": path}, lambda: print(either(f"已写入 {path}", f"written to {path}")))


def _typed() -> list[str]:
    first = typer.prompt(either("密码", "password"), hide_input=True, confirmation_prompt=True)
    second = typer.prompt(either("其他命令所用（通常留空）", "for other commands (usually empty)"), hide_input=True, default="")
    return [first, second] if second else [first]


def _json(held: Interview) -> dict[str, Any]:
    asked, error = held.asked, held.error
    return {
        "port": held.device.place,
        "usb_id": held.device.usb_id,
        "profile": held.way.profile.name,
        "verified": held.way.usb.verified,
        "asked": None if asked is None else asdict(asked),
        "error": None if error is None else {"error": type(error).__name__, "detail": str(error)},
    }


def _print(interviews: list[Interview]) -> None:
    for held in interviews:
        label = held.way.profile.label
        print(f"{held.device.place}  {held.device.usb_id}  {held.way.profile.name} – {either(label.zh, label.en)}")
        if held.error is not None:
            print(f"  ✘ {explained(held.error)} ({held.error})")
        elif held.asked is None:
            print(either("  ✘ 没有听懂的回答", "  ✘ no answer that is understood"))
        else:
            print("  " + either("；", "; ").join(_said(held)))
        if not held.way.usb.verified:
            print(either("  ! 登录问答未在真机上验证过", "  ! its login was never tried on the maker's hardware"))


def _said(held: Interview) -> list[str]:
    asked = held.asked
    if asked is None:
        return []
    told_ = [
        (("设备", "device"), asked.device),
        (("警号", "officer"), asked.officer),
        (("时钟", "clock"), None if asked.clock is None else asked.clock.raw),
        (("电量 %", "battery %"), asked.battery_percent),
    ]
    return [f"{either(*words)} {value}" for words, value in told_ if value is not None]
