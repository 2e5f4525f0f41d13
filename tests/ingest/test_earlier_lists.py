"""What is known of an earlier look at a camera's card."""

from __future__ import annotations

from pathlib import Path

from ingest.manifest import Manifest
from storage.earlier import newest_list
from tests.crashes.offices import fill
from tests.ingest.examining import Came, examine
from yihu.erasing import erase
from yihu.wiring import Office


def test_the_newest_list_before_an_entry_is_read_back_from_the_vault(office: Office, tmp_path: Path) -> None:
    first = examine(office, Came(fill(tmp_path / "card", {b"DCIM/1.MP4": b"1"}))).listed
    second = examine(office, Came(fill(tmp_path / "card", {b"DCIM/2.MP4": b"2"}))).listed

    assert newest_list(office.engine, office.vault, first.device, before=first.number) is None
    for listed, before in ((first, second.number), (second, second.number + 1)):
        found = newest_list(office.engine, office.vault, first.device, before=before)
        assert found is not None
        assert found.seq == listed.number
        assert found.rows is not None
        assert Manifest.from_json(found.rows) == listed.manifest


def test_of_a_camera_that_was_erased_the_list_is_not_told(office: Office, tmp_path: Path) -> None:
    listed = examine(office, Came(fill(tmp_path / "card", {b"DCIM/1.MP4": b"1"}))).listed
    erase(office, listed.device, reason="样例")

    found = newest_list(office.engine, office.vault, listed.device, before=listed.number + 1)

    assert found is not None
    assert (found.seq, found.rows) == (listed.number, None)
