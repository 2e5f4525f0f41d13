"""``yihu timestamp``: having the time of the ledger vouched for by an authority outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, Exit, open_office, told
from yihu.language import either, explained

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storage.ledger.stamp_stick import Taken
    from storage.ledger.stamping import Stamped

timestamp = typer.Typer(
    no_args_is_help=True,
    help=either(
        "时间戳：由外部时间戳机构证明账本的时间（RFC 3161）",
        "time-stamps: an authority outside vouches for the time of the ledger (RFC 3161)",
    ),
)

Stick: TypeAlias = Annotated[Path, typer.Argument(metavar="DIR", help=either("U 盘上的目录", "a directory on the stick"))]


@timestamp.command("ask")
def ask(
    stick: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help=either("改为处理 U 盘上的请求（无需机构）", "answer those on a stick")),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--url", help=either("时间戳机构的网址，与 --dir 同用", "the authority's address; goes with --dir")),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Sign now and have the newest checkpoint stamped, if anything happened since the last time.

    With --dir and --url it answers the requests on a stick instead, on any machine with a line: no office is needed there.
    """
    with told(as_json) as output:
        if (stick is None) != (url is None):
            message = "--dir and --url belong together"
            raise ValueError(message)
        if stick is not None and url is not None:
            from storage.ledger.stamp_stick import answer_requests
            from storage.ledger.timestamp import over_http
            from yihu.stamping import one_connection

            _tell(output, "answered", stick, answer_requests(stick, over_http(url, one_connection())))
            return
        from yihu.stamping import ask_authority, one_connection

        office = open_office(config)
        office.log.checkpoint()
        result = _said(ask_authority(office, one_connection()))
        output.show(result, lambda: _print_stamped(result))


@timestamp.command("status")
def status(config: Config = None, as_json: AsJson = False) -> None:
    """Say how much of the ledger was stamped last, when, and how much waits."""
    with told(as_json) as output:
        from yihu.stamping import standing

        result = standing(open_office(config))
        output.show(result, lambda: _print_standing(result))


@timestamp.command("export")
def export(stick: Stick, config: Config = None, as_json: AsJson = False) -> None:
    """Sign now and write a request about the newest checkpoint to a stick: SIZE.tsq, and SIZE.txt for whoever wants to look."""
    with told(as_json) as output:
        from storage.ledger.stamp_stick import write_request
        from yihu.stamping import stamping_of

        office = open_office(config)
        office.log.checkpoint()
        path = write_request(stamping_of(office), stick)
        nothing = either("上次时间戳之后没有新记录", "nothing happened since the last time-stamp")
        output.show({"written": None if path is None else str(path)}, lambda: print(nothing if path is None else path))


@timestamp.command("import")
def take(stick: Stick, config: Config = None, as_json: AsJson = False) -> None:
    """Verify the replies that came back on a stick, keep them and record them."""
    with told(as_json) as output:
        from storage.ledger.stamp_stick import take_replies
        from yihu.stamping import stamping_of

        _tell(output, "taken", stick, take_replies(stamping_of(open_office(config)), stick))


@timestamp.command("give")
def give(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help=either("写入的目录", "where to write"))],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write every time-stamp, with the text that was stamped beside it, for strangers and `openssl ts -verify`."""
    with told(as_json) as output:
        from storage.errors import NotFound
        from storage.ledger.stamp_shelf import give_stamps

        office = open_office(config)
        written = [str(path) for path in give_stamps(office.engine, office.log, directory)]
        if not written:
            message = "nothing was stamped yet"
            raise NotFound(message)
        output.show({"written": written}, lambda: print("\n".join(written)))


def _tell(output: Any, name: str, stick: Path, taken: Iterable[Taken]) -> None:  # noqa: ANN401 - imported late
    from storage.errors import NotFound

    done = [{"file": one.path.name, **_said(one.stamped), **_wrong(one.error)} for one in taken]
    if not done:
        message = f"{stick}: there is nothing to be {name}"
        raise NotFound(message)
    output.show({name: done}, lambda: _print_done(done))
    if any(one["error"] for one in done):
        raise typer.Exit(Exit.PARTIAL)


def _said(stamped: Stamped | None) -> dict[str, Any]:
    if stamped is None:
        return {"size": None, "time": None, "entry": None}
    return {"size": stamped.size, "time": stamped.token.time, "entry": stamped.seq}


def _wrong(error: Exception | None) -> dict[str, str | None]:
    return {"error": None if error is None else type(error).__name__, "detail": None if error is None else str(error)}


def _print_stamped(result: dict[str, Any]) -> None:
    if result["size"] is None:
        print(either("上次时间戳之后没有新记录", "nothing happened since the last time-stamp"))
        return
    print(
        either(
            f"✔ 前 {result['size']} 条记录已加盖时间戳 {result['time']}，登记为第 {result['entry']} 条",
            f"✔ {result['size']} entries were stamped at {result['time']}, recorded as entry {result['entry']}",
        )
    )


def _print_done(done: list[dict[str, Any]]) -> None:
    for one in done:
        if one["error"]:
            print(f"✘ {one['file']}: {explained(one['error'])}\n    {one['detail']}")
        else:
            print(f"✔ {one['file']}" + (f"  {one['time']}" if one["time"] else ""))


def _print_standing(result: dict[str, Any]) -> None:
    stamped = (f"前 {result['stamped']} 条，{result['time']}", f"{result['stamped']} entries at {result['time']}")
    print(either("已加盖：", "stamped: ") + (either(*stamped) if result["time"] else either("尚无", "nothing yet")))
    print(either(f"已签 {result['signed']} 条", f"signed: {result['signed']} entries"))
    print(either("时间戳机构：", "authority: ") + (result["authority"] or either("未设置", "not set")))
    if result["waiting"]:
        print(either("有新记录等待加盖时间戳", "entries wait to be stamped"))
