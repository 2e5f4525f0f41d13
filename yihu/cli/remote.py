"""``yihu remote``: an office at another machine, over its HTTP API. Nothing of the office is needed here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from yihu.cli.common import AsJson, told
from yihu.language import either

if TYPE_CHECKING:
    from pydantic import BaseModel

    from yihu.client.office import RemoteOffice

remote = typer.Typer(
    no_args_is_help=True,
    help=either(
        "另一台机器上的机关（经 HTTP 接口）：令牌放在只有本人可读的文件里，从不写在命令行上",
        "An office at another machine, over HTTP. The token lies in a file that only you can read, never on the command line.",
    ),
)

At: TypeAlias = Annotated[str, typer.Option("--server", metavar="URL", help="https://yihu.office.example:8300")]
TokenFile: TypeAlias = Annotated[
    Path, typer.Option("--token-file", metavar="FILE", help=either("存有令牌的文件", "the file that holds the token"))
]
Ca: TypeAlias = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help=either("机关 CA 证书（PEM）", "the certificate of the office's CA (PEM)")),
]
ClipArgument: TypeAlias = Annotated[str, typer.Argument(metavar="CLIP", help="clip:…")]


@remote.command()
def whoami(server: At, token_file: TokenFile, ca: Ca = None, as_json: AsJson = False) -> None:
    """Say whose token this is, and what they may do there."""
    with told(as_json) as output:
        me = _office(server, token_file, ca).whoami()
        output.show(_values(me), lambda: print(f"{me.name}  {me.role}  {me.account}\n{' '.join(me.acts)}"))


@remote.command()
def party(
    text: Annotated[str, typer.Argument(help=either("姓名的一部分，或完整证件号码", "part of a name, or a whole id number"))],
    server: At,
    token_file: TokenFile,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Find parties."""
    with told(as_json) as output:
        found = list(_office(server, token_file, ca).find_parties(text))
        output.show(
            {"parties": [_values(each) for each in found]},
            lambda: _each(
                f"{each.party}  {each.name or either('（已抹除）', '(erased)')}  {each.id_shown or ''}" for each in found
            ),
        )


@remote.command()
def matter(
    matter: Annotated[str, typer.Argument(metavar="MATTER", help="matter:…")],
    server: At,
    token_file: TokenFile,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show a matter by its stages."""
    with told(as_json) as output:
        found = _office(server, token_file, ca).matter(matter)
        head = f"{found.matter.title or '-'}  {found.matter.number or '-'}  {found.matter.state}"
        acts = (f"  {file.stage}  {act.activity}  {act.title or '-'}" for file in found.stages for act in file.activities)
        output.show(_values(found), lambda: _each([head, *acts]))


@remote.command()
def clip(clip: ClipArgument, server: At, token_file: TokenFile, ca: Ca = None, as_json: AsJson = False) -> None:
    """Show all that is known of a clip, and its history."""
    with told(as_json) as output:
        office = _office(server, token_file, ca)
        found, history = office.clip(clip), list(office.history(clip))
        head = f"{found.name}  {found.size}  {found.state}\n{found.sha256}"
        lines = (f"  {line.seq}  {line.at}  {line.type}  {line.actor}" for line in history)
        output.show({**_values(found), "history": [_values(line) for line in history]}, lambda: _each([head, *lines]))


@remote.command()
def verify(
    clip: ClipArgument,
    server: At,
    token_file: TokenFile,
    key_file: Annotated[
        Path,
        typer.Option(
            "--key", help=either("机关公布的账本公钥文件", "the file with the ledger's public key, as the office publishes it")
        ),
    ],
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """
    Verify a clip's history against the ledger, here: the server is not believed.

    Every entry must be in a checkpoint that the key signed, and name the entry before it.
    """
    with told(as_json) as output:
        from storage.verifier.errors import VerificationError
        from storage.verifier.keys import VerifierKey
        from yihu.client.proving import proved_history

        try:
            key = VerifierKey.parse(_line_of(key_file))
        except VerificationError as error:
            raise ValueError(str(error)) from error
        proved = list(proved_history(_office(server, token_file, ca), clip, key))
        lines = (f"✓ {each.line.seq}  {each.line.at}  {each.line.type}" for each in proved)
        output.show({"clip": clip, "verified": [_values(each.line) for each in proved]}, lambda: _each(lines))


@remote.command()
def download(
    clip: ClipArgument,
    to: Annotated[Path, typer.Argument(help=either("写到哪里（不得已存在）", "where to write it; nothing may be there yet"))],
    reason: Annotated[str, typer.Option("--reason", help=either("为什么（入账）", "why; it is recorded"))],
    server: At,
    token_file: TokenFile,
    what: Annotated[str, typer.Option("--what", help="review, original, poster")] = "review",
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Take footage, with a reason; the file is there once its digest is what the ledger says."""
    with told(as_json) as output:
        from yihu.client.receiving import download as take

        if to.exists():
            message = f"{to}: is there already"
            raise ValueError(message)
        got = take(_office(server, token_file, ca), clip, to, reason=reason, what=what, progress=_progress(as_json))
        result = {"path": str(got.path), "size": got.size, "sha256": got.sha256, "entry": got.seq}
        output.show(result, lambda: print(f"{got.path}  {got.size}  {got.sha256}"))


@remote.command()
def upload(
    source: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
    reason: Annotated[str, typer.Option("--reason", help=either("为什么", "why"))],
    server: At,
    token_file: TokenFile,
    given_by: Annotated[str, typer.Option("--from", help=either("由谁提供", "who handed it in"))] = "",
    what: Annotated[str, typer.Option("--what", help="third-party, footage")] = "third-party",
    receipt: Annotated[
        Path | None, typer.Option("--receipt", help=either("回执写到哪里", "where to write the receipt"))
    ] = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Send a file; run it again after an interruption and it goes on. The receipt proves what was received."""
    with told(as_json) as output:
        from storage.durable import write_new
        from yihu.client.sending import Sending, send

        sending = Sending(source, what, given_by, reason)
        got = send(_office(server, token_file, ca), sending, _progress(as_json))
        if receipt is not None:
            write_new(receipt, (got.model_dump_json(indent=1) + "\n").encode())
        output.show(_values(got), lambda: print(f"{got.clip}  {got.size}  {got.sha256}  #{got.seq}"))


def _office(server: str, token_file: Path, ca: Path | None) -> RemoteOffice:
    from yihu.client.office import RemoteOffice
    from yihu.client.server import Server

    return RemoteOffice(Server(server, _line_of(token_file), ca))


def _line_of(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file}: cannot be read"
        raise ValueError(message) from error


def _values(found: BaseModel) -> dict[str, object]:
    return found.model_dump(mode="json")


def _each(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _progress(as_json: bool) -> Callable[[int, int], None]:
    """Show how far it is, to somebody who looks."""
    if as_json or not sys.stderr.isatty():
        return lambda _done, _size: None
    return lambda done, size: print(f"\r{done * 100 // max(size, 1)} %", end="" if done < size else "\n", file=sys.stderr)
