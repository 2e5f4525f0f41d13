"""
``yihu profiles``: which cameras are known, whether a new profile is right, and what a card says of itself.

Exit codes beyond those of every command (yihu/cli/common.py): ``check`` ends with 4 where the profile or its sample cannot be
read, and with 3 where it breaks the contract; ``explain`` ends with 4 where there is no card or nothing on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from storage.errors import NotFound
from yihu.cli.common import AsJson, Config, Exit, Output, told
from yihu.language import either, is_chinese

if TYPE_CHECKING:
    from device_profiles.faults import ProfileError
    from device_profiles.profile import Profile
    from yihu.checking import Checked

profiles = typer.Typer(
    no_args_is_help=True,
    help=either(
        "设备描述：认识哪些摄像机，新的描述是否正确，一张卡说了什么",
        "device profiles: which cameras are known, is a new one right, what does a card say",
    ),
)

Further: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--dir", metavar="DIR", help=either("附加设备描述目录（默认：机构设置）", "further profiles (default: the office's)")
    ),
]


def _in_chinese(text: str) -> str | None:
    """Help in Chinese; in English the docstring is the help."""
    return text if is_chinese() else None


@profiles.command("list", help=_in_chinese("列出已知的摄像机，按询问顺序：依据等级、如何识别"))
def show(further: Further = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the cameras that are known, in the order in which they are asked: how well known, and by what recognised."""
    with told(as_json) as output:
        from yihu.cli.profile_pages import print_profiles, profile_json

        known = _known(further, config)
        output.show({"profiles": [profile_json(profile) for profile in known]}, lambda: print_profiles(known))


@profiles.command(
    "check",
    help=_in_chinese(
        "检查设备描述：先严格读取，再用样卡核对契约。\n\n"
        "样卡在旁边：samples/名称.toml。"
        "退出码 0 正确；4 无法读取（注明行和键）；3 不符合契约（逐个文件说明）"
    ),
)
def check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help=either("设备描述文件 (TOML)", "a profile (TOML)"))],
    as_json: AsJson = False,
) -> None:
    """
    Check a profile: read it strictly, then hold it to the contract on its sample card.

    The sample stands beside it: samples/NAME.toml. Exit code 0: right; 4: cannot be read, with line and key; 3: breaks the
    contract, with every file, what was expected and what was found.
    """
    with told(as_json) as output:
        from device_profiles.faults import ProfileError
        from yihu.checking import check as held_to_contract

        try:
            checked = held_to_contract(path)
        except ProfileError as error:
            _tell_faults(output, path, error)
            raise typer.Exit(Exit.NOT_FOUND) from error
        _tell_checked(output, checked)
        if checked.held.breaches:
            raise typer.Exit(Exit.EVIDENCE)


@profiles.command(
    "explain",
    help=_in_chinese(
        "解释一张卡：采用哪个描述、为什么；每个文件是什么、文件名说明什么、什么未知。\n\n"
        "不复制、不打开、不登记。退出码 4：没有卡或卡上没有文件"
    ),
)
def explain(
    path: Annotated[Path, typer.Argument(metavar="PATH", help=either("挂载的卡或文件夹", "a mounted card or a folder"))],
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help=either("指定设备描述", "choose the profile by hand"))
    ] = None,
    label: Annotated[
        str, typer.Option("--label", help=either("卷标（看不到时）", "its volume label, where it cannot be seen"))
    ] = "",
    usb_id: Annotated[str | None, typer.Option("--usb-id", metavar="VID:PID", help=either("USB 编号", "its USB id"))] = None,
    device_id: Annotated[
        str | None, typer.Option("--device-id", help=either("设备自报的编号", "the id the device gave when it was asked"))
    ] = None,
    further: Further = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Explain a card: which profile and why, and for each file what it is, what its name says and what nobody knows.

    Nothing is copied, opened or recorded. Exit code 4: there is no card, or not one file on it.
    """
    with told(as_json) as output:
        from device_profiles.matching import CardLook
        from yihu.cli.profile_pages import explanation_json, print_explanation
        from yihu.explaining import explain as explained
        from yihu.wiring import now

        look = CardLook(volume_label=label, usb_id=usb_id and usb_id.lower(), device_id=device_id, chosen=profile)
        result = explained(path, _known(further, config), look, now=now())
        output.show(explanation_json(result), lambda: print_explanation(result))


@profiles.command("card", help=_in_chinese("把设备描述的样卡（真实录像）写入空文件夹，供 explain 和 ingest 试用"))
def card(
    name: Annotated[
        str, typer.Argument(metavar="NAME|PATH", help=either("设备描述的名称或文件", "a profile, by name or file"))
    ],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help=either("写入的空文件夹", "an empty folder to write into"))],
    as_json: AsJson = False,
) -> None:
    """Write the sample card of a profile into an empty folder, with real footage, to try `explain` and `ingest` on."""
    with told(as_json) as output:
        from ingest.tools import find_tools
        from yihu.checking import find_profile, read_both
        from yihu.profile_cards import write_sample

        _profile, sample = read_both(find_profile(name))
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            message = f"{directory}: expected an empty folder, or none"
            raise ValueError(message)
        write_sample(sample, directory, find_tools(None))
        written = {"directory": str(directory), "files": len(sample.files)}
        output.show(written, lambda: print(either(f"已写入 {len(sample.files)} 个文件", f"{len(sample.files)} files written")))


def _known(further: Path | None, config: Path | None) -> tuple[Profile, ...]:
    """Shipped profiles, and those of *further*, else of the office that is found; without an office only the shipped ones."""
    from device_profiles.profile import load_profiles
    from yihu.settings import SettingsError, find_settings, load_settings

    if further is not None and not further.is_dir():
        message = f"{further}: there is no such folder"
        raise NotFound(message)
    if further is None:
        try:
            settings = find_settings(config, Path.cwd())
        except SettingsError:
            if config is not None:
                raise
        else:
            chosen = load_settings(settings).ingest.profiles
            further = chosen and settings.parent / chosen
    return load_profiles(further)


def _tell_faults(output: Output, path: Path, error: ProfileError) -> None:
    from yihu.profile_words import FAULTS

    faults: list[dict[str, Any]] = [
        {
            "line": each.line,
            "key": each.key,
            "kind": each.kind,
            "explanation": either(*FAULTS[each.kind]),
            "detail": each.reason,
        }
        for each in error.faults
    ]

    def person() -> None:
        print(either(f"✘ {error.origin}：{len(faults)} 处有误", f"✘ {error.origin}: {len(faults)} to put right"))
        for each in faults:
            line = either(f"第 {each['line']} 行 ", f"line {each['line']} ") if each["line"] else ""
            print(f"  {line}{each['key']}: {each['explanation']}\n    {each['detail']}")

    output.show({"file": str(path), "origin": error.origin, "well": False, "faults": faults, "breaches": []}, person)


def _tell_checked(output: Output, checked: Checked) -> None:
    from yihu.cli.profile_pages import breach_json, print_breaches

    name, held = checked.profile.name, checked.held
    result: dict[str, Any] = {
        "profile": name,
        "well": not held.breaches,
        "cards": held.cards,
        "files": held.files,
        "faults": [],
        "breaches": [breach_json(breach) for breach in held.breaches],
    }
    output.show(result, lambda: print_breaches(name, held))
