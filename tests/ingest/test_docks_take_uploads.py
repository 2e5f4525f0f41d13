"""A dock that holds the spool all day deposits what was sent to the server beside it."""

from __future__ import annotations

import time
from pathlib import Path

from storage.announced import Announced
from storage.clips import DEPOSITED
from storage.evidence import Kind
from storage.identity import fresh
from tests.crashes.offices import founded
from tests.docksides import docks_running
from tests.yihu.whole_office import audited
from yihu.receiving import Turn, intake_of


def test_what_was_sent_is_deposited_by_the_dock_that_holds_the_spool(tmp_path: Path) -> None:
    office = founded(tmp_path)
    intake = intake_of(office)
    assert intake is not None
    operator = office.operator
    with docks_running(office):
        said = Announced(fresh(Kind.CLIP), operator.who, operator.role, 5, "footage", "a.mp4", "", "补录")
        upload = intake.receiving.begin(said)
        with upload.alone(), upload.writing() as writer:
            writer.absorb(b"bytes")
        assert intake.settle() == 1
        until = time.monotonic() + 20
        while office.catalog.clip(said.clip).state != DEPOSITED:
            assert time.monotonic() < until

    Turn(office, intake)()
    assert office.catalog.clip(said.clip).findings == ("uploaded",)
    assert list(office.spool.berths()) == []
    assert audited(office) == []
