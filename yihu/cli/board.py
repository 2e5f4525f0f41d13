"""``yihu board``: what happens at the bays of a dock that runs elsewhere on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, told
from yihu.language import either

if TYPE_CHECKING:
    from ingest.board import Update
    from yihu.board_mirror import Follow

_PATIENCE = timedelta(seconds=1)


def board(
    tui: Annotated[bool, typer.Option("--tui", help=either("全屏显示", "fill the terminal"))] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help=either("演示看板，无需采集站", "a made-up dock with eight bays, to look at"))
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Follow the bays of a running dock until Ctrl-C: a line for every change.

    With --json each line is an object: the whole picture first, then changes. With --tui they fill the terminal: q ends,
    l changes the language, f filters, Enter tells everything about a bay. Names of people and files are shown to whoever
    may open the dock's socket ([board] socket_mode), and are kept nowhere.
    """
    with told(as_json), _followed(demo, config) as follow:
        if tui and as_json:
            message = either("--tui 与 --json 只能选一个", "either --tui or --json")
            raise typer.BadParameter(message)
        if tui:
            from yihu.tui.app import run_tui

            run_tui(follow)
            return
        _follow(follow, as_json=as_json)


@contextmanager
def _followed(demo: bool, config: Path | None) -> Iterator[Follow]:
    if demo:
        from ingest.board import Board
        from yihu.board_demo import playing
        from yihu.wiring import now

        made_up = Board(now)
        with playing(made_up):
            yield made_up.after
        return
    from yihu.board_client import BoardClient
    from yihu.settings import find_settings, load_settings

    found = find_settings(config, Path.cwd())
    client = BoardClient(found.parent / load_settings(found).board.socket)
    try:
        yield client.after
    finally:
        client.close()


def _follow(follow: Follow, *, as_json: bool) -> None:
    """Print what is followed, until the dock is gone or Ctrl-C."""
    from ingest.board_json import line

    number = -1
    while True:
        for update in follow(number, _PATIENCE):
            number = update.number
            print("\n".join([line(update)] if as_json else told_lines(update)), flush=True)


def told_lines(update: Update) -> list[str]:
    """Say an update in lines for people."""
    from ingest.board import Picture
    from yihu.board_words import alarm_line, bay_line

    if isinstance(update, Picture):
        return [*map(alarm_line, update.alarms), *map(bay_line, update.bays)]
    ended = f" ({either('已结束', 'over')})" if update.is_over else ""
    lines = [bay_line(update.bay)] if update.bay is not None else []
    lines += [alarm_line(update.alarm)] if update.alarm is not None else []
    return [f"{text}{ended}" for text in lines]
