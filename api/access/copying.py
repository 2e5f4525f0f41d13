"""Stub."""

from __future__ import annotations

from api.desk import Desk
from api.footage import Footage
from storage.errors import NotFound
from storage.evidence import Subject


def footage_of_copy(desk: Desk, clip: Subject, copy: str, account: Subject) -> Footage:
    raise NotFound(copy)
