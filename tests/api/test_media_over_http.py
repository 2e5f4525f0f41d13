"""Bytes of footage over HTTP: whole, in part, not at all, and never wrong ones to the end."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.footage import Wanted, choose, compare
from api.media import PIECE, disposition
from storage.errors import DigestMismatch, EvidenceError, SourceChanged, StorageUnavailable
from storage.evidence import Role, Subject
from storage.objects import Bucket
from tests.api.asking_for import let
from tests.api.conftest import As
from tests.api.small_office import SmallOffice

CONTENT = os.urandom(2 * PIECE + 4321)
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'


def viewing(client: TestClient, clip: Subject, what: str = "review") -> str:
    granted = client.post("/api/viewings", json={"clip": str(clip), "reason": "办案需要", "what": what})
    assert granted.status_code == 201, granted.text
    return str(granted.json()["media"])


@pytest.fixture
def media(office: SmallOffice, clerk: TestClient) -> str:
    """Where a review copy of those bytes can be had."""
    return viewing(clerk, office.clip(CONTENT))


def test_the_whole_is_given_with_everything_a_player_needs(clerk: TestClient, media: str) -> None:
    answer = clerk.get(media)

    assert answer.status_code == 200
    assert answer.content == CONTENT
    expected = {"etag": ETAG, "accept-ranges": "bytes", "content-type": "video/mp4", "content-length": str(len(CONTENT))}
    assert {name: answer.headers[name] for name in expected} == expected


def test_a_part_is_read_from_the_store_as_a_part(clerk: TestClient, media: str, office: SmallOffice) -> None:
    """Seeking in an hour of film reads what is played, not the hour."""
    answer = clerk.get(media, headers={"Range": "bytes=1000-1999"})

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(CONTENT)}"
    assert answer.content == CONTENT[1000:2000]
    assert office.store.openings[-1][1:] == (1000, 2000)


def test_head_tells_the_same_and_opens_nothing(clerk: TestClient, media: str, office: SmallOffice) -> None:
    answer = clerk.head(media, headers={"Range": "bytes=0-1"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["etag"] == ETAG
    assert office.store.openings == []


def test_a_range_beyond_the_end_is_a_problem_that_tells_the_size(clerk: TestClient, media: str) -> None:
    answer = clerk.get(media, headers={"Range": f"bytes={len(CONTENT)}-"})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
    assert answer.json()["type"] == "/problems/range"


def test_several_ranges_are_answered_with_the_whole(clerk: TestClient, media: str) -> None:
    assert clerk.get(media, headers={"Range": "bytes=0-1,4-5"}).content == CONTENT


@pytest.mark.parametrize(("header", "status"), [("If-None-Match", 304), ("If-Match", 200)])
def test_preconditions_are_about_the_digest_of_the_bytes(clerk: TestClient, media: str, header: str, status: int) -> None:
    answer = clerk.get(media, headers={header: ETAG})

    assert answer.status_code == status
    assert answer.headers["etag"] == ETAG


def test_whoever_insists_on_other_bytes_gets_a_problem(clerk: TestClient, media: str) -> None:
    answer = clerk.get(media, headers={"If-Match": '"other"'})

    assert (answer.status_code, answer.json()["type"]) == (412, "/problems/precondition")


def test_footage_can_load_and_run_nothing(clerk: TestClient, media: str) -> None:
    headers = clerk.get(media).headers

    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_an_original_is_handed_out_under_the_name_the_camera_gave_it(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"original", review=b"review", name='现场"检查\\1.mp4')

    let(office, clerk, clip)
    answer = clerk.get(viewing(clerk, clip, "original"))

    assert answer.content == b"original"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"______1.mp4\"; filename*=UTF-8''%E7%8E%B0%E5%9C%BA%22%E6%A3%80%E6%9F%A5%5C1.mp4"
    )


@given(st.text(min_size=1, max_size=80).filter(str.isprintable))
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    header = disposition(name)

    assert header.isascii()
    assert header.count('"') == 2
    assert not set(header) & set("\r\n\0")


def test_an_empty_file_is_given_as_it_is(office: SmallOffice, clerk: TestClient) -> None:
    clip = office.clip(b"", review=b"r")
    let(office, clerk, clip)
    answer = clerk.get(viewing(clerk, clip, "original"))

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def test_a_store_that_is_away_is_said_before_anything_is_sent(office: SmallOffice, clerk: TestClient, media: str) -> None:
    office.store.fault = StorageUnavailable("store at 10.1.2.3 is away")

    answer = clerk.get(media)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"] == "StorageUnavailable"
    assert "10.1.2.3" not in answer.text


def flip_a_bit(office: SmallOffice) -> None:
    """Change one bit in the middle of every review copy in the store."""
    for path in (office.store.store._root / Bucket.INDEX).rglob("*.bytes"):
        path.chmod(0o600)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


def test_wrong_bytes_are_never_given_to_the_end(office: SmallOffice, as_: As, clerk: TestClient, media: str) -> None:
    """A flipped bit in the store breaks the connection before the last piece: nobody can take it for the whole."""
    flip_a_bit(office)
    client = TestClient(clerk.app, headers=dict(clerk.headers))

    with pytest.raises(RuntimeError, match="already started") as broken:
        client.get(media)

    assert isinstance(broken.value.__cause__, DigestMismatch)


def test_a_store_that_ends_early_never_looks_whole(office: SmallOffice, clerk: TestClient, media: str) -> None:
    office.store.ends_early = True
    client = TestClient(clerk.app, headers=dict(clerk.headers))

    with pytest.raises(RuntimeError, match="already started") as broken:
        client.get(media, headers={"Range": "bytes=0-"})

    assert isinstance(broken.value.__cause__, SourceChanged)


def test_an_object_that_its_store_describes_otherwise_than_the_ledger_is_a_contradiction(office: SmallOffice) -> None:
    catalog, clip = office.services.catalog, office.clip(b"footage")
    footage = choose(catalog.clip(clip), catalog.derivatives(clip), Wanted.REVIEW)
    stored = office.store.describe(footage.name, footage.version)

    compare(footage, stored)
    for wrong in (replace(stored, size=8), replace(stored, sha256=replace(stored.sha256, value=b"0" * 32))):
        with pytest.raises(EvidenceError, match="expected"):
            compare(footage, wrong)


def test_a_poster_is_shown_without_an_entry(office: SmallOffice, clerk: TestClient) -> None:
    """A list of two hundred clips is not two hundred viewings; see the module."""
    clip = office.clip(b"film", poster=b"jpeg")

    answer = clerk.get(f"/api/clips/{clip}/poster")

    assert (answer.content, answer.headers["content-type"]) == (b"jpeg", "image/jpeg")
    assert office.entries("ACCESSED") == []


def test_a_poster_that_was_never_made_is_not_found(office: SmallOffice, clerk: TestClient) -> None:
    assert clerk.get(f"/api/clips/{office.clip(b'film')}/poster").status_code == 404


def test_a_role_without_footage_gets_no_poster_either(office: SmallOffice, as_: As) -> None:
    clip = office.clip(b"film", poster=b"jpeg")

    assert as_(Role.ADMINISTRATOR).get(f"/api/clips/{clip}/poster").status_code == 403


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, len(CONTENT) + 5), length=st.integers(1, len(CONTENT)))
def test_any_range_is_a_slice(clerk: TestClient, media: str, first: int, length: int) -> None:
    answer = clerk.get(media, headers={"Range": f"bytes={first}-{first + length - 1}"})

    expected = CONTENT[first : first + length]
    assert answer.status_code == (206 if expected else 416)
    assert not expected or answer.content == expected
