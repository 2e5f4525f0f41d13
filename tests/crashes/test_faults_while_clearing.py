"""Under random faults and meddling, what is gone from a camera's card is safe."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from sqlite3 import OperationalError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.progress import Progress, Step
from storage.testing import Moment
from tests.crashes.offices import touch
from tests.crashes.test_lost_writes import Fault, spoil_calls, spoil_commits
from tests.ingest.clearable import Place, gone_and_not_safe, originals
from tests.yihu.whole_office import audited
from yihu.wiring import now


@pytest.fixture
def made(quick_path: Path) -> Place:
    return Place.made(quick_path / "template", files=2)


def append(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"more")


def overwrite(file: Path) -> None:
    file.write_bytes(b"\x07" * file.stat().st_size)


def overwrite_unseen(file: Path) -> None:
    before = file.stat()
    file.write_bytes(b"\x08" * before.st_size)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def rename(file: Path) -> None:
    file.rename(file.with_name(f"other-{file.name}"))


def replace(file: Path) -> None:
    file.unlink()
    file.write_bytes(b"quite another")


MEDDLING: list[Callable[[Path], object]] = [
    append,
    overwrite,
    overwrite_unseen,
    rename,
    replace,
    lambda file: touch(file, now()),
    lambda file: os.link(file, file.with_name(f"again-{file.name}")),
]
"""What may become of a file between proving and removing, or while it is read."""


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, len(MEDDLING) - 1)), max_size=3),
    st.integers(1, 8),
    st.sampled_from(["before", "after"]),
    st.sampled_from([0, 1]),
)
def test_whatever_happens_what_is_gone_from_the_card_is_safe(
    made: Place, quick_path: Path, meddling: list[tuple[int, int]], number: int, moment: Moment, begun: int
) -> None:
    """Every content that was on the card when clearing began is there still, or stored, proved and held outside."""
    place = made.copied(quick_path / "copy")
    files = sorted(place.card.rglob("*.MP4"))
    proven = place.prove()
    before: dict[str, str] = {}

    def meddle(progress: Progress) -> None:
        nonlocal begun
        begun += 1
        if begun == 2:
            for which, how in meddling:
                # the fault may hit whoever meddles, too
                with suppress(OSError):
                    MEDDLING[how](files[which])
            before.update(originals(place.card))

    if begun:
        meddle(Progress(Step.LISTED, "", 0))
    fault = Fault(number, moment, lambda: OSError(5, "Input/output error"))
    with pytest.MonkeyPatch.context() as patch:
        spoil_calls(patch, str(place.home.parent), fault)
        spoil_commits(place.office, Fault(number, moment, lambda: OperationalError("disk I/O error")))
        place.clear(proven, watcher=meddle)
    place.restarted()

    assert gone_and_not_safe(place, before) == []
    place.clear()
    assert gone_and_not_safe(place, before) == []
    assert audited(place.office) == []
    place.close()
