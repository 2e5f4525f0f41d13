"""
What every command shares: options, output for people or as JSON, and exit codes.

=====  ======================================================================
code   meaning
=====  ======================================================================
0      done
1      something unforeseen happened (a bug: please report it)
2      the command was typed wrongly
3      evidence does not verify, or what was found is not what was recorded
4      not found, not allowed, or wrong settings
5      done in part: the problems are listed, what is listed is still on the camera
75     try again: a store, a database or a disk is away or full for now
130    interrupted
=====  ======================================================================
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from storage.errors import EvidenceError, NotFound, Refused, StorageUnavailable, YihuError
from yihu.language import either, explained

if TYPE_CHECKING:
    from yihu.wiring import Office


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    UNFORESEEN = 1
    USAGE = 2
    EVIDENCE = 3
    NOT_FOUND = 4
    PARTIAL = 5
    TRY_AGAIN = 75
    INTERRUPTED = 130


Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help=either(
            "yihu.toml 的位置（默认：YIHU_CONFIG，或从当前目录向上查找）",
            "where yihu.toml is (default: YIHU_CONFIG, else upwards from here)",
        ),
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help=either("以 JSON 输出结果", "print the result as JSON"))]


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command says its result."""

    as_json: bool

    def show(self, result: Mapping[str, object], person: Callable[[], None]) -> None:
        """Print *result* as JSON if that was asked for, else let *person* print it for people."""
        if self.as_json:
            print(json.dumps(result, ensure_ascii=False, indent=2, default=str))
        else:
            person()

    def failed(self, error: YihuError | ValueError) -> None:
        """Say what went wrong: in words, and with the detail a technician needs."""
        if self.as_json:
            print(
                json.dumps(
                    {"error": type(error).__name__, "explanation": explained(error), "detail": str(error)}, ensure_ascii=False
                )
            )
            return
        print(f"{either('错误', 'error')}: {explained(error)}\n  {error}", file=sys.stderr)


@contextmanager
def told(as_json: bool) -> Iterator[Output]:
    """Run a command; errors we foresaw are told in words and end in their exit code."""
    output = Output(as_json)
    try:
        yield output
    except (YihuError, ValueError) as error:
        output.failed(error)
        raise typer.Exit(exit_code(error)) from error
    except KeyboardInterrupt:
        print(either("已中断；再次运行会从断点继续", "interrupted; run it again and it goes on"), file=sys.stderr)
        raise typer.Exit(Exit.INTERRUPTED) from None


def exit_code(error: YihuError | ValueError) -> Exit:
    """Return the documented exit code of *error*."""
    if isinstance(error, StorageUnavailable):
        return Exit.TRY_AGAIN
    if isinstance(error, NotFound | Refused) or type(error).__name__ == "SettingsError":
        return Exit.NOT_FOUND
    return Exit.EVIDENCE if isinstance(error, EvidenceError) else Exit.USAGE


def open_office(config: Path | None) -> Office:
    """Open the office the person means; imports come late so that ``--help`` is quick."""
    from yihu.settings import find_settings
    from yihu.wiring import Office

    return Office.open(find_settings(config, Path.cwd()))
