"""
The board as JSON, one object a line: the contract of the socket ``run/dock.sock``, of ``--json`` and of the HTTP stream.

========================================  ====================================================================================
line                                      meaning
========================================  ====================================================================================
``{"picture": {…}}``                      the whole board: ``number``, ``start``, ``bays``, ``alarms``; forget what was before
``{"change": {…}}``                       ``number`` and either ``bay`` or ``alarm``; ``is_over``: it is there no more
``{"heartbeat": {"number": N}}``          nothing happened for a while; the dock is there
========================================  ====================================================================================

Durations are in seconds, moments as in leaves, counts of bytes are bytes. A key that a reader does not know is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from ingest.board import Alarm, Bay, Change, Picture, Update
from storage.evidence import utc_text


def as_json(update: Update) -> dict[str, object]:
    """Return one update as the object of a line."""
    if isinstance(update, Picture):
        bays, alarms = [_object(bay) for bay in update.bays], [_object(alarm) for alarm in update.alarms]
        return {"picture": {"number": update.number, "start": update.start, "bays": bays, "alarms": alarms}}
    change: dict[str, object] = {"number": update.number, "is_over": update.is_over}
    if update.bay is not None:
        change["bay"] = _object(update.bay)
    if update.alarm is not None:
        change["alarm"] = _object(update.alarm)
    return {"change": change}


def line(update: Update) -> str:
    """Return one update as a line without its end; whatever a camera calls itself, it stays one line of valid UTF-8."""
    return json.dumps(as_json(update), separators=(",", ":"))


def heartbeat(number: int) -> str:
    """Return the line that says nothing but that we are there."""
    return json.dumps({"heartbeat": {"number": number}}, separators=(",", ":"))


def parsed(text: str) -> Update | None:
    """Read what `line` wrote; None for a heartbeat. Raises `ValueError` for anything else."""
    try:
        return _update(json.loads(text))
    except (KeyError, TypeError, RecursionError) as error:
        message = f"not a line of the board: {text[:100]!r}"
        raise ValueError(message) from error


def _update(read: Mapping[str, Any]) -> Update | None:
    if "heartbeat" in read:
        return None
    if "picture" in read:
        return _picture().validate_python(read["picture"])
    return _change().validate_python(read["change"])


@cache
def _picture() -> TypeAdapter[Picture]:
    return TypeAdapter(Picture)


@cache
def _change() -> TypeAdapter[Change]:
    return TypeAdapter(Change)


def _object(shown: Bay | Alarm) -> dict[str, object]:
    return {field.name: _value(getattr(shown, field.name)) for field in fields(shown)}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    return list(value) if isinstance(value, tuple) else value
