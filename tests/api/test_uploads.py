"""Files over links that break: sent by a real client, broken anywhere, and what becomes of them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import time
from pathlib import Path

import pytest
import requests
from fastapi.testclient import TestClient
from tusclient.client import TusClient

from storage.berth import READING
from storage.evidence import Kind, Role, Subject
from storage.hashing import read_through
from storage.ledger.leaf import Leaf
from storage.receiving import Allowance
from storage.spool import Spool, verify_reading
from tests.api.small_office import SmallOffice
from tests.api.uploading import OCTETS, TUS, WeakLink, announced, metadata, receiving, serving_office

FILE = random.Random(6).randbytes(3_000_017)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def receiver(office: SmallOffice, spool: Path) -> SmallOffice:
    return receiving(office, spool)


def signed_in(office: SmallOffice, role: Role = Role.CLERK) -> TestClient:
    client = TestClient(office.app(), raise_server_exceptions=False)
    client.headers["Authorization"] = f"Bearer {office.token(role)[1]}"
    return client


@pytest.fixture
def sender(receiver: SmallOffice) -> TestClient:
    """A clerk of an office that receives."""
    return signed_in(receiver)


def begun(sender: TestClient, size: int = len(FILE), **said: str) -> str:
    answer = sender.post("/api/uploads", headers=announced(size, **said))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def sent(sender: TestClient, where: str, body: bytes, offset: int = 0) -> int:
    return sender.patch(where, content=body, headers={**OCTETS, "Upload-Offset": str(offset)}).status_code


def clip_of(where: str) -> Subject:
    return Subject.parse(where.rsplit("/", 1)[-1], Kind.CLIP)


def test_a_real_client_sends_a_file_and_it_becomes_a_clip(receiver: SmallOffice, spool: Path) -> None:
    account, token = receiver.token(Role.CLERK)
    with serving_office(receiver) as url:
        client = TusClient(f"{url}/api/uploads", headers={"Authorization": f"Bearer {token}"})
        said = {"filename": "路口.MP4", "from": "示例李", "reason": "群众提供", "sha256": hashlib.sha256(FILE).hexdigest()}
        uploader = client.uploader(file_stream=io.BytesIO(FILE), chunk_size=700_001, metadata=said)
        uploader.upload()

    clip = clip_of(str(uploader.url))
    known = receiver.services.catalog.clip(clip)
    assert (known.size, known.sha256.hex, known.name) == (len(FILE), hashlib.sha256(FILE).hexdigest(), "路口.MP4")
    [secured] = receiver.entries("SECURED")
    assert secured.entry.actor.who == account
    assert secured.entry.body["received"] == {"compared": ["sha256"], "what": "third-party"}
    assert secured.entry.personal["given"] == {"by": "示例李", "reason": "群众提供"}
    berth = Spool(spool, reserve=0).find(clip)
    assert berth is not None
    verify_reading(berth)
    assert berth.reading() == read_through(io.BytesIO(FILE), None, expected_size=len(FILE))


def test_a_link_may_break_at_any_byte(receiver: SmallOffice) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    token = receiver.token(Role.CLERK)[1]
    headers = {"Authorization": f"Bearer {token}"}
    with serving_office(receiver) as url:
        where = requests.post(f"{url}/api/uploads", headers={**headers, **announced(len(FILE))}, timeout=10).headers["location"]
        offset, breaks = 0, 0
        while offset < len(FILE) and breaks < 12:
            rest = FILE[offset:]
            WeakLink(url, token).patch(where, rest, offset=offset, breaks_after=chance.randrange(len(rest)))
            before, offset = offset, _asked(url + where, headers)
            assert before <= offset < len(FILE), f"seed {seed}"
            breaks += 1
        last = {**headers, **OCTETS, "Upload-Offset": str(offset)}
        answer = requests.patch(url + where, data=FILE[offset:], headers=last, timeout=10)

    assert answer.status_code == 204, f"seed {seed}"
    assert receiver.services.catalog.clip(clip_of(where)).sha256.hex == hashlib.sha256(FILE).hexdigest(), f"seed {seed}"


def _asked(url: str, headers: dict[str, str]) -> int:
    return int(requests.head(url, headers={**headers, **TUS}, timeout=10).headers["upload-offset"])


def test_asking_for_the_offset_ends_a_sender_whose_link_is_dead(receiver: SmallOffice, spool: Path) -> None:
    token = receiver.token(Role.CLERK)[1]
    headers = {"Authorization": f"Bearer {token}"}
    with serving_office(receiver) as url:
        where = requests.post(f"{url}/api/uploads", headers={**headers, **announced(len(FILE))}, timeout=10).headers["location"]
        part = spool / ".receiving" / clip_of(where).id / "original.part"
        with WeakLink(url, token).left_open(where, FILE, offset=0, breaks_after=1_700_000):
            until = time.monotonic() + 10
            while part.stat().st_size == 0 and time.monotonic() < until:
                pass  # until the server is in the middle of it
            offset = _asked(url + where, headers)
            last = {**headers, **OCTETS, "Upload-Offset": str(offset)}
            answer = requests.patch(url + where, data=FILE[offset:], headers=last, timeout=10)

    assert 0 < offset <= 1_700_000
    assert answer.status_code == 204


def test_what_was_not_durable_when_the_power_failed_is_sent_again(receiver: SmallOffice, spool: Path) -> None:
    sender = signed_in(receiver)
    where = begun(sender)
    sent(sender, where, FILE[:1_000_000])
    part = spool / ".receiving" / clip_of(where).id / "original.part"
    with part.open("ab") as lost:
        lost.write(b"\0" * 5000)

    again = signed_in(receiving(receiver, spool))  # the program was started anew
    again.headers["Authorization"] = sender.headers["Authorization"]
    assert again.head(where, headers=TUS).headers["upload-offset"] == "1000000"
    assert sent(again, where, FILE[1_000_000:], 1_000_000) == 204
    assert receiver.services.catalog.clip(clip_of(where)).sha256.hex == hashlib.sha256(FILE).hexdigest()


def test_a_file_that_is_not_what_was_announced_is_given_up(sender: TestClient, receiver: SmallOffice, spool: Path) -> None:
    where = begun(sender, 5, sha256=hashlib.sha256(b"other").hexdigest())

    answer = sender.patch(where, content=b"bytes", headers={**OCTETS, "Upload-Offset": "0"})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/digest")
    assert receiver.entries("SECURED") == []
    assert sender.head(where, headers=TUS).status_code == 404
    assert not any(path.is_file() for path in spool.rglob("*"))


def test_a_receipt_can_be_verified_by_a_stranger(sender: TestClient, receiver: SmallOffice) -> None:
    where = begun(sender, 5)
    assert sender.get(f"{where}/receipt").status_code == 409
    sent(sender, where, b"bytes")

    receipt = sender.get(f"{where}/receipt").json()

    assert receipt["sha256"] == f"sha256:{hashlib.sha256(b'bytes').hexdigest()}"
    leaf = Leaf.decode(receipt["leaf"].encode())
    assert (leaf.seq, leaf.type, leaf.subject) == (receipt["seq"], "SECURED", str(clip_of(where)))
    assert receipt["proof"] == receiver.services.log.proof(leaf.seq)
    assert "示例李" not in json.dumps(receipt, ensure_ascii=False)
    assert "路口" not in json.dumps(receipt, ensure_ascii=False)


def test_a_complete_upload_still_says_that_it_is(sender: TestClient) -> None:
    """The answer to the last bytes may be lost."""
    where = begun(sender, 5)
    sent(sender, where, b"bytes")

    assert sender.head(where, headers=TUS).headers["upload-offset"] == "5"
    assert sent(sender, where, b"", 5) == 409
    assert sender.delete(where, headers=TUS).status_code == 409


def test_nobody_else_may_touch_an_upload_and_the_refusal_is_recorded(receiver: SmallOffice, sender: TestClient) -> None:
    other = signed_in(receiver)
    where, whole = begun(sender, 5), begun(sender, 5)
    sent(sender, whole, b"bytes")

    answers = [other.head(where, headers=TUS), other.delete(where, headers=TUS), other.get(f"{whole}/receipt")]

    assert {answer.status_code for answer in answers} == {403}
    assert sent(other, where, b"bytes") == 403
    assert [entry.entry.body["about"] for entry in receiver.entries("REFUSED")] == [
        str(clip_of(w)) for w in (where, where, whole, where)
    ]


def test_bytes_go_where_the_offset_is_and_nowhere_else(sender: TestClient) -> None:
    where = begun(sender, 10)

    assert sent(sender, where, b"12345") == 204
    assert sent(sender, where, b"12345") == 409
    assert sent(sender, where, b"1234567", 5) == 409
    assert sent(sender, where, b"67", 7) == 409
    assert sender.patch(where, content=b"6", headers={**TUS, "Upload-Offset": "5"}).status_code == 415
    assert sender.patch(where, content=b"6", headers={"Upload-Offset": "5"}).status_code == 412
    assert sender.patch(where, content=b"6", headers={**OCTETS, "Upload-Offset": "-5"}).status_code == 422


def test_sizes_are_limited(office: SmallOffice, spool: Path) -> None:
    sender = signed_in(receiving(office, spool, Allowance(largest=100, each_account=150, most_open=3)))

    statuses = [sender.post("/api/uploads", headers=announced(size)).status_code for size in (101, 100, 60, 1, 1, 1)]

    assert statuses == [413, 201, 413, 201, 201, 413]


def test_a_spool_without_room_says_so(office: SmallOffice, spool: Path) -> None:
    sender = signed_in(receiving(office, spool, Allowance(largest=1 << 60, each_account=1 << 60)))

    answer = sender.post("/api/uploads", headers=announced(1 << 50))

    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/no-room")


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\Users\\x\\路口.mp4", "/srv/路口.mp4"])
def test_only_the_last_part_of_a_name_is_kept(sender: TestClient, receiver: SmallOffice, spool: Path, name: str) -> None:
    where = begun(sender, 5, filename=name)
    sent(sender, where, b"bytes")

    assert receiver.services.catalog.clip(clip_of(where)).name == name.replace("\\", "/").rsplit("/", 1)[-1]
    assert {path.name for path in spool.iterdir()} == {".receiving", clip_of(where).id}


@pytest.mark.parametrize(
    "said",
    [
        *({"filename": name} for name in ("..", "", "a\0b", "x" * 300)),
        *({"reason": reason} for reason in (" ", "x" * 501)),
        *({"from": giver} for giver in ("", "a\nb")),
        {"what": "gift"},
        {"sha256": "zz"},
    ],
    ids=repr,
)
def test_what_no_honest_sender_says_is_refused(sender: TestClient, said: dict[str, str]) -> None:
    assert sender.post("/api/uploads", headers=announced(5, **said)).status_code == 422


@pytest.mark.parametrize("header", ["filename not-base64!", "filename eA==,filename eA==", "filename /w=="])
def test_metadata_that_cannot_be_read_is_refused(sender: TestClient, header: str) -> None:
    assert sender.post("/api/uploads", headers={**TUS, "Upload-Length": "5", "Upload-Metadata": header}).status_code == 422


def test_only_what_is_not_whole_is_given_up_for_being_old(sender: TestClient, receiver: SmallOffice, spool: Path) -> None:
    intake = receiver.services.intake
    assert intake is not None
    where, whole = begun(sender, 5), begun(sender, 5)
    sent(sender, where, b"by")
    with intake.receiving.find(clip_of(whole)).alone(), intake.receiving.find(clip_of(whole)).writing() as writer:
        writer.absorb(b"bytes")
    for path in (spool / ".receiving").rglob("*"):
        os.utime(path, (0, 0))

    assert intake.receiving.give_up_abandoned() == [clip_of(where)]
    assert intake.settle() == 1
    assert intake.receiving.give_up_abandoned() == []
    assert sender.head(where, headers=TUS).status_code == 404
    assert receiver.services.catalog.clip(clip_of(whole)).size == 5


def test_the_abilities_are_told(sender: TestClient) -> None:
    answer = sender.options("/api/uploads", headers=TUS)

    assert (answer.status_code, answer.headers["tus-version"]) == (204, "1.0.0")
    assert answer.headers["tus-extension"] == "creation,termination,expiration"
    assert answer.headers["tus-resumable"] == "1.0.0"


def test_an_upload_can_be_given_up(sender: TestClient, spool: Path) -> None:
    where = begun(sender, 10)
    sent(sender, where, b"12345")

    assert sender.delete(where, headers=TUS).status_code == 204
    assert sender.head(where, headers=TUS).status_code == 404
    assert list(spool.rglob("*.part")) == list(spool.rglob(READING)) == []


def test_what_was_said_is_told_to_its_sender_again(sender: TestClient) -> None:
    where = begun(sender, 10)

    told = sender.head(where, headers=TUS).headers

    assert told["upload-metadata"] == metadata(filename="路口.MP4", **{"from": "示例李"}, reason="群众提供")
    assert "upload-expires" in told
