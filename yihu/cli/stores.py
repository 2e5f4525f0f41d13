"""``yihu store``: making the buckets of an S3 server, and trying to break its locks before evidence relies on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, Exit, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from storage.s3 import S3Store
    from yihu.wiring import Office

store = typer.Typer(
    no_args_is_help=True, help=either("S3 存储：建桶、检验对象锁定", "the S3 store: making buckets, testing its locks")
)

_ACCESS = Path("keys/s3-owner-access")
_SECRET = Path("keys/s3-owner-secret")


def _as(office: Office, access: Path, secret: Path) -> S3Store:
    from storage.errors import NotFound
    from yihu.stores import s3_store

    if office.settings.store.kind != "s3":
        message = either("此机构使用文件夹存储", "this office uses the folder store")
        raise NotFound(message)
    return s3_store(office.home, office.settings.store, access=access, secret_=secret)


@store.command("prepare")
def prepare(
    access: Annotated[
        Path, typer.Option("--access-key-file", help=either("管理者访问密钥文件", "file with the owner's access key"))
    ] = _ACCESS,
    secret: Annotated[
        Path, typer.Option("--secret-key-file", help=either("管理者私密密钥文件", "file with the owner's secret key"))
    ] = _SECRET,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make both buckets with the owner's keys (needed once); everyday keys need no such right."""
    with told(as_json) as output:
        office = open_office(config)
        days = office.settings.retention.days
        _as(office, access, secret).prepare(days=days)
        text = either(f"桶已就绪：锁定 COMPLIANCE {days} 天", f"the buckets are ready: object lock COMPLIANCE for {days} days")
        output.show({"retention_days": days}, lambda: print(text))


@store.command("check")
def check(config: Config = None, as_json: AsJson = False) -> None:
    """Try to delete, shorten, downgrade and overwrite a locked object with our own key; everything must be refused."""
    with told(as_json) as output:
        from storage.canary import try_the_lock

        office = open_office(config)
        section = office.settings.store
        ours = _as(office, section.access_key_file, section.secret_key_file)
        attempts = try_the_lock(ours, now=office.clock())
        result = {"attempts": [{"attempt": a.what, "denied": a.denied, "answer": a.answer} for a in attempts]}
        output.show(result, lambda: print("\n".join(f"{'✔' if a.denied else '✘'} {a.what}: {a.answer}" for a in attempts)))
        if not attempts or not all(a.denied for a in attempts):
            raise typer.Exit(Exit.EVIDENCE)
