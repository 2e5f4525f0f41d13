"""Who stands there, asked at the keyboard, and how the cameras that are out are written."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cases.duty.values import Confirmed, Holding, How
from storage.errors import Refused
from yihu.duty import check_choice, holdings, identification, is_overdue
from yihu.duty_words import how_text
from yihu.language import either
from yihu.wiring import Office

__all__ = ["asked_secretly", "confirmed", "lines_of", "print_lines"]


def confirmed(office: Office, name: str | None, *, card: bool, pin: bool, signed: bool, part: str = "") -> Confirmed:
    """
    Return the officer, and by what he is known: his card, his PIN, his signature, or somebody's choice.

    *part* says which of two is asked.
    """
    if card + pin + signed > 1:
        message = either("--card、--pin、--signed 只能用一个", "only one of --card, --pin and --signed")
        raise typer.BadParameter(message)
    if card:
        return _by_card(office, name, f"{either('请刷卡', 'card')}{part}")
    if name is None:
        message = either("需要执法人员，或用 --card 刷卡", "an officer is needed, or --card")
        raise typer.BadParameter(message)
    officer = holdings(office).find_officer(name)
    if pin:
        return identification(office).by_pin(officer, asked_secretly(f"PIN{part}"), actor=office.operator)
    chosen = identification(office).by_choice(officer)
    if signed:
        return Confirmed(chosen.officer, How.SIGNED)
    check_choice(office)
    return chosen


def _by_card(office: Office, name: str | None, question: str) -> Confirmed:
    found = identification(office).by_card(asked_secretly(question))
    if name is not None and holdings(office).find_officer(name) != found.officer:
        message = f"card: it is not the one of {name}"
        raise Refused(message)
    return found


def asked_secretly(what: str) -> str:
    """Ask for a line that is not shown, and that is no argument, so that no history of commands keeps it; a pipe may."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return str(typer.prompt(what, hide_input=True, err=True)).strip()


def lines_of(office: Office) -> list[dict[str, object]]:
    """Return what a list says of every camera that is out."""
    labels = {camera.subject: camera.label for camera in holdings(office).cameras()}
    return [_line(office, holding, labels[holding.device]) for holding in holdings(office).out()]


def _line(office: Office, holding: Holding, label: str | None) -> dict[str, object]:
    return {
        "camera": str(holding.device),
        "label": label,
        "officer": str(holding.officer),
        "name": holdings(office).name_of(holding.officer),
        "since": holding.begin.isoformat(),
        "is_claim": holding.since_claimed is not None,
        "how": holding.how.value,
        "verdict": holding.verdict,
        "overdue": is_overdue(office, holding),
    }


def print_lines(lines: Sequence[Mapping[str, object]]) -> None:
    """Print the cameras that are out as a table."""
    if not lines:
        print(either("没有在外的执法记录仪", "no camera is out"))
        return
    headings = (("执法记录仪", "camera"), ("执法人员", "officer"), ("何时起", "since"), ("确认方式", "known by"), ("", ""))
    table = Table(*(either(*heading) for heading in headings))
    erased, claim = either("（已抹除）", "(erased)"), either("（陈述）", " (claimed)")
    for line in lines:
        since = f"{line['since']}{claim if line['is_claim'] else ''}"
        marks = [either("超期", "overdue")] * bool(line["overdue"])
        marks += [either("配发时不合格", "issued unfit")] * (line["verdict"] == "unfit")
        cells = (line["label"] or line["camera"], line["name"] or erased, since, how_text(How(str(line["how"]))))
        table.add_row(*(escape(str(cell)) for cell in cells), " ".join(marks))
    console = Console()
    console.print(table, width=console.width if console.is_terminal else 200)
