"""Making a new office: directories, keys, database, the first entries. Nothing that exists is ever replaced."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from storage import durable
from storage.erasure import finish_erasures
from storage.errors import EvidenceError
from storage.evidence import Entry, Kind
from storage.identity import found_again, fresh
from storage.ledger.cell import FileCell
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import FileSigner
from storage.ledger.tree import EMPTY_ROOT
from storage.vault import make_key
from yihu.program import program_digest
from yihu.settings import FILE_NAME, find_settings
from yihu.wiring import Office

__all__ = ["CELL", "found", "started"]

CELL = "lock/head"
"""Where the rollback lock is unless somebody says better."""


def found(home: Path, *, name: str, log: str, more: Sequence[str] = (), cell: str = CELL) -> Office:
    """
    Make an office in *home* and return it, open; *more* are further lines of its settings.

    *cell* is the file of the rollback lock: beside the database by default, which is better than none (a backup of the database
    alone does not bring it back) and worse than another disk.

    Raises `EvidenceError` when there is one already. Dying in the middle leaves files that a second try refuses to replace; the
    settings are written last, so a half-made office is never mistaken for one.
    """
    if (home / FILE_NAME).exists():
        message = f"{home / FILE_NAME}: there is an office already"
        raise EvidenceError(message)
    for directory in (home, home / "keys", home / "spool"):
        durable.make_directory(directory)
    for key in ("vault.key", "index.key"):
        if not (home / "keys" / key).exists():
            make_key(home / "keys" / key)
    if not (home / "keys" / "log.pem").exists():
        FileSigner.generate(home / "keys" / "log.pem", name=log)
    _lock(home, cell, log)
    durable.write_new(home / FILE_NAME, _settings(name, log, [*more, "", "[ledger]", f"cell = {_quoted(cell)}"]).encode())
    office = Office.open(find_settings(home, home))
    started(office)
    return office


def _lock(home: Path, cell: str, log: str) -> None:
    path = home / cell
    if path.parent.parent == home:
        durable.make_directory(path.parent)
    lock, signer = FileCell(path), FileSigner.load(home / "keys" / "log.pem", name=log)
    first = sign_checkpoint(Checkpoint(log, 0, EMPTY_ROOT), signer)
    # there already after dying in the middle: then it is the same, since the key is
    if lock.read() != first:
        lock.create(first)


def started(office: Office) -> None:
    """Record that the program has started: its version, the digest of its files, the platform; keys of the erased go first."""
    finish_erasures(office.engine, office.vault)
    body = {"version": version("yihu"), "files_sha256": program_digest(), "platform": platform.platform(terse=True)}
    log = found_again(office.index_key, Kind.LOG, office.settings.office.log)
    office.custody.record(Entry("STARTED", log, office.dock, dict(body)))


def _settings(name: str, log: str, more: Sequence[str]) -> str:
    subjects = {key: fresh(kind) for key, kind in (("office", Kind.OFFICE), ("dock", Kind.DOCK), ("operator", Kind.ACCOUNT))}
    lines = [
        "# Settings of this office; docs/settings.md says what each means. Secrets are in files, never here.",
        "# 本机构的设置，各项含义见 docs/settings.md。密钥只放在单独的文件里。",
        "",
        "[office]",
        f"name = {_quoted(name)}",
        f"log = {_quoted(log)}",
        *(f"{key} = {_quoted(str(subject))}" for key, subject in subjects.items()),
        *more,
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if any(ord(character) < ord(" ") or ord(character) == 0x7F for character in escaped):  # noqa: PLR2004 - DEL
        message = f"{text!r}: expected no control characters"
        raise ValueError(message)
    return f'"{escaped}"'
