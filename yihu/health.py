"""
Whether an office can work: what ``/readyz``, ``/metrics`` and ``yihu status`` say alike.

Everything is looked at each for itself; what is away is said and holds up nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from api.checks import Check, Operations
from ingest.time_source import time_source
from storage.errors import NotFound, StorageUnavailable, YihuError
from storage.evidence import utc_moment
from storage.objects import Bucket, ObjectName
from storage.office_ca import ends_at
from storage.vault import load_key
from yihu.language import either
from yihu.wiring import Office

_AHEAD = timedelta(days=30)

_NAMES = {
    "database": ("数据库", "database"),
    "store": ("对象存储", "store"),
    "head": ("检查点", "checkpoint"),
    "anchor": ("外部见证", "witnesses"),
    "spool": ("暂存盘", "spool"),
    "time": ("时间源", "time source"),
    "certificate": ("服务器证书", "certificate"),
}
_REASONS = {
    "": ("正常", "well"),
    "away": ("暂时无法访问", "away for now"),
    "contradiction": ("须人工核查", "needs a person"),
    "old": ("等待过久", "waited too long"),
    "no-witness": ("未设外部见证方", "there is no witness outside"),
    "full": ("空间不足", "no room"),
    "low": ("空间将尽", "little room"),
    "ending": ("即将到期", "runs out soon"),
    "ended": ("已到期", "has run out"),
    "unsynchronised": ("本机时钟未同步", "the clock of this machine is not kept in step"),
}


def operations_of(office: Office) -> Operations:
    """Return how the server of *office* is looked at."""
    rules = office.settings.operations
    token = load_key(office.home / rules.metrics_token).hex() if rules.metrics == "token" else ""
    return Operations(lambda: checks_of(office), rules.metrics, token)


def checks_of(office: Office) -> list[Check]:
    """Look at everything that is needed."""
    looks: dict[str, Callable[[Office], Check]] = {
        "database": _database,
        "store": _store,
        "head": _head,
        "anchor": _anchor,
        "spool": _spool,
        "time": _time,
    }
    if office.settings.web.certificate is not None:
        looks["certificate"] = _certificate
    return [_looked(name, look, office) for name, look in looks.items()]


def told(check: Check) -> tuple[str, str]:
    """Say in the person's language what was looked at, and how it is."""
    return either(*_NAMES[check.name]), either(*_REASONS[check.reason])


def _looked(name: str, look: Callable[[Office], Check], office: Office) -> Check:
    try:
        return look(office)
    except StorageUnavailable:
        return Check(name, "failed", "away")
    except YihuError:
        return Check(name, "failed", "contradiction")


def _database(office: Office) -> Check:
    office.catalog.recorded_at(0)
    return Check("database", "ok")


def _store(office: Office) -> Check:
    with suppress(NotFound):  # it answered, and nobody ever puts anything there
        office.store.describe(ObjectName(Bucket.INDEX, "readyz"))
    return Check("store", "ok")


def _head(office: Office) -> Check:
    note = office.log.latest()
    signed = 0 if note is None else office.log.keys.opened(note).size
    limit = timedelta(seconds=office.settings.operations.head_seconds)
    return _aged("head", office, signed, limit)


def _anchor(office: Office) -> Check:
    if office.log.anchors.policy() is None:
        return Check("anchor", "ok", "no-witness")
    limit = timedelta(hours=office.settings.operations.anchor_hours)
    return _aged("anchor", office, office.log.anchored_size(), limit)


def _aged(name: str, office: Office, covered: int, limit: timedelta) -> Check:
    """Look how long the first entry that is not covered has waited."""
    since = office.catalog.recorded_at(covered)
    age = max((office.clock() - utc_moment(since)).total_seconds(), 0.0) if since is not None else 0.0
    return Check(name, "failed" if age > limit.total_seconds() else "ok", "old" if age > limit.total_seconds() else "", age)


def _spool(office: Office) -> Check:
    reserve = office.settings.spool.reserve_mib * 2**20
    free = office.spool.free()
    if free <= 0:
        return Check("spool", "failed", "full", free)
    return Check("spool", "warn" if free < reserve else "ok", "low" if free < reserve else "", free)


def _certificate(office: Office) -> Check:
    """Warn a month ahead; one that has run out is a warning still: whoever can ask came past it, by a proxy or otherwise."""
    assert office.settings.web.certificate is not None  # noqa: S101 - whoever asks has looked
    left = (ends_at(office.home / office.settings.web.certificate) - office.clock()).total_seconds()
    if left > _AHEAD.total_seconds():
        return Check("certificate", "ok", "", left)
    return Check("certificate", "warn", "ending" if left > 0 else "ended", left)


def _time(office: Office) -> Check:
    source = time_source(office.settings.clock.source)
    if not source.synchronised:
        return Check("time", "warn", "unsynchronised", source.error_ms)
    return Check("time", "ok", "", source.error_ms)
