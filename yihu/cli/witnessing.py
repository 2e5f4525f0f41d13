"""``yihu witness``: having the ledger cosigned by others, and cosigning theirs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, Exit, open_office, told
from yihu.language import either, explained

if TYPE_CHECKING:
    from storage.ledger.administrators import Witness

witness = typer.Typer(
    no_args_is_help=True,
    help=either("见证：请外部单位会签账本，或为他人会签", "witnesses: having the ledger cosigned, and cosigning others'"),
)

Directory: TypeAlias = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help=either("见证方自己的目录", "the directory of this witness"))
]
Stick: TypeAlias = Annotated[Path, typer.Argument(metavar="DIR", help=either("U 盘上的目录", "a directory on the stick"))]
Name: TypeAlias = Annotated[str, typer.Argument(help=either("见证方名称，不含空格", "name of the witness, without spaces"))]


# --- asking others --------------------------------------------------------------------------------------------------------


@witness.command("add")
def add(
    name: Name,
    vkey: Annotated[
        str, typer.Argument(help=either("见证方的公钥（对方打印给您）", "its verifier key, as it was handed to you"))
    ],
    url: Annotated[
        str | None, typer.Argument(help=either("见证方的网址；没有网络则省略", "where it answers; leave it out for a stick"))
    ] = None,
    administrator: Annotated[
        str,
        typer.Option(
            "--administrator",
            help=either("由哪个单位管理（单位，不是个人）", "the organisation in whose hands it is; never a person"),
        ),
    ] = ...,  # type: ignore[assignment] # typer's way to say: required
    ours: Annotated[
        bool,
        typer.Option("--ours", help=either("属于本局管理，不算外部见证", "in the hands of our own bureau: no outside witness")),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Have this witness cosign the ledger from now on; that is an entry of the ledger itself."""
    with told(as_json) as output:
        from yihu.anchoring import add_witness

        office = open_office(config)
        made = add_witness(office, name=name, vkey=vkey, url=url, administrator=administrator, is_ours=ours)
        result = {"name": made.name, "administrator": made.administrator, "outside": not made.is_ours}
        output.show(
            result, lambda: print(either(f"已添加见证方 {name}（{administrator}）", f"{name} ({administrator}) is a witness"))
        )


@witness.command("remove")
def remove(name: Name, config: Config = None, as_json: AsJson = False) -> None:
    """Have this witness count no more."""
    with told(as_json) as output:
        from yihu.anchoring import remove_witness

        remove_witness(open_office(config), name)
        output.show({"removed": name}, lambda: print(either(f"已移除见证方 {name}", f"{name} is a witness no more")))


