"""A database that two processes make at the same moment."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage.database import connect, migrate


def test_a_database_that_is_just_being_made_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite does not wait by itself where somebody writes to a file whose mode is to be changed."""
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        other.rollback()

    monkeypatch.setattr("storage.database.time.sleep", wait)

    migrate(connect(f"sqlite:///{tmp_path}/new.db"))

    assert waits
    other.close()
