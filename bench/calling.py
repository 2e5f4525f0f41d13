"""
The calls of reviewers, many users at once, and the bare SQL of the same calls, each side in a process of its own.

Nobody waits between two calls. The SQL is what somebody would write by hand who wants to know the same, by the database driver
alone, every row fetched; where a call records something, a row of the size of a leaf is inserted and committed.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from bench.client import Client
from bench.measure import Command, RunFailed, words_of

_PROGRAM = "import sys; from bench.calling import call; call(sys.argv[1])"
_LEAF = 700
PREPARED = "CREATE TABLE bench_rows (leaf {bytes})"
"""Where rows go that stand for leaves; *bytes* is what the database calls them."""

_CLIPS = "SELECT c.*, f.* FROM clips c JOIN filings f ON f.clip = c.clip JOIN activities a ON a.activity = f.activity"
_MADE = (
    "SELECT d.clip, d.kind FROM derivatives d WHERE d.clip IN (SELECT f.clip FROM filings f"
    " JOIN activities a ON a.activity = f.activity WHERE a.matter {which})"
)
_OF_PARTY = "IN (SELECT matter FROM matter_parties WHERE party = ?)"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its path and the statements that answer the same, *subject* put into both."""

    path: str
    statements: tuple[str, ...]
    records: bool = False

    def ask(self, client: Client, subject: str) -> None:
        """Make the call."""
        if self.records:
            client.viewing(subject)
        else:
            client.get(self.path.format(subject))


CALLS = {
    "parties": Call("/api/parties", ("SELECT party, kind, name, id_shown, matters FROM parties ORDER BY registered_seq",)),
    "dossier": Call(
        "/api/parties/{}/dossier",
        (
            "SELECT * FROM parties WHERE party = ?",
            f"SELECT * FROM matters WHERE matter {_OF_PARTY}",  # noqa: S608 - nothing of it comes from outside
            f"{_CLIPS} WHERE a.matter {_OF_PARTY} AND f.unfiled_seq IS NULL ORDER BY c.secured_seq",
            _MADE.format(which=_OF_PARTY),
        ),
    ),
    "case": Call(
        "/api/matters/{}",
        (
            "SELECT * FROM matters WHERE matter = ?",
            "SELECT p.* FROM parties p JOIN matter_parties m ON m.party = p.party WHERE m.matter = ?",
            "SELECT * FROM activities WHERE matter = ? ORDER BY started_at",
        ),
    ),
    "case_clips": Call(
        "/api/matters/{}/clips",
        (f"{_CLIPS} WHERE a.matter = ? AND f.unfiled_seq IS NULL ORDER BY c.secured_seq", _MADE.format(which="= ?")),
    ),
    "clip": Call(
        "/api/clips/{}",
        (
            "SELECT * FROM clips WHERE clip = ?",
            "SELECT * FROM derivatives WHERE clip = ?",
            "SELECT * FROM filings f JOIN activities a ON a.activity = f.activity WHERE f.clip = ?",
        ),
    ),
    "history": Call(
        "/api/clips/{}/history", ("SELECT seq, type, at, actor, role FROM history WHERE subject = ? ORDER BY seq",)
    ),
    "viewing": Call("", ("INSERT INTO bench_rows (leaf) VALUES (?)",), records=True),
}
"""What reviewers ask for, by name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one process does: the call, about which subjects, how many users make it how often; over the API or by SQL."""

    call: str
    subjects: list[str]
    users: int
    times: int
    port: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    database: str = ""


def milliseconds(asked: Asked) -> list[float]:
    """Return how long each call took."""
    answer: list[float] = json.loads(words_of(Command([sys.executable, "-c", _PROGRAM, json.dumps(asdict(asked))])))
    return answer


def call(said: str) -> None:
    """Do what the module says, and print it."""
    print(json.dumps(took_each(Asked(**json.loads(said)))))


def took_each(asked: Asked) -> list[float]:
    """Return in milliseconds how long each call took, made by threads of this process."""
    user = _api_user if asked.port else _sql_user
    took, barrier = list[float](), threading.Barrier(asked.users, timeout=60)
    threads = [threading.Thread(target=user, args=(asked, number, barrier, took)) for number in range(asked.users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(took) != asked.users * asked.times:
        message = f"{asked.call}: a call was not answered"
        raise RunFailed(message)
    return took


def _api_user(asked: Asked, number: int, barrier: threading.Barrier, took: list[float]) -> None:
    client, wanted = Client(asked.port), CALLS[asked.call]
    client.headers |= asked.headers
    _timed(lambda subject: wanted.ask(client, subject), asked, number, barrier, took)
    client.close()


def _sql_user(asked: Asked, number: int, barrier: threading.Barrier, took: list[float]) -> None:
    wanted, is_sqlite = CALLS[asked.call], asked.database.startswith("/")
    line: Any = connected(asked.database)
    statements = [each if is_sqlite else each.replace("?", "%s") for each in wanted.statements]

    def ask(subject: str) -> None:
        for statement in statements:
            given = (bytes(_LEAF),) if wanted.records else (subject,) * statement.count("?" if is_sqlite else "%s")
            cursor = line.execute(statement, given)
            if not wanted.records:
                cursor.fetchall()
        line.commit()

    _timed(ask, asked, number, barrier, took)
    line.close()


def connected(database: str) -> Any:  # noqa: ANN401 - of two drivers, which share no type
    """Connect by the driver alone, as durable as the office does: to a file, or to what the words for PostgreSQL say."""
    if not database.startswith("/"):
        return psycopg.connect(database)
    line = sqlite3.connect(database, timeout=60)
    line.execute("PRAGMA synchronous=FULL")
    return line


def _timed(ask: Callable[[str], None], asked: Asked, number: int, barrier: threading.Barrier, took: list[float]) -> None:
    mine: Sequence[str] = asked.subjects
    ask(mine[number % len(mine)])
    barrier.wait()
    for time_ in range(asked.times):
        began = time.perf_counter()
        ask(mine[(number * asked.times + time_) % len(mine)])
        took.append(1000 * (time.perf_counter() - began))
