"""Copies to take away: asked with a reason, made with the name in the picture, fetched once for each viewing, and removed."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from ingest.copying import Copying
from ingest.tools import ask, find_tools
from ingest.watermark import escaped
from storage.catalog import Catalog
from storage.copies import Copies
from storage.database import writing
from storage.errors import StorageUnavailable
from storage.evidence import Role, Subject
from storage.objects import Bucket
from storage.testing import Moment
from tests.api.conftest import As
from tests.api.small_office import DOCK, SmallOffice
from tests.api.somebody import OWN, enrolled, sign_in
from tests.api.test_people_lost import spoil
from tests.crashes.test_lost_writes import MOMENTS
from yihu.footage import Medium, Scene, record

pytestmark = [pytest.mark.media]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of a film."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    record(path, medium=Medium.H264, scene=Scene(2, "640x360"), tools=find_tools(None))
    return path.read_bytes()


def worker(office: SmallOffice, room: Path) -> Copying:
    services = office.services
    return Copying(
        copies=Copies(services.engine),
        catalog=Catalog(services.engine),
        vault=office.vault,
        custody=services.custody,
        store=lambda: office.store.store,
        tools=lambda: find_tools(None),
        actor=DOCK,
        clock=office.clock,
        last=timedelta(hours=24),
        room=room,
    )


def want(client: TestClient, clip: Subject) -> Response:
    return client.post("/api/copies", json={"clip": str(clip), "reason": "听证会出示"}, headers=OWN)


def fetch(client: TestClient, clip: Subject, copy: str, reason: str = "听证会出示") -> Response:
    body = {"clip": str(clip), "what": "copy", "copy": copy, "reason": reason}
    return client.post("/api/viewings", json=body, headers=OWN)


def kept(office: SmallOffice) -> list[str]:
    return [line.name.key for line in office.store.store.inventory(Bucket.INDEX, "copies/")]


def test_the_name_stands_in_the_picture_and_the_digest_in_the_ledger(
    office: SmallOffice, stranger: TestClient, film: bytes, tmp_path: Path
) -> None:
    """By the pictures themselves: where the name stands there are other pixels, and elsewhere there are not."""
    enrolled(office, role=Role.CLERK)
    sign_in(stranger)
    clip = office.clip(film)
    copy = want(stranger, clip).json()["copy"]
    assert stranger.get(f"/api/copies/{copy}").json()["state"] == "asked"

    assert worker(office, tmp_path / "a ':,[];\\ room").advance() == 1

    line = stranger.get(f"/api/copies/{copy}").json()
    granted = fetch(stranger, clip, copy).json()
    marked = stranger.get(granted["media"])
    assert (line["state"], len(marked.content)) == ("made", line["size"])
    assert marked.headers["content-disposition"].startswith(f'attachment; filename="{copy}.mp4"')
    shot = _frame(marked.content, tmp_path / "marked.png")
    assert _differing(_frame(film, tmp_path / "plain.png"), shot) > 300
    if "YIHU_TEST_SHOTS" in os.environ:
        shutil.copy(tmp_path / "marked.png", Path(os.environ["YIHU_TEST_SHOTS"]) / "watermark.png")
    [made] = office.entries("COPY_MADE")
    assert made.entry.body["sha256"] == line["sha256"]
    [asked] = office.entries("COPY_ASKED")
    mark = asked.entry.personal["mark"]
    assert isinstance(mark, list)
    assert "样例员（zhang.san）" in mark
    assert office.entries("ACCESSED")[0].entry.body["copy"] == copy


def _frame(film: bytes, target: Path) -> bytes:
    source = target.with_suffix(".mp4")
    source.write_bytes(film)
    tools = find_tools(None)
    argv = [str(tools.ffmpeg), "-v", "error", "-y", "-i", str(source), "-frames:v", "1"]
    ended, grey = ask([*argv, "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"], timeout=timedelta(seconds=30))
    assert ended.well, ended.tail
    shown, _nothing = ask([*argv, "-f", "image2pipe", "-c:v", "png", "pipe:1"], timeout=timedelta(seconds=30))
    target.write_bytes(_nothing)
    assert shown.well
    return grey


def _differing(one: bytes, other: bytes) -> int:
    assert len(one) == len(other)
    return sum(1 for a, b in zip(one, other, strict=True) if abs(a - b) > 60)


def test_a_copy_is_fetched_once_for_each_viewing(office: SmallOffice, clerk: TestClient, film: bytes, tmp_path: Path) -> None:
    clip = office.clip(film)
    copy = want(clerk, clip).json()["copy"]
    worker(office, tmp_path / "room").advance()
    media = fetch(clerk, clip, copy).json()["media"]

    assert clerk.get(media, headers={"Range": "bytes=0-99"}).status_code == 206
    assert [clerk.get(media).status_code, clerk.get(media).status_code] == [200, 404]
    assert fetch(clerk, clip, copy).json()["media"] != media
    assert len(office.entries("ACCESSED")) == 2


def test_the_same_wish_is_the_same_copy_and_one_entry(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"footage")
    first, again = want(clerk, clip), want(clerk, clip)

    assert [first.status_code, again.status_code] == [202, 200]
    assert first.json() == again.json()
    assert len(office.entries("COPY_ASKED")) == 1


def test_another_persons_copy_is_refused_and_recorded(office: SmallOffice, as_: As) -> None:
    clerk, other, clip = as_(Role.CLERK), as_(Role.CLERK), office.clip(b"footage")
    copy = want(clerk, clip).json()["copy"]

    assert [other.get(f"/api/copies/{copy}").status_code, fetch(other, clip, copy).status_code] == [403, 403]
    assert [recorded.entry.body["about"] for recorded in office.entries("REFUSED")] == [str(clip)] * 2
    assert other.get("/api/copies").json() == []


def test_who_may_not_view_gets_no_copy(office: SmallOffice, as_: As) -> None:
    assert want(as_(Role.ADMINISTRATOR), office.clip(b"footage")).status_code == 403
    assert office.entries("COPY_ASKED") == []


def test_what_cannot_be_made_is_said(office: SmallOffice, clerk: TestClient, tmp_path: Path) -> None:
    """A review copy that ffmpeg cannot read, and one whose mark was erased."""
    broken, erased = office.clip(b"no film at all"), office.clip(b"neither")
    copies = [want(clerk, clip).json()["copy"] for clip in (broken, erased)]
    with writing(office.services.engine) as connection:
        office.vault.erase(connection, erased)
    worker(office, tmp_path / "room").advance()

    assert [clerk.get(f"/api/copies/{copy}").json()["state"] for copy in copies] == ["failed", "failed"]
    assert [recorded.entry.body["reason"] for recorded in office.entries("COPY_FAILED")] == ["unplayable", "erased"]
    assert fetch(clerk, broken, copies[0]).status_code == 404
    assert kept(office) == []


def test_a_copy_goes_when_its_time_is_over(office: SmallOffice, clerk: TestClient, film: bytes, tmp_path: Path) -> None:
    """Its object first, then the entry; and no other object with it."""
    clip, work = office.clip(film), worker(office, tmp_path / "room")
    copy = want(clerk, clip).json()["copy"]
    work.advance()
    assert [work.advance(), len(kept(office))] == [0, 1]
    office.clock.now += timedelta(hours=24)
    assert fetch(clerk, clip, copy).status_code == 404

    assert [work.advance(), work.advance()] == [1, 0]
    assert (kept(office), len(office.entries("COPY_REMOVED"))) == ([], 1)
    assert clerk.get(f"/api/copies/{copy}").json()["state"] == "removed"
    assert clerk.get(f"/api/clips/{clip}").json()["derivatives"] != []
    assert not list((tmp_path / "room").iterdir())


@MOMENTS
@pytest.mark.parametrize("step", ["ask", "make", "remove"])
def test_a_copy_that_broke_off_is_done_again(
    office: SmallOffice, clerk: TestClient, film: bytes, tmp_path: Path, moment: Moment, step: str
) -> None:
    clip, work = office.clip(film), worker(office, tmp_path / "room")
    fault = None
    if step == "ask":
        fault = spoil(office, 1, moment)
        assert want(clerk, clip).status_code == 503
    want(clerk, clip)
    if step == "make":
        fault = spoil(office, 1, moment)
        with pytest.raises(StorageUnavailable):
            work.advance()
    work.advance()
    office.clock.now += timedelta(hours=25)
    if step == "remove":
        fault = spoil(office, 1, moment)
        with pytest.raises(StorageUnavailable):
            work.advance()
    work.advance()

    assert fault is not None
    assert fault.hit
    assert [len(office.entries(f"COPY_{each}")) for each in ("ASKED", "MADE", "REMOVED")] == [1, 1, 1]
    assert kept(office) == []


@pytest.mark.parametrize(
    ("value", "written"), [("plain", "plain"), ("a:b", "a\\\\:b"), ("a'b", "a\\\\\\'b"), ("a,b[c];", "a\\,b\\[c\\]\\;")]
)
def test_no_part_of_a_value_is_taken_for_an_option(value: str, written: str) -> None:
    assert escaped(value) == written
