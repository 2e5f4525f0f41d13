"""``yihu setup``: what is done once when an installation is made ready for other machines."""

from __future__ import annotations

from typing import Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

setup = typer.Typer(no_args_is_help=True, help=either("安装时的准备", "What is made ready once"))


@setup.callback()
def _more_to_come() -> None:
    """Keep the name of the one command: without this, it would be the group itself."""


@setup.command(
    "certificates",
    help=either(
        "建立本机构的 CA 与服务器证书，供内网使用；已有的不会被替换",
        "Make an authority of the office and a certificate of this server. Nothing that exists is replaced.",
    ),
)
def certificates(
    hosts: Annotated[
        list[str], typer.Argument(metavar="HOST…", help=either("服务器的名称或地址", "names or addresses of this server"))
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make the certificates in the directory of the keys."""
    with told(as_json) as output:
        from storage.office_ca import make_certificates

        office = open_office(config)
        made = make_certificates(office.home / "keys", hosts, office=office.settings.office.name, now=office.clock())
        result = {"authority": str(made.authority), "certificate": str(made.certificate), "key": str(made.key)}

        def say() -> None:
            print(either(f"请让各台电脑信任：{made.authority}", f"let the office's computers trust: {made.authority}"))
            print(either("写入 yihu.toml：", "write into yihu.toml:"))
            print('  [web]\n  certificate = "keys/web.pem"\n  key = "keys/web.key"')
            print(either(f"有效至 {made.ends:%Y-%m-%d}", f"it ends on {made.ends:%Y-%m-%d}"))

        output.show({**result, "ends": made.ends.isoformat()}, say)
