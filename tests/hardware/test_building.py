"""What is built is whole, or built again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.hardware.building import locked, made


class PowerFailed(Exception):
    """In the middle of building."""


def test_what_was_left_half_made_is_made_again_from_nothing(tmp_path: Path) -> None:
    part = tmp_path / "part"

    def dies(half: Path) -> None:
        (half / "first").touch()
        raise PowerFailed

    with pytest.raises(PowerFailed):
        made(part, dies)
    assert not part.exists()

    made(part, lambda half: (half / "second").touch())
    assert [file.name for file in part.iterdir()] == ["second"]


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    times: list[Path] = []

    for _ in range(2):
        made(tmp_path / "part", times.append)

    assert len(times) == 1


def test_two_builders_wait_for_each_other(tmp_path: Path) -> None:
    inside = threading.Event()

    def build() -> None:
        with locked(tmp_path / "lock"):
            inside.set()

    other = threading.Thread(target=build)
    with locked(tmp_path / "lock"):
        other.start()
        assert not inside.wait(0.2)
    other.join()
    assert inside.is_set()
