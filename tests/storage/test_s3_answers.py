"""
What we make of answers that no server we know gives when it is well: nothing is believed that was not said.

The answers come from a script instead of a server; what real servers answer is tried in ``tests/contracts``.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3

from storage.canary import try_the_lock
from storage.errors import EvidenceError, Refused, RetentionRefused, SourceChanged, StorageUnavailable, YihuError
from storage.objects import Bucket, ObjectName, Promise
from storage.s3 import S3Store
from storage.s3_wire import http_pool

NAME = ObjectName(Bucket.EVIDENCE, "clips/1/original")
Answer = tuple[int, dict[str, str], str]

BEGUN: Answer = (200, {}, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
SENT: Answer = (200, {"ETag": '"e"'}, "")
ABORTED: Answer = (204, {}, "")


def version(key: str) -> str:
    """One line of a list of versions."""
    size = "<Size>1</Size><LastModified>2026-11-22T08:00:00.000Z</LastModified>"
    return f"<Version><Key>{key}</Key><VersionId>v9</VersionId>{size}</Version>"


class Scripted(urllib3.PoolManager):
    """Gives answers from a list, and notes what was asked."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers, self.asked = list(answers), list[str]()

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> urllib3.BaseHTTPResponse:  # type: ignore[override]  # noqa: ANN401, ARG002, FBT001, FBT002 - as urllib3 has it
        """Answer the next request."""
        self.asked.append(f"{method} {url.partition('9000')[2]}")
        status, headers, text = self.answers.pop(0)
        headers = {"content-type": "application/xml" if text.startswith("<") else "text/plain", **headers}
        return urllib3.HTTPResponse(
            io.BytesIO(text.encode()), headers, status, preload_content=kw.get("preload_content", True), request_method=method
        )


def store_of(*answers: Answer) -> tuple[S3Store, Scripted]:
    script = Scripted(*answers)
    return S3Store("http://127.0.0.1:9000", access_key="a", secret_key="s" * 8, http=script), script


def put(store: S3Store, data: bytes = b"xyz", promised: bytes = b"xyz") -> object:
    return store.deposit(NAME, lambda: io.BytesIO(data), Promise.of_bytes(promised), retain_until=None)


def error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>because</Message></Error>"


def test_nothing_is_sent_twice() -> None:
    pool = http_pool()

    assert pool.connection_pool_kw["retries"].total is False


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "ftp://127.0.0.1", "http://", "http://127.0.0.1/path"])
def test_an_endpoint_is_a_scheme_and_a_host(endpoint: str) -> None:
    with pytest.raises(ValueError, match="expected http://HOST:PORT"):
        S3Store(endpoint, access_key="a", secret_key="s" * 8)


@pytest.mark.parametrize(
    ("answer", "failure", "words"),
    [
        ((200, {}, "<InitiateMultipartUploadResult/>"), EvidenceError, "no upload id"),
        ((200, {}, "<not xml"), StorageUnavailable, "beginning"),
        ((200, {}, error("InternalError")), StorageUnavailable, "InternalError"),
        ((301, {"location": "http://127.0.0.1:1/"}, ""), EvidenceError, "beginning"),
        ((400, {}, "no"), EvidenceError, "beginning"),
        ((403, {}, error("AccessDenied")), Refused, "AccessDenied: because"),
        ((403, {}, "no"), Refused, "beginning"),
        ((403, {}, error("RequestTimeTooSkewed")), Refused, "RequestTimeTooSkewed"),
        ((400, {}, error("ExpiredToken")), Refused, "ExpiredToken"),
        ((409, {}, error("OperationAborted")), StorageUnavailable, "OperationAborted"),
        ((429, {}, "later"), StorageUnavailable, "HTTP 429"),
        ((500, {}, error("InternalError")), StorageUnavailable, "InternalError"),
        ((503, {}, ""), StorageUnavailable, "HTTP 503"),
    ],
)
def test_an_upload_that_was_not_begun_is_no_upload(answer: Answer, failure: type[YihuError], words: str) -> None:
    store, script = store_of(answer)

    with pytest.raises(failure, match=words):
        put(store)

    assert len(script.asked) == 1


