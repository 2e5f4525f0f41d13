"""``yihu key``: the keys of the ledger, and changing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yihu.wiring import Office

key = typer.Typer(
    no_args_is_help=True,
    help=either("密钥：查看、制作、更换、停用（见 docs/keys.md）", "keys: which there are, making, changing, retiring one"),
)

NewFile: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help=either("新密钥文件：.pem 或 .pkcs11（令牌）", "new key file: .pem, or .pkcs11 for a token"),
    ),
]


@key.command("list")
def list_keys(config: Config = None, as_json: AsJson = False) -> None:
    """Say which keys ever signed the ledger, for which tree sizes, and which are on this machine."""
    with told(as_json) as output:
        from yihu.keys import known_keys

        office = open_office(config)
        rows = [
            {"vkey": term.key.vkey, "from": term.first, "to": term.last, "here": is_here}
            for term, is_here in known_keys(office)
        ]
        sm2 = None if office.sm2 is None else office.sm2.key.vkey
        output.show({"keys": rows, "sm2": sm2}, lambda: _print_keys(rows, sm2))


def _print_keys(rows: Sequence[Mapping[str, object]], sm2: str | None) -> None:
    for row in rows:
        end = either("至今", "now") if row["to"] is None else row["to"]
        place = either("在本机", "here") if row["here"] else either("不在本机", "not here")
        print(f"{row['from']}–{end}  {place}\n  {row['vkey']}")
    if sm2 is not None:
        print(f"SM2\n  {sm2}")


@key.command("make")
def make(
    file: NewFile,
    sm2: Annotated[bool, typer.Option("--sm2", help=either("国密 SM2 密钥", "an SM2 key (国密)"))] = False,
    module: Annotated[
        str | None,
        typer.Option("--module", metavar="SO", help=either("令牌的 PKCS#11 库", "the PKCS #11 library of the token")),
    ] = None,
    token: Annotated[str | None, typer.Option("--token", help=either("令牌标签", "label of the token"))] = None,
    label: Annotated[str | None, typer.Option("--label", help=either("令牌中密钥的标签", "label of the key in it"))] = None,
    pin_file: Annotated[
        str, typer.Option("--pin-file", help=either("存放 PIN 的文件（权限 0600）", "file with the PIN, mode 0600"))
    ] = "hsm-pin",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Make a key and print its public half. It signs nothing until 'yihu key rotate --to FILE', or until the settings name it.

    With --module, --token and --label the token makes an Ed25519 key that never leaves it.
    """
    with told(as_json) as output:
        office = open_office(config)
        where = file if file.is_absolute() else Path.cwd() / file
        if module is not None and token is not None and label is not None:
            made = _made_in_token(office, where, (module, token, label, pin_file))
        else:
            made = _made_in_file(office, where, sm2=sm2)
        output.show(made, lambda: print("\n".join(made.values())))


def _made_in_token(office: Office, file: Path, place: tuple[str, str, str, str]) -> dict[str, str]:
    from storage.ledger.tokens import Place, TokenSigner

    return {"verifier_key": TokenSigner.make(file, Place(*place), name=office.log.origin).vkey}


def _made_in_file(office: Office, file: Path, *, sm2: bool) -> dict[str, str]:
    from storage.ledger.keys import FileSigner

    if not sm2:
        return {"verifier_key": FileSigner.generate(file, name=office.log.origin).vkey}
    from storage.ledger.sm2 import Sm2Signer, public_pem

    made = Sm2Signer.generate(file, name=office.log.origin)
    return {"verifier_key": made.key.vkey, "public_key": public_pem(made.key)}


@key.command("rotate")
def rotate(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="FILE", help=either("用这个已制作的密钥；省略则新做一个", "this key; without it one is made")
        ),
    ] = None,
    overlap: Annotated[
        int | None,
        typer.Option(
            "--overlap",
            help=either("旧密钥再签多少条；省略则到 retire", "entries the old key signs for; else until 'retire'"),
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Have a new key sign the ledger beside the old one, and record that. Tell your witnesses and print the new key."""
    with told(as_json) as output:
        from yihu.keys import rotate as change

        done = change(open_office(config), to=to, overlap=overlap)
        text = either(
            f"新密钥自第 {done.seq} 条记录起签名，旧密钥同时签名。请抄录或打印，交监督方和各见证方（yihu witness watch）：",
            f"a new key signs from entry {done.seq} on, beside the old one. Print it; hand it to who watches you and to every "
            "witness (yihu witness watch):",
        )
        output.show({"entry": done.seq, "verifier_key": done.key.vkey}, lambda: print(f"{text}\n  {done.key.vkey}"))


@key.command("retire")
def retire(
    key_id: Annotated[
        str | None,
        typer.Argument(help=either("密钥标识（8 位）；省略则为最旧的", "key id, 8 hex digits; else the oldest")),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """End the overlap: this key signs no larger head from now on. Do it once every witness knows the new key."""
    with told(as_json) as output:
        from yihu.keys import retire as end

        done = end(open_office(config), key_id)
        text = either(
            f"密钥 {done.key.key_id.hex()} 已停用（第 {done.seq} 条记录）。请销毁其密钥文件及所有副本",
            f"the key {done.key.key_id.hex()} signs no more (entry {done.seq}). Destroy its file and every copy",
        )
        output.show({"entry": done.seq, "retired": done.key.vkey}, lambda: print(text))


def sign(
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help=either("账本记录编号", "number of the entry"))],
    certificate: Annotated[
        Path,
        typer.Option("--certificate", metavar="PEM", help=either("签名人的证书（链）", "the signer's certificate")),
    ],
    private_key: Annotated[
        Path, typer.Option("--key", metavar="PEM", help=either("其私钥文件（权限 0600）", "its private key, mode 0600"))
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Sign an entry with a certificate that leads to [keys] officer_roots; that is an entry itself."""
    with told(as_json) as output:
        from yihu.officers import sign_entry

        seq = sign_entry(open_office(config), entry, certificate=certificate, key=private_key)
        text = either(f"第 {entry} 条记录已签名（第 {seq} 条）", f"entry {entry} is signed (entry {seq})")
        output.show({"entry": seq, "signed": entry}, lambda: print(text))
