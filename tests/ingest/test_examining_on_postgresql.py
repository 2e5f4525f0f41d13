"""The same dockings, findings and events where the database is PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.rebuild import differences
from tests.crashes.offices import NO_RESERVE, NOT_RENDERED, fill
from tests.ingest.examining import Came, docked
from tests.servers.postgres_server import empty, postgres_server
from yihu.founding import found

MARKED = b"DCIM/DEMO-1_000001_20261124_150100_0001_IMP.MP4"
NAMED = b"DCIM/DEMO-1_000001_20261124_150100_0001.MP4"


@pytest.mark.postgres
def test_what_was_found_stands_there_too(tmp_path: Path) -> None:
    with postgres_server() as server, server.database(empty) as url:
        more = [*NO_RESERVE, *NOT_RENDERED, "", "[database]", f'url = "{url}"']
        office = found(tmp_path / "office", name="测试局", log="office.example/yihu/postgres", more=more)
        card = fill(tmp_path / "card", {MARKED: b"footage"})
        _, clips = docked(office, Came(card, shows="20261124160009"))
        (card / MARKED.decode()).rename(card / NAMED.decode())

        examination, _ = docked(office, Came(card, shows="20261124160009", needs_password=False))

        assert not (office.home / "yihu.db").exists()
        clip = office.catalog.clip(clips[MARKED.decode()])
        assert clip.findings == ("important", "importance-vanished")
        assert clip.corrected_at == "2026-11-24T07:00:51.000Z"
        assert office.dockings.findings(examination.listed.device) == {"importance-vanished": 1, "no-password": 1}
        last = office.dockings.last_measured(examination.listed.device)
        assert last is not None
        assert (last.offset_ms, last.needs_password) == (9_500, False)
        assert differences(office.engine, office.projector, office.vault) == []
        office.engine.dispose()
