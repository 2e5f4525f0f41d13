"""A camera is cleared against a real object store only once it withstood every attack with our own key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clear_policy import Reason
from storage.local_s3 import LocalS3
from storage.objects import ObjectStore
from storage.s3 import S3Store
from tests.ingest.clearable import Place, reasons
from yihu.clearing import LockShown
from yihu.wiring import now


@pytest.fixture
def place(quick_path: Path, seaweed: LocalS3) -> Place:
    store = ["", "[store]", 'kind = "s3"', f'endpoint = "{seaweed.endpoint}"', "shared = true"]
    keys = {"s3-access": seaweed.access_key, "s3-secret": seaweed.secret_key}
    return Place.made(quick_path / "place", "", "[clear]", 'policy = "at-once"', *store, keys=keys)


@pytest.mark.servers
def test_a_store_that_keeps_what_is_locked_is_enough(place: Place) -> None:
    report = place.clear()

    assert (report.removed, report.left, report.error) == (2, [], "")
    assert place.on_card() == set()
    place.close()


@pytest.mark.servers
def test_a_store_that_fell_to_an_attack_is_not(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yihu.clearing.try_the_lock", lambda *_args, **_kwargs: [])

    report = place.clear()

    assert (report.removed, reasons(report)) == (0, {Reason.STORE_UNTRUSTED})
    place.close()


@pytest.mark.servers
def test_the_attacks_are_made_again_after_a_day_and_not_before(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.canary import try_the_lock  # noqa: PLC0415

    tried = []

    def trying(store: S3Store, **when: object) -> object:
        tried.append(when)
        return try_the_lock(store, now=now())

    monkeypatch.setattr("yihu.clearing.try_the_lock", trying)
    moment = [now()]

    def store() -> ObjectStore:
        return place.office.store

    shown = LockShown(store, lambda: moment[0])
    assert shown()
    assert shown()
    assert len(tried) == 1
    moment[0] += timedelta(days=1)
    assert shown()
    assert len(tried) == 2
    # a clock that went back does not make an old word younger
    moment[0] -= timedelta(days=3)
    assert shown()
    assert len(tried) == 3
    place.close()
