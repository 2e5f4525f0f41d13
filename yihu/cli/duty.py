"""``yihu duty``: who has which camera, who had it, and whether it is fit to go out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, Exit, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from cases.duty.carrying import Carried
    from cases.duty.holdings import Holdings

duty = typer.Typer(
    no_args_is_help=True,
    help=either(
        "配发、归还、交接执法记录仪，勤务前检查，查谁在何时携带（见 docs/duty.md）",
        "give cameras out and take them back, check them before duty, say who carried one when (docs/duty.md)",
    ),
)
_TIMES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]

Camera: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="CAMERA", help=either("机身标签、其中一部分或 device:…", "its label, a part of it, or device:…")),
]
OfficerName: TypeAlias = Annotated[
    str | None,
    typer.Argument(metavar="OFFICER", help=either("执法证号、姓名或 officer:…", "badge, name or officer:…")),
]
ByCard: TypeAlias = Annotated[bool, typer.Option("--card", help=either("刷卡：读卡器键入卡号", "by card: a reader types it"))]
ByPin: TypeAlias = Annotated[bool, typer.Option("--pin", help=either("输入 PIN（不显示）", "by PIN, which is not shown"))]
Signed: TypeAlias = Annotated[bool, typer.Option("--signed", help=either("已在纸上签收", "signed for on paper"))]


def _moment(option: str, chinese: str, english: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(option, formats=_TIMES, metavar="TIME", help=either(chinese, english))
    return found


Since: TypeAlias = Annotated[
    datetime | None, _moment("--since", "实际何时起（本地时间，记为陈述）", "since when, local time; kept as a claim")
]
Until: TypeAlias = Annotated[
    datetime | None, _moment("--until", "实际何时归还（本地时间，记为陈述）", "when it came back, local time; kept as a claim")
]
Remarks: TypeAlias = Annotated[
    str | None, typer.Option("--remarks", help=either("备注（写入密匣）", "remarks; they go into the vault"))
]


@duty.command(
    "issue",
    help=either(
        "把执法记录仪配发给一名执法人员。\n\n例：yihu duty issue DSJ-07 --card；yihu duty issue DSJ-07 000123 --pin。"
        "检查不合格的机器须用 --reason 说明理由才能配发。已经在此人手中则不重复登记。"
        "退出码：0 完成；3 在他人手中；4 找不到、PIN 错误或不合格而无理由。",
        "Give a camera to an officer.\n\nFor example: yihu duty issue DSJ-07 --card, or yihu duty issue DSJ-07 000123 --pin. "
        "One that is unfit goes out with --reason only. To whoever has it already nothing is recorded. "
        "Exit codes: 0 done; 3 somebody else has it; 4 not found, a wrong PIN, or unfit without a reason.",
    ),
)
def issue(
    camera: Camera,
    officer: OfficerName = None,
    card: ByCard = False,
    pin: ByPin = False,
    signed: Signed = False,
    since: Since = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help=either("不合格仍配发的理由（写入密匣）", "why an unfit one goes out"))
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Give a camera to an officer."""
    with told(as_json) as output:
        from yihu.cli.duty_pages import confirmed
        from yihu.duty import facts_of, fitness_of, handover, holdings
        from yihu.duty_words import fitness_text

        office = open_office(config)
        device = holdings(office).find_camera(camera).subject
        to = confirmed(office, officer, card=card, pin=pin, signed=signed)
        fit = fitness_of(office, facts_of(office, device))
        made = handover(office).issue(device, to, fit=fit, actor=office.operator, since=_aware(since), reason=reason)
        result = {"entry": made, "camera": str(device), "officer": str(to.officer), "how": to.how.value, "fit": fit.as_json()}
        text = either(f"已配发（第 {made} 条）", f"issued, as entry {made} says")
        output.show(result, lambda: print(f"{text}\n{fitness_text(fit)}"))


