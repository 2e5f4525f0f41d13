"""
Witnesses without a line: the same requests and answers as files on a stick.

::

    KEYID-SIZE.add-checkpoint      what the log asks the witness with this key id
    KEYID-SIZE.answer              what it says: the status in the first line, then the body

The office writes the first, the witness the second, the office reads it back in. One stick may go round several witnesses. A
witness that knows another size says so (409), and the next export to the same stick asks from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage import durable
from storage.errors import EvidenceError, YihuError
from storage.folder_files import within_reach
from storage.ledger.administrators import Witness
from storage.ledger.cosigning import Cosignature
from storage.ledger.feeding import accept, last_size, request_of, size_told
from storage.ledger.log import Log
from storage.ledger.witness import Answer, Request
from storage.ledger.witnessing import LARGEST_REQUEST
from storage.ledger.witnessing import Witness as WitnessAtWork
from storage.verifier.errors import VerificationError
from storage.verifier.keys import VerifierKey
from storage.verifier.logfiles import read_file

__all__ = ["Taken", "answer_requests", "take_answers", "write_requests"]

_REQUEST, _ANSWER = ".add-checkpoint", ".answer"
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one answer."""

    witness: Witness
    size: int
    cosignature: Cosignature | None
    error: YihuError | None


def write_requests(log: Log, witnesses: Sequence[Witness], directory: Path) -> list[Path]:
    """Write a request for each witness about the newest checkpoint, durably, and return the paths; older ones are removed."""
    written = []
    with within_reach(f"writing to {directory}"):
        durable.make_directory(directory, 0o755)
        for witness in witnesses:
            request = request_of(log, old=_last_known(log, witness, directory))
            for old in [*_files(directory, witness.key, _REQUEST), *_files(directory, witness.key, _ANSWER)]:
                durable.remove(old)
            path = directory / f"{witness.key.key_id.hex()}-{request.head.size}{_REQUEST}"
            durable.replace(path, request.body.encode(), 0o644)
            written.append(path)
    return written


def answer_requests(witness: WitnessAtWork, directory: Path) -> list[tuple[Path, Answer]]:
    """On the witness's machine: answer the requests that are for it, and return where each answer was written."""
    answered = []
    for path in _files(directory, witness.key, _REQUEST):
        answer = witness.add_checkpoint(_read(path).encode())
        target = path.with_suffix(_ANSWER)
        with within_reach(f"writing to {directory}"):
            durable.replace(target, f"{answer.status}\n{answer.body}".encode(), 0o644)
        answered.append((target, answer))
    return answered


def take_answers(log: Log, witnesses: Sequence[Witness], directory: Path) -> Iterator[Taken]:
    """Keep the cosignatures that came back, one witness after the other; what is wrong with one is said of that one."""
    for witness in witnesses:
        for path in _files(directory, witness.key, _ANSWER):
            size, cosignature, wrong = 0, None, None
            try:
                request = Request.parse(_read(path.with_suffix(_REQUEST)).encode())
                size = request.head.size
                cosignature = accept(log, witness, request.note, _answer(path))
            except YihuError as error:
                wrong = error
            except ValueError as error:
                wrong = EvidenceError(f"{path.name}: {error}")
            yield Taken(witness, size, cosignature, wrong)


def _last_known(log: Log, witness: Witness, directory: Path) -> int:
    told = [answer for path in _files(directory, witness.key, _ANSWER) if (answer := _answer(path)).status == _CONFLICT]
    return size_told(witness, told[-1]) if told else last_size(log, witness)


def _answer(path: Path) -> Answer:
    status, _, body = _read(path).partition("\n")
    if not (status.isascii() and status.isdecimal() and len(status) == 3):  # noqa: PLR2004 - as in HTTP
        message = f"{path.name}: expected a status in the first line"
        raise EvidenceError(message)
    return Answer(int(status), body)


def _files(directory: Path, key: VerifierKey, suffix: str) -> list[Path]:
    return sorted(directory.glob(f"{key.key_id.hex()}-*{suffix}"))


def _read(path: Path) -> str:
    """Read a file of a stick that was in other hands."""
    try:
        return read_file(path, limit=LARGEST_REQUEST).decode("utf-8")
    except VerificationError as error:
        raise EvidenceError(str(error)) from error
    except UnicodeDecodeError as error:
        message = f"{path.name}: not valid UTF-8"
        raise EvidenceError(message) from error
