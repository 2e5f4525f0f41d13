"""Remembering one line for each subject without holding all of them in memory: a private database that has no name on disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing

__all__ = ["LastEntries", "States"]


class _Lines:
    """Texts by name. SQLite keeps them in memory as long as they are few, and else in a file that nobody else can open."""

    def __init__(self) -> None:
        self._lines = sqlite3.connect("", isolation_level=None)
        self._lines.execute("PRAGMA synchronous=OFF")
        self._lines.execute("PRAGMA journal_mode=OFF")
        self._lines.execute("CREATE TABLE lines (name TEXT PRIMARY KEY, line TEXT NOT NULL) WITHOUT ROWID")

    def get(self, name: str) -> str | None:
        with closing(self._lines.execute("SELECT line FROM lines WHERE name = ?", (name,))) as found:
            row = found.fetchone()
        return None if row is None else str(row[0])

    def put(self, name: str, line: str) -> None:
        self._lines.execute("INSERT OR REPLACE INTO lines VALUES (?, ?)", (name, line)).close()

    def close(self) -> None:
        self._lines.close()


class LastEntries:
    """Number and hash of each subject's last entry so far; as much of a dictionary as a chain asks for."""

    def __init__(self) -> None:
        self._lines = _Lines()

    def get(self, subject: str) -> tuple[int, bytes] | None:
        """Return the last entry of *subject*, or None."""
        line = self._lines.get(subject)
        if line is None:
            return None
        seq, _, value = line.partition(" ")
        return int(seq), bytes.fromhex(value)

    def __setitem__(self, subject: str, last: tuple[int, bytes]) -> None:
        self._lines.put(subject, f"{last[0]} {last[1].hex()}")

    def close(self) -> None:
        """Forget everything."""
        self._lines.close()


class States:
    """The state of each subject so far."""

    def __init__(self) -> None:
        self._lines = _Lines()

    def get(self, subject: str) -> str | None:
        """Return the state of *subject*, or None where nobody has heard of it."""
        return self._lines.get(subject)

    def __setitem__(self, subject: str, state: str) -> None:
        self._lines.put(subject, state)

    def close(self) -> None:
        """Forget everything."""
        self._lines.close()
