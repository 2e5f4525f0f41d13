"""The servers that offices crash on, and a quick disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.fixtures import seaweed
from tests.servers.postgres_server import postgresql

__all__ = ["postgresql", "seaweed"]

_MEMORY = Path("/dev/shm")  # noqa: S108 - only for a directory of our own


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory, where there is one: what dies here is a process, and what it wrote outlives it there as well."""
    work = Path(tempfile.mkdtemp(prefix="yihu-crashes-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else tmp_path))
    yield work
    shutil.rmtree(work)
