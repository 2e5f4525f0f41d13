"""
Metrics in the form of Prometheus: numbers, with labels out of short lists that name nobody.

Requests are counted by the template of their route, never by what stood in its place. What the office is like is asked when
somebody scrapes; a database that is away leaves those numbers out and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from api.access.queries import alarms_since
from api.checks import is_ready
from storage.clips import DEPOSITED, SECURED
from storage.errors import YihuError

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from api.desk import Desk

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
_GAUGES = {
    "head": ("yihu_head_age_seconds", "age of the oldest entry that no checkpoint covers"),
    "anchor": ("yihu_anchor_age_seconds", "age of the oldest entry that the witnesses do not hold"),
    "spool": ("yihu_spool_free_bytes", "bytes that may still come into the spool"),
    "time": ("yihu_time_error_milliseconds", "how far the clock of this machine may be off"),
}


class Metrics:
    """The numbers of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "yihu_request_seconds",
            "time until the last byte of an answer",
            ("method", "route", "status"),
            registry=self._registry,
            buckets=_SECONDS,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that is over."""
        self._requests.labels(known(method), route, str(status)).observe(seconds)

    def text(self, desk: Desk) -> bytes:
        """Write all numbers."""
        office = CollectorRegistry()
        office.register(_OfOffice(desk))
        return generate_latest(self._registry) + generate_latest(office)


def known(method: str) -> str:
    """Return the method if it is one; anybody can make others up."""
    return method if method in _METHODS else "other"


class _OfOffice(Collector):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Ask for what is so now."""
        yield CounterMetricFamily("yihu_strangers", "requests without a sign-in", value=self._desk.strangers.count)
        with suppress(YihuError):  # the check of the database says it
            yield from self._clips()
            yield from self._alarms()
        yield from self._checks()

    def describe(self) -> Iterator[Metric]:
        """Say nothing before it is asked."""
        return iter(())

    def _clips(self) -> Iterator[Metric]:
        counts = self._desk.services.catalog.counts()
        devices = counts.pop("devices")
        clips = GaugeMetricFamily("yihu_clips", "clips by state", labels=["state"])
        for state, count in sorted(counts.items()):
            clips.add_metric([state], count)
        yield clips
        yield GaugeMetricFamily("yihu_devices", "cameras that were met", value=devices)
        queue = GaugeMetricFamily("yihu_queue", "what waits for a step", labels=["step"])
        queue.add_metric(["deposit"], counts.get(SECURED, 0))
        queue.add_metric(["render"], counts.get(DEPOSITED, 0))
        intake = self._desk.services.intake
        if intake is not None:
            queue.add_metric(["receive"], sum(1 for _ in intake.receiving.each()))
        yield queue

    def _alarms(self) -> Iterator[Metric]:
        services = self._desk.services
        recent = alarms_since(services.engine, services.clock() - timedelta(days=1))
        yield GaugeMetricFamily(
            "yihu_bulk_access_alarms", "alarms within a day that somebody opened very many clips", value=recent
        )

    def _checks(self) -> Iterator[Metric]:
        operations = self._desk.services.operations
        found = () if operations is None else operations.checks()
        yield GaugeMetricFamily("yihu_ready", "whether everything that is needed is there", value=is_ready(found))
        states = GaugeMetricFamily("yihu_check", "0 failed, 1 somebody should look, 2 well", labels=["name"])
        for check in found:
            states.add_metric([check.name], {"failed": 0, "warn": 1, "ok": 2}[check.state])
            if check.value is not None and check.name in _GAUGES:
                yield GaugeMetricFamily(*_GAUGES[check.name], value=check.value)
        yield states