def test_a_part_without_etag_is_not_taken_for_sent_and_the_upload_is_aborted() -> None:
    store, script = store_of(BEGUN, (200, {}, ""), ABORTED)

    with pytest.raises(EvidenceError, match="no ETag"):
        put(store)

    assert script.asked[-1] == "DELETE /evidence/clips/1/original?uploadId=u1"


def test_the_first_failure_is_raised_even_if_aborting_fails_too() -> None:
    store, _ = store_of(BEGUN, (403, {}, error("AccessDenied")), (503, {}, ""))

    with pytest.raises(Refused, match="sending part 1"):
        put(store)


def test_a_version_that_is_not_named_is_not_kept_quiet() -> None:
    store, _ = store_of(BEGUN, SENT, (200, {}, "<CompleteMultipartUploadResult/>"))

    with pytest.raises(EvidenceError, match="versioning is not enabled"):
        put(store)


def test_an_error_inside_a_success_is_an_error() -> None:
    store, _ = store_of(BEGUN, SENT, (200, {}, f'<?xml version="1.0"?>{error("InvalidPart")}'))

    with pytest.raises(EvidenceError, match="InvalidPart"):
        put(store)


@pytest.mark.parametrize(("given", "promised"), [(b"xy", b"xyz"), (b"xyz!", b"xyz"), (b"", b"xyz")])
def test_even_below_the_gate_no_other_number_of_bytes_is_completed(given: bytes, promised: bytes) -> None:
    store, script = store_of(BEGUN, *([ABORTED] if len(given) < len(promised) else [SENT, ABORTED]))

    with pytest.raises(SourceChanged):
        put(store, given, promised)

    assert script.asked[-1].startswith("DELETE")


def test_even_below_the_gate_no_byte_is_left_out_of_an_empty_object() -> None:
    store, script = store_of()

    with pytest.raises(SourceChanged):
        put(store, b"x", b"")

    assert script.asked == []


@pytest.mark.parametrize("stands", [False, True], ids=["nothing stands there", "something else stands there"])
def test_a_lost_answer_stays_lost_unless_our_object_stands_there(stands: bool) -> None:  # noqa: FBT001 - a case of a table
    line = version(NAME.key)
    listed: Answer = (200, {}, f"<ListVersionsResult><Name>evidence</Name>{line if stands else ''}</ListVersionsResult>")
    other = {"x-amz-meta-sha256": "0" * 64, "x-amz-meta-blake3": "0" * 64, "x-amz-version-id": "v9", "content-length": "1"}
    store, script = store_of(BEGUN, SENT, (404, {}, error("NoSuchUpload")), listed, (200, other, ""))

    with pytest.raises(StorageUnavailable, match="completing"):
        put(store)

    assert len(script.answers) == (0 if stands else 1)


def test_unfinished_uploads_are_looked_for_on_every_page() -> None:
    def page(uploads: str, *, more: bool) -> Answer:
        marks = "<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>m</NextUploadIdMarker>" if more else ""
        text = f"<R xmlns='urn:s3'>{uploads}{marks}<IsTruncated>{str(more).lower()}</IsTruncated></R>"
        return (200, {}, text)

    mine, other = f"<Key>{NAME.key}</Key>", f"<Key>{NAME.key}.manifest</Key>"
    first = (
        f"<Upload>{mine}<UploadId>1</UploadId></Upload><Upload>{other}<UploadId>2</UploadId></Upload><Upload>{mine}</Upload>"
    )
    second = f"<Upload>{mine}<UploadId>3</UploadId></Upload>"
    gone: Answer = (404, {}, error("NoSuchUpload"))
    store, script = store_of(page(first, more=True), page(second, more=False), ABORTED, gone)

    assert store.abandon(NAME) == 1

    assert "key-marker=k&upload-id-marker=m" in script.asked[1]
    assert [asked.rpartition("=")[2] for asked in script.asked[2:]] == ["1", "3"]


