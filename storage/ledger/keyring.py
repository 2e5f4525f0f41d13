"""
The files in which the keys of a log lie: one named by the settings, and beside it those that came later.

::

    keys/log.pem               the key of the settings
    keys/log-5af31c77.pem      a key that was made later; 5af31c77 is its key id
    keys/log-0b9e22d4.pkcs11   one that lies in a token; the file says where (`storage.ledger.tokens`)

Which of them signs is said by the log (`storage.ledger.logkeys`); a file that the log has not heard of signs nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from storage import durable
from storage.errors import LedgerError, NotFound
from storage.folder_files import within_reach
from storage.ledger.keys import FileSigner, Signer

__all__ = ["ELSEWHERE", "SUFFIXES", "load_signer", "load_signers", "make_beside"]

ELSEWHERE = ".pkcs11"
"""The suffix of a file that says in which token a key lies."""
SUFFIXES = (".pem", ELSEWHERE)


def load_signer(path: Path, *, name: str) -> Signer:
    """Open one key file."""
    if path.suffix != ELSEWHERE:
        return FileSigner.load(path, name=name)
    # late: the package for tokens need not be installed where no key lies in one
    from storage.ledger.tokens import TokenSigner  # noqa: PLC0415

    return TokenSigner.load(path, name=name)


def load_signers(path: Path, *, name: str) -> tuple[Signer, ...]:
    """Open the key file *path* and those beside it that came later; `NotFound` where there is none."""
    paths = [each for suffix in SUFFIXES for each in path.parent.glob(f"{path.stem}-*{suffix}")]
    if path.exists() or not paths:
        paths.insert(0, path)
    signers = [load_signer(each, name=name) for each in [paths[0], *sorted(paths[1:])]]
    return tuple({signer.vkey: signer for signer in signers}.values())


def make_beside(path: Path, *, name: str) -> FileSigner:
    """Make a key in a file of its own beside *path*, named by its key id, durably before returning."""
    if not path.parent.is_dir():
        message = f"{path.parent}: there is no such directory"
        raise NotFound(message)
    # under a name that means nothing until its key id, and so its name, is known
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.{os.urandom(4).hex()}.new")
    with within_reach(f"signing key beside {path}"):
        for leftover in path.parent.glob(f".{path.stem}.*.new"):
            durable.remove(leftover)  # of a try that died: nobody knows this key
        made = FileSigner.generate(temporary, name=name)
        target = path.with_name(f"{path.stem}-{made.key_id.hex()}.pem")
        if target.exists():
            message = f"signing key {target}: there is already a file, and a key is never overwritten"
            raise LedgerError(message)
        durable.rename(temporary, target)
    return made