@duty.command(
    "return",
    help=either(
        "登记归还。\n\n例：yihu duty return DSJ-07 --condition damaged --remarks 镜头开裂。"
        "插入采集站不等于归还（除非设置 [duty] returned_by_docking）。退出码：0 完成；3 无人持有；4 找不到。",
        "Record that a camera came back.\n\nFor example: yihu duty return DSJ-07 --condition damaged --remarks 'lens cracked'. "
        "Docking alone is no return, unless [duty] returned_by_docking says so. "
        "Exit codes: 0 done; 3 nobody has it; 4 not found.",
    ),
)
def give_back(
    camera: Camera,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            help=either(
                "damaged 外观损坏、not-working 不能工作、seal-broken 封签破损、parts-missing 配件缺失；可重复",
                "damaged, not-working, seal-broken or parts-missing; may be repeated",
            ),
        ),
    ] = None,
    remarks: Remarks = None,
    until: Until = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Record that a camera came back."""
    with told(as_json) as output:
        from cases.duty.values import Condition
        from yihu.duty import handover, holdings

        office = open_office(config)
        device = holdings(office).find_camera(camera).subject
        seen = [Condition.parse(one) for one in condition or []]
        made = handover(office).give_back(device, condition=seen, remarks=remarks, until=_aware(until), actor=office.operator)
        text = either(f"已归还（第 {made} 条）", f"returned, as entry {made} says")
        output.show({"entry": made, "camera": str(device)}, lambda: print(text))


@duty.command(
    "handover",
    help=either(
        "两名执法人员之间交接，不经归还；双方都须确认。\n\n例：yihu duty handover DSJ-07 --card（先交出人、后接收人刷卡），"
        "或 yihu duty handover DSJ-07 000123 000456 --pin。退出码：0 完成；3 交出人并不持有；4 找不到或 PIN 错误。",
        "Record that one officer gave a camera to another without bringing it back; both confirm.\n\n"
        "For example: yihu duty handover DSJ-07 --card (first whoever gives, then whoever takes), "
        "or yihu duty handover DSJ-07 000123 000456 --pin. "
        "Exit codes: 0 done; 3 the first has not got it; 4 not found, or a wrong PIN.",
    ),
)
def hand_over(
    camera: Camera,
    giver: OfficerName = None,
    taker: OfficerName = None,
    card: ByCard = False,
    pin: ByPin = False,
    signed: Signed = False,
    since: Since = None,
    remarks: Remarks = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Record that one officer gave a camera to another."""
    with told(as_json) as output:
        from yihu.cli.duty_pages import confirmed
        from yihu.duty import handover, holdings

        office = open_office(config)
        device = holdings(office).find_camera(camera).subject
        parts = ((giver, either("（交出人）", " (who gives it)")), (taker, either("（接收人）", " (who takes it)")))
        gave, took = (confirmed(office, name, card=card, pin=pin, signed=signed, part=part) for name, part in parts)
        made = handover(office).hand_over(device, gave, took, actor=office.operator, since=_aware(since), remarks=remarks)
        result = {"entry": made, "camera": str(device), "from": str(gave.officer), "to": str(took.officer)}
        output.show(result, lambda: print(either(f"已交接（第 {made} 条）", f"handed over, as entry {made} says")))