def test_a_list_that_never_ends_is_left() -> None:
    stuck = "<R><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>m</NextUploadIdMarker><IsTruncated>true</IsTruncated></R>"
    store, script = store_of((200, {}, stuck), (200, {}, stuck))

    assert store.abandon(NAME) == 0

    assert len(script.asked) == 2


def test_a_whole_object_is_not_taken_for_the_range_that_was_asked_for() -> None:
    store, _ = store_of((200, {}, "whole object"))

    with pytest.raises(EvidenceError, match="the store gave the whole"), store.open(NAME, version="v", start=3, end=5):
        pass


def test_bytes_that_end_early_are_no_end() -> None:
    store, _ = store_of((200, {"content-length": "9"}, "short"))

    with store.open(NAME, version="v") as readable:
        assert readable.read(5) == b"short"
        with pytest.raises(StorageUnavailable, match="reading evidence/clips/1/original version v"):
            readable.read(5)
    assert readable.read(0) == b""


def test_what_is_gone_already_is_disposed_of() -> None:
    store, script = store_of((404, {}, error("NoSuchVersion")))

    store.dispose(NAME, "v")

    assert script.asked == ["DELETE /evidence/clips/1/original?versionId=v"]


@pytest.mark.parametrize("key", ["../x", "folder/", "a//b"])
def test_a_key_that_is_none_of_ours_is_not_passed_over_in_a_listing(key: str) -> None:
    line = version(key)
    store, _ = store_of((200, {}, f"<ListVersionsResult><Name>evidence</Name>{line}</ListVersionsResult>"))

    with pytest.raises(EvidenceError, match="inventory of evidence"):
        list(store.inventory(Bucket.EVIDENCE))


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidRequest", "ObjectLocked"])
def test_every_server_has_its_own_word_for_a_lock(code: str) -> None:
    store, _ = store_of((403 if code == "AccessDenied" else 400, {}, error(code)))

    with pytest.raises(RetentionRefused, match=code):
        store.dispose(NAME, "v")


@pytest.mark.parametrize(
    ("act", "failure"),
    [
        (lambda store: store.dispose(NAME, "v"), Refused),
        (lambda store: store.hold(NAME, "v"), Refused),
        (lambda store: try_the_lock(store, now=datetime.now(UTC)), Refused),
    ],
)
def test_a_wrong_key_is_not_taken_for_a_lock(act: Callable[[S3Store], object], failure: type[YihuError]) -> None:
    store, _ = store_of((403, {}, error("InvalidAccessKeyId")))

    with pytest.raises(failure):
        act(store)


LOCKED = (
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
    "<Mode>{}</Mode><{unit}>{}</{unit}></DefaultRetention></Rule></ObjectLockConfiguration>"
)
VERSIONED: Answer = (200, {}, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")


def test_a_bucket_that_does_not_take_the_lock_it_was_given_is_refused() -> None:
    weak: Answer = (200, {}, LOCKED.format("GOVERNANCE", 1, unit="Days"))
    store, script = store_of((200, {}, ""), weak, (200, {}, ""), weak, VERSIONED)

    with pytest.raises(EvidenceError, match="expected COMPLIANCE for 30 days and versioning, found GOVERNANCE 1 Days"):
        store.prepare(days=30)

    assert script.asked[2] == "PUT /evidence?object-lock="


def test_a_bucket_that_keeps_for_years_is_left_alone() -> None:
    years: Answer = (200, {}, LOCKED.format("COMPLIANCE", 1, unit="Years"))
    store, script = store_of((200, {}, ""), years, years, VERSIONED, (200, {}, ""), VERSIONED)

    store.prepare(days=365)

    assert not any(asked.startswith("PUT") for asked in script.asked)


def test_what_keeps_us_from_reading_a_lock_is_not_taken_for_no_lock() -> None:
    store, _ = store_of((200, {}, ""), (403, {}, error("AccessDenied")))

    with pytest.raises(Refused, match="preparing bucket evidence"):
        store.prepare(days=1)
