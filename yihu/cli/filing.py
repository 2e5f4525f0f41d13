"""``yihu office | officer | party | case | activity | file | clips``: whom a recording concerns, and in which stage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

office = typer.Typer(no_args_is_help=True, help=either("执法机关", "enforcement offices"))
officer = typer.Typer(no_args_is_help=True, help=either("执法人员", "officers"))
party = typer.Typer(no_args_is_help=True, help=either("当事人与一户式档案", "parties and their dossiers"))
case = typer.Typer(no_args_is_help=True, help=either("事项、案件与五个环节", "matters, cases and the five stages"))
activity = typer.Typer(no_args_is_help=True, help=either("执法活动", "activities"))

Name: TypeAlias = Annotated[str, typer.Argument(help=either("名称", "name"))]


@office.command("add")
def office_add(
    name: Name,
    code: Annotated[str, typer.Option("--code", help=either("机关编码", "code of the office"))],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Register an enforcement office."""
    with told(as_json) as output:
        opened = open_office(config)
        made = opened.registry.add_office(name, code=code, actor=opened.operator)
        output.show({"office": str(made)}, lambda: print(made))


@officer.command("add")
def officer_add(
    name: Name,
    badge: Annotated[str, typer.Option("--badge", help=either("执法证号", "number of the certificate"))],
    office: Annotated[str, typer.Option("--office", help=either("所属机关（office:…）", "which office (office:…)"))],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Register an officer of an office."""
    with told(as_json) as output:
        from storage.evidence import Kind, Subject

        opened = open_office(config)
        belongs = Subject.parse(office, Kind.OFFICE)
        made = opened.registry.add_officer(name, badge=badge, office=belongs, actor=opened.operator)
        output.show({"officer": str(made)}, lambda: print(made))


@party.command("add")
def party_add(
    name: Name,
    id_number: Annotated[
        str | None, typer.Option("--id", help=either("身份证号或统一社会信用代码", "resident id number or credit code"))
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help=either("自然人 natural / 组织 organisation", "natural or organisation"))
    ] = "organisation",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Register a party. The same id number again is the same party."""
    with told(as_json) as output:
        from cases.values import IdNumber, PartyDetails, PartyKind

        opened = open_office(config)
        details = PartyDetails(PartyKind.parse(kind), name, None if id_number is None else IdNumber.parse(id_number))
        made = opened.registry.add_party(details, actor=opened.operator)
        output.show({"party": str(made)}, lambda: print(made))


@party.command("show")
def party_show(
    text: Annotated[
        str, typer.Argument(help=either("名称的一部分、证件号码或 party:…", "part of a name, an id number, or party:…"))
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the dossier of a party: all matters, stages and clips (一户式)."""
    with told(as_json) as output:
        from yihu.cli.dossiers import dossier_json, print_dossier, the_party

        opened = open_office(config)
        found = opened.dossiers.dossier(the_party(opened, text))
        output.show(dossier_json(found), lambda: print_dossier(found))


@case.command("open")
def case_open(
    title: Annotated[str, typer.Argument(help=either("事由", "what it is about"))],
    parties: Annotated[list[str], typer.Option("--party", help=either("当事人（可多个）", "party (may be repeated)"))],
    office: Annotated[str, typer.Option("--office", help=either("机关（office:…）", "office:…"))],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help=either(
                "case、inspection、advice、application 或 complaint", "case, inspection, advice, application or complaint"
            ),
        ),
    ] = "case",
    number: Annotated[str | None, typer.Option("--number", help=either("案号", "case number"))] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Open a matter; with ``--kind case`` (the default) it is registered at once."""
    with told(as_json) as output:
        from cases.values import MatterDetails, MatterKind
        from storage.evidence import Kind, Subject
        from yihu.cli.dossiers import the_party

        opened = open_office(config)
        details = MatterDetails(MatterKind.parse(kind), title, number)
        concerned = [the_party(opened, text) for text in parties]
        opening = opened.registry.register_case if details.kind is MatterKind.CASE else opened.registry.open_matter
        made = opening(details, office=Subject.parse(office, Kind.OFFICE), parties=concerned, actor=opened.operator)
        output.show({"matter": str(made)}, lambda: print(made))


@case.command("stage")
def case_stage(
    matter: Annotated[str, typer.Argument(help="matter:…")],
    stage: Annotated[
        str,
        typer.Argument(
            help=either(
                "程序启动、调查取证、审核决定、送达执行、归档管理", "initiation, investigation, decision, service, archiving"
            )
        ),
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take a case to its next stage."""
    with told(as_json) as output:
        from storage.evidence import Kind, Stage, Subject

        opened = open_office(config)
        entered = Stage.parse(stage)
        opened.registry.enter_stage(Subject.parse(matter, Kind.MATTER), entered, actor=opened.operator)
        output.show({"matter": matter, "stage": entered.value}, lambda: print(either(entered.chinese, entered.value)))


@case.command("list")
def case_list(config: Config = None, as_json: AsJson = False) -> None:
    """List all matters and cases."""
    with told(as_json) as output:
        from yihu.cli.dossiers import matter_json, print_matters

        matters = open_office(config).dossiers.matters()
        output.show({"matters": [matter_json(m) for m in matters]}, lambda: print_matters(matters))


@activity.command("add")
def activity_add(
    title: Annotated[str, typer.Argument(help=either("做了什么", "what was done"))],
    matter: Annotated[str, typer.Option("--case", help="matter:…")],
    stage: Annotated[str, typer.Option("--stage", help=either("环节", "stage"))],
    kind: Annotated[
        str, typer.Option("--kind", help=either("如 现场检查、询问、听证、留置送达", "such as on_site_inspection, hearing"))
    ] = "other",
    place: Annotated[str | None, typer.Option("--place", help=either("地点", "where"))] = None,
    start: Annotated[datetime | None, typer.Option("--start", help=either("开始时间（本地）", "start, local time"))] = None,
    end: Annotated[datetime | None, typer.Option("--end", help=either("结束时间（本地）", "end, local time"))] = None,
    officers: Annotated[list[str] | None, typer.Option("--officer", help="officer:…")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Record an act of enforcement in a stage of a case."""
    with told(as_json) as output:
        from cases.values import ActivityDetails, ActivityKind
        from storage.evidence import Kind, Stage, Subject

        opened = open_office(config)
        details = ActivityDetails(
            kind=ActivityKind.parse(kind),
            title=title,
            place=place,
            started_at=(start or opened.clock()).astimezone(),
            ended_at=None if end is None else end.astimezone(),
            officers=tuple(Subject.parse(text, Kind.OFFICER) for text in officers or []),
        )
        of = Subject.parse(matter, Kind.MATTER)
        made = opened.registry.record_activity(details, matter=of, stage=Stage.parse(stage), actor=opened.operator)
        output.show({"activity": str(made)}, lambda: print(made))


def file(
    clip: Annotated[str, typer.Argument(help=either("clip:… （撤销时为归档号）", "clip:… (with --undo: the filing)"))],
    to: Annotated[str | None, typer.Option("--to", help="activity:…")] = None,
    start: Annotated[float | None, typer.Option("--from", help=either("从第几秒", "from this second"))] = None,
    end: Annotated[float | None, typer.Option("--until", help=either("到第几秒", "up to this second"))] = None,
    undo: Annotated[bool, typer.Option("--undo", help=either("撤销归档", "take it out again"))] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """File a clip, or a part of it, to an activity; a clip may be filed to many."""
    with told(as_json) as output:
        from storage.evidence import Kind, Subject, TimeRange

        opened = open_office(config)
        if undo:
            opened.registry.unfile(clip, actor=opened.operator)
            output.show({"unfiled": clip}, lambda: print(either("已撤销", "taken out")))
            return
        if to is None or (start is None) != (end is None):
            message = either("需要 --to；--from 与 --until 须同时给出", "--to is needed, and --from and --until go together")
            raise typer.BadParameter(message)
        part = None if start is None or end is None else TimeRange(timedelta(seconds=start), timedelta(seconds=end))
        subject, act = Subject.parse(clip, Kind.CLIP), Subject.parse(to, Kind.ACTIVITY)
        filing = opened.registry.file_clip(subject, act, range=part, actor=opened.operator)
        output.show({"filing": filing}, lambda: print(filing))


def clips(
    unfiled: Annotated[bool, typer.Option("--unfiled", help=either("只列未归档的", "only those not filed"))] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List clips, the oldest first."""
    with told(as_json) as output:
        from yihu.cli.dossiers import clip_json, print_clips

        opened = open_office(config)
        wanted = {line.subject for line in opened.dossiers.unfiled()} if unfiled else None
        found = [clip for clip in opened.catalog.clips() if wanted is None or clip.subject in wanted]
        output.show({"clips": [clip_json(clip) for clip in found]}, lambda: print_clips(found))
