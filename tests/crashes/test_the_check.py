"""The check that all the other tests here count on finds what it should: each kind of loss, made by hand, is reported."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.evidence import Kind
from storage.identity import fresh
from storage.objects import Bucket, ObjectName, Promise, deposit
from tests.crashes.offices import faults, fill, footage, founded, take_in
from yihu.wiring import Office


def lose_an_object(office: Office) -> None:
    shutil.rmtree(next((office.home / "store").rglob("original.object")))


def put_an_object(office: Office) -> None:
    name = ObjectName(Bucket.INDEX, f"clips/{fresh(Kind.CLIP).id}/poster.jpg")
    deposit(office.store, name, lambda: io.BytesIO(b"x"), Promise.of_bytes(b"x"), retain_until=None)


def leave_bytes(office: Office) -> None:
    next((office.home / "store").rglob("segments.object")).joinpath(f"{'a' * 32}.bytes").touch()


def leave_a_berth(office: Office) -> None:
    office.spool.claim(fresh(Kind.CLIP), {})


def leave_a_temporary_file(office: Office) -> None:
    (office.home / "spool" / ".claiming-x").mkdir()


def change_a_row(office: Office) -> None:
    with office.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE clips SET name = 'other'")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lose_an_object, "not in the store"),
        (put_an_object, "named by no entry"),
        (leave_bytes, "bytes that nothing describes"),
        (leave_a_berth, "left in the spool"),
        (leave_a_temporary_file, "left over"),
        (change_a_row, "catalog: clips"),
    ],
)
def test_it_finds(quick_path: Path, spoil: Callable[[Office], None], told: str) -> None:
    office = founded(quick_path / "office")
    card = fill(quick_path / "card", footage(2))
    take_in(office, card)
    assert faults(office, {"DEMO-1": card}) == []

    spoil(office)

    assert told in "\n".join(faults(office, {"DEMO-1": card}))


def test_it_finds_a_file_that_was_not_taken_in_and_one_that_is_not_there(quick_path: Path) -> None:
    office = founded(quick_path / "office")
    card = fill(quick_path / "card", footage(2))
    take_in(office, card)

    assert "missing" in "\n".join(faults(office, {"DEMO-1": fill(card, {b"new.MP4": b"new"})}))
    assert "too often" in "\n".join(faults(office, {"DEMO-1": fill(quick_path / "less", footage(1))}))
