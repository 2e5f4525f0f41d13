"""A directory that is there whole or not at all."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from storage.errors import StaleState, StorageUnavailable
from storage.export.birth import born, unborn


def test_it_has_its_name_only_when_it_is_finished(tmp_path: Path) -> None:
    target = tmp_path / "new" / "bundle"
    with unborn(target) as partial:
        (partial / "file").write_bytes(b"x")
        assert not target.exists()
        born(partial, target)

    assert [path.name for path in target.parent.iterdir()] == ["bundle"]
    assert (target / "file").read_bytes() == b"x"


def test_what_a_crash_left_is_thrown_away_and_no_link_is_followed(tmp_path: Path) -> None:
    """A loss of power cleans nothing up."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (tmp_path / ".bundle.partial" / "data").mkdir(parents=True)
    (tmp_path / ".bundle.partial" / "data" / "half").write_bytes(b"x")
    (tmp_path / ".bundle.partial" / "link").symlink_to(tmp_path / "precious")

    with unborn(tmp_path / "bundle") as partial:
        assert list(partial.iterdir()) == []

    assert (tmp_path / "precious" / "file").exists()


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), unborn(tmp_path / "bundle"):
        raise error

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "bundle").symlink_to("nowhere")
    with pytest.raises(StaleState), unborn(tmp_path / "bundle"):
        pass  # pragma: no cover
    with unborn(tmp_path / "other") as partial:
        (tmp_path / "other").mkdir()
        with pytest.raises(StaleState):
            born(partial, tmp_path / "other")


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / ".bundle.partial").mkdir()
    descriptor = os.open(tmp_path / ".bundle.partial", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(StorageUnavailable, match="somebody else"), unborn(tmp_path / "bundle"):
            pass  # pragma: no cover
    finally:
        os.close(descriptor)