@duty.command(
    "undo",
    help=either(
        "撤回此机最后一次配发、归还或交接（登记错了）。\n\n只有登记人可以撤回；原记录与撤回记录都保留。"
        "可逐次往前撤回。退出码：0 完成；3 没有可撤回的；4 不是本人登记的。",
        "Take back the last issue, return or hand-over of a camera, because it was recorded wrongly.\n\n"
        "Only whoever recorded it may; both entries stay. It may be repeated, one act at a time. "
        "Exit codes: 0 done; 3 nothing to take back; 4 somebody else recorded it.",
    ),
)
def undo(
    camera: Camera,
    reason: Annotated[str, typer.Option("--reason", help=either("原因（写入密匣）", "why; it goes into the vault"))],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take back the last that was recorded of a camera."""
    with told(as_json) as output:
        from yihu.duty import handover, holdings

        office = open_office(config)
        device = holdings(office).find_camera(camera).subject
        made = handover(office).undo(device, actor=office.operator, reason=reason)
        text = either(f"已撤回（第 {made} 条）", f"taken back, as entry {made} says")
        output.show({"entry": made, "camera": str(device)}, lambda: print(text))


@duty.command(
    "who",
    help=either(
        "查谁携带：某机现在或某一时刻，或某段录像（clip:…）拍摄期间。\n\n例：yihu duty who DSJ-07 --at '2026-11-18 09:30'。"
        "不能确定时说明原因，绝不猜测。退出码：0 有答案；4 没有。",
        "Say who carried a camera, now or at a moment, or while a clip (clip:…) was taken.\n\n"
        "For example: yihu duty who DSJ-07 --at '2026-11-18 09:30'. Where that is not known it says why, and never guesses. "
        "Exit codes: 0 an answer; 4 none.",
    ),
)
def who(
    camera: Camera,
    at: Annotated[datetime | None, _moment("--at", "何时（本地时间）", "when, local time")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say who carried a camera."""
    with told(as_json) as output:
        from yihu.duty import holdings
        from yihu.duty_words import why_text

        office = open_office(config)
        known = holdings(office)
        found = _carried(known, camera, _aware(at) or office.clock())
        name = None if found.officer is None else known.name_of(found.officer)
        named = None if found.officer is None else f"{name or either('（已抹除）', '(erased)')}  {found.officer}"
        unknown = either("不能确定", "not known")
        result = {"officer": None if found.officer is None else str(found.officer), "name": name, "why": found.why.value}
        output.show(result, lambda: print(f"{named or unknown}: {why_text(found.why)}"))
        if found.officer is None:
            raise typer.Exit(Exit.NOT_FOUND)


def _carried(known: Holdings, text: str, at: datetime) -> Carried:
    from storage.evidence import Kind, Subject

    if text.startswith(f"{Kind.CLIP}:"):
        return known.filmed(Subject.parse(text, Kind.CLIP))
    return known.who(known.find_camera(text).subject, at)


@duty.command(
    "list",
    help=either(
        "列出在外的执法记录仪：谁、何时起、是否超期未回站。",
        "List the cameras that are out: with whom, since when, and which are overdue at the dock.",
    ),
)
def list_out(config: Config = None, as_json: AsJson = False) -> None:
    """List the cameras that are out."""
    with told(as_json) as output:
        from yihu.cli.duty_pages import lines_of, print_lines

        lines = lines_of(open_office(config))
        output.show({"out": lines}, lambda: print_lines(lines))


@duty.command(
    "check",
    help=either(
        "勤务前检查：逐项列出合格、不合格与未检查。\n\n这里只知道账本里的事（如上次回站）；电量、空间和时钟由 yihu dock "
        "从插在采集站上的机器读取。退出码：0 没有不合格项；5 有不合格项，或一项也没有检查。",
        "The pre-duty check, point by point: right, wrong, not checked.\n\nHere only what the ledger knows is checked, "
        "such as the last docking; battery, space and clock are read by yihu dock from a camera in a bay. "
        "Exit codes: 0 nothing is wrong; 5 something is, or nothing at all was checked.",
    ),
)
def check(camera: Camera, config: Config = None, as_json: AsJson = False) -> None:
    """Say whether a camera is fit for duty, and why not."""
    with told(as_json) as output:
        from yihu.duty import facts_of, fitness_of, holdings
        from yihu.duty_words import fitness_text

        office = open_office(config)
        device = holdings(office).find_camera(camera).subject
        fit = fitness_of(office, facts_of(office, device))
        result = {"camera": str(device), **fit.as_json(), "right": [point.value for point in fit.right]}
        output.show(result, lambda: print(fitness_text(fit)))
        if fit.wrong or not fit.right:
            raise typer.Exit(Exit.PARTIAL)


def _aware(moment: datetime | None) -> datetime | None:
    try:
        return None if moment is None else moment.astimezone()
    except OverflowError as error:
        message = f"time: expected one that a calendar has, found {moment}"
        raise ValueError(message) from error