@witness.command("policy")
def policy(
    file: Annotated[
        Path | None, typer.Argument(help=either("C2SP 策略文件中的 group 与 quorum 行", "a file with group and quorum lines"))
    ] = None,
    least: Annotated[
        int | None,
        typer.Option("--least", help=either("至少几个外部管理单位", "at least so many administrators outside the bureau")),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Print who must have cosigned, as a C2SP policy file; with a file or --least, set it (an entry of the ledger)."""
    with told(as_json) as output:
        from storage.witnesses import Quorum
        from yihu.anchoring import policy_text, quorum_in, set_quorum

        office = open_office(config)
        if file is not None:
            set_quorum(office, quorum_in(file.read_text(encoding="utf-8")))
        elif least is not None:
            set_quorum(office, Quorum(least=least))
        text = policy_text(office)
        output.show({"policy": text}, lambda: print(text, end=""))


@witness.command("status")
def status(config: Config = None, as_json: AsJson = False) -> None:
    """Say which witness cosigned how much, when, and how much of the ledger is held outside."""
    with told(as_json) as output:
        from yihu.anchoring import standing

        office = open_office(config)
        result = standing(office)
        output.show(result, lambda: _print_standing(result))


def _print_standing(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for heading in (
        ("见证方", "witness"),
        ("管理单位", "administrator"),
        ("外部", "outside"),
        ("已会签", "cosigned"),
        ("时间", "at"),
    ):
        table.add_column(either(*heading))
    for one in result["witnesses"]:
        outside = either("是", "yes") if one["outside"] else either("否", "no")
        table.add_row(one["name"], one["administrator"], outside, str(one["size"]), one["at"] or "—")
    Console().print(table)
    print(
        either(
            f"已签 {result['signed']} 条，外部锚定 {result['anchored']} 条",
            f"signed {result['signed']}, held outside {result['anchored']}",
        )
    )
    if result["problem"]:
        print(result["problem"])


@witness.command("ask")
def ask(config: Config = None, as_json: AsJson = False) -> None:
    """Sign now and ask every witness that has an address."""
    with told(as_json) as output:
        import urllib3

        from yihu.notary import ask_witnesses

        office = open_office(config)
        office.log.checkpoint()
        asked = list(ask_witnesses(office.log, office.log.anchors.witnesses(), urllib3.PoolManager()))
        result = {"anchored": office.log.anchored_size(), "asked": [_said(one.witness, one.error) for one in asked]}
        output.show(result, lambda: _print_said(result["asked"]))
        if any(one.error for one in asked):
            raise typer.Exit(Exit.PARTIAL)


@witness.command("export")
def export(stick: Stick, config: Config = None, as_json: AsJson = False) -> None:
    """Write what the witnesses are asked to a stick."""
    with told(as_json) as output:
        from storage.ledger.stick import write_requests

        office = open_office(config)
        office.log.checkpoint()
        written = write_requests(office.log, office.log.anchors.witnesses(), stick)
        output.show({"written": [str(path) for path in written]}, lambda: print("\n".join(map(str, written))))


@witness.command("import")
def take(stick: Stick, config: Config = None, as_json: AsJson = False) -> None:
    """Read back from the stick what the witnesses said."""
    with told(as_json) as output:
        from storage.errors import NotFound
        from storage.ledger.stick import take_answers

        office = open_office(config)
        taken = list(take_answers(office.log, office.log.anchors.witnesses(), stick))
        if not taken:
            message = f"{stick}: no witness of ours has answered here"
            raise NotFound(message)
        result = {"anchored": office.log.anchored_size(), "taken": [_said(one.witness, one.error) for one in taken]}
        output.show(result, lambda: _print_said(result["taken"]))
        if any(one.error for one in taken):
            raise typer.Exit(Exit.PARTIAL)


def _said(witness_: Witness, error: Exception | None) -> dict[str, str | None]:
    return {
        "name": witness_.name,
        "error": None if error is None else type(error).__name__,
        "detail": str(error) if error else None,
    }


def _print_said(said: object) -> None:
    assert isinstance(said, list)  # noqa: S101 - built above
    for one in said:
        if one["error"] is None:
            print(either(f"✔ {one['name']} 已会签", f"✔ {one['name']} cosigned"))
        else:
            print(f"✘ {one['name']}: {explained(one['error'])}\n    {one['detail']}")


# --- being one ------------------------------------------------------------------------------------------------------------


@witness.command("init")
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help=either("见证方自己的目录", "the directory of this witness"))],
    name: Annotated[
        str,
        typer.Option("--name", help=either("密钥名称，如 procuratorate.example/w1", "key name, like procuratorate.example/w1")),
    ],
    as_json: AsJson = False,
) -> None:
    """Make a witness: its key, and an empty list of logs. Prints the key to hand to the offices it watches."""
    with told(as_json) as output:
        from storage.ledger.witnessing import Witness as AtWork
        from yihu.wiring import now

        made = AtWork.found(directory, name=name, clock=now)
        output.show({"verifier_key": made.key.vkey}, lambda: print(made.key.vkey))


@witness.command("watch")
def watch(
    vkey: Annotated[
        str, typer.Argument(help=either("账本公钥（yihu init 打印的）", "the log's verifier key, as yihu init printed it"))
    ],
    directory: Directory = Path(),
    as_json: AsJson = False,
) -> None:
    """Watch the log of this key from now on; a new key of a log that changed its key as well."""
    with told(as_json) as output:
        from yihu.anchoring import key_of

        key = key_of(vkey)
        _at_work(directory).watch(key)
        output.show({"watching": key.name}, lambda: print(either(f"已开始见证 {key.name}", f"watching {key.name}")))


@witness.command("serve")
def serve(
    directory: Directory = Path(),
    host: Annotated[str, typer.Option("--host", help=either("监听地址", "address to listen on"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=either("端口", "port"))] = 8301,
    as_json: AsJson = False,
) -> None:
    """Answer logs over HTTP (C2SP tlog-witness) until Ctrl-C. Put a TLS proxy in front of it for any other machine."""
    with told(as_json):
        from api.witnessing import create_witness_app
        from yihu.web import running

        with running(create_witness_app(_at_work(directory)), host=host, port=port) as server:
            print(either(f"见证服务：{server.url}", f"witness: {server.url}"), flush=True)
            server.wait()


@witness.command("sign")
def sign(stick: Stick, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Answer the requests on a stick that are for this witness."""
    with told(as_json) as output:
        from storage.errors import NotFound
        from storage.ledger.stick import answer_requests

        answered = answer_requests(_at_work(directory), stick)
        if not answered:
            message = f"{stick}: there is no request for this witness"
            raise NotFound(message)
        result = {"answered": [{"file": path.name, "status": answer.status} for path, answer in answered]}
        output.show(result, lambda: print("\n".join(f"{answer.status} {path.name}" for path, answer in answered)))
        if any(answer.status != 200 for _, answer in answered):  # noqa: PLR2004 - the protocol's number
            raise typer.Exit(Exit.EVIDENCE)


def _at_work(directory: Path) -> Any:  # noqa: ANN401 - imported late
    from storage.ledger.witnessing import Witness as AtWork
    from yihu.logs import log_to_stderr
    from yihu.wiring import now

    log_to_stderr()
    return AtWork.open(directory, clock=now)
