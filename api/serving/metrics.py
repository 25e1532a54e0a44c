"""Prometheus metrics: requests, latencies, and the state of the platform."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.models.common import Made
from api.reading.lake import LakeReader
from api.reading.sources import Rows
from api.reading.spans import Span
from api.routes.accuracy import measure
from trend_assets.lake.connection import LakeError

_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAGS = "SELECT source, max(hour) AS hour FROM collection_status GROUP BY source ORDER BY hour DESC LIMIT 50"
_NEWEST = """
    SELECT label, max(horizon_hours) AS hours, max(cut) AS cut FROM prediction_outcomes
    WHERE made = 'live' GROUP BY label
"""
_ALERTS = "SELECT state, count(*) AS alerts FROM alerts GROUP BY state"
_LOAD = "SELECT step, waiting, postponed_hours FROM load_checks ORDER BY checked_at DESC LIMIT 1"
_UNKNOWN = (math.nan, math.nan, math.nan)
_UNDELIVERED = ("waiting", "held", "retrying")
_SCORED = (Rows("predictions", ()), Rows("prediction_outcomes", ()))


class Meters:
    """The application's own registry, so that two applications in one process do not mix.

    What is not known is NaN, never zero.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "trend_api_requests", "Requests answered.", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "trend_api_request_seconds", "Time to answer (s).", ("route",), registry=self.registry, buckets=_BUCKETS
        )
        self.readable = Gauge("trend_lake_readable", "1 where the lake can be read.", registry=self.registry)
        self.snapshot = Gauge("trend_lake_snapshot", "The lake's newest snapshot.", registry=self.registry)
        self.lag = Gauge(
            "trend_collection_lag_seconds",
            "Since the end of the newest hour collected of a source (s).",
            ("source",),
            registry=self.registry,
        )
        self.forecast_age = Gauge("trend_forecast_age_seconds", "Since the newest cut (s).", registry=self.registry)
        self.ndcg = Gauge(
            "trend_live_ndcg_at_10",
            "NDCG@10 of live forecasts over the week before the newest scored one, beside counting.",
            ("label", "ranking"),
            registry=self.registry,
        )
        self.undelivered = Gauge(
            "trend_alerts_undelivered",
            "Alerts that are still to be delivered, by state.",
            ("state",),
            registry=self.registry,
        )
        self.load = Gauge(
            "trend_load_step",
            "What gives way at the last look: 0 nothing, 1 batches are larger, 2 embeddings postponed, 3 sampled.",
            registry=self.registry,
        )
        self.waiting = Gauge("trend_load_waiting_events", "Events that waited then.", registry=self.registry)
        self.postponed = Gauge(
            "trend_load_postponed_hours", "Hours whose embeddings were still to come then.", registry=self.registry
        )
        self.runs = Gauge(
            "trend_dagster_runs",
            "Runs that are queued and started; absent where Dagster does not answer.",
            ("state",),
            registry=self.registry,
        )
        self._measured: object = None

    def count_runs(self, queues: Mapping[str, int] | None) -> None:
        """Notes Dagster's queues; None where they are not known."""
        self.runs.clear()
        for state, count in (queues or {}).items():
            self.runs.labels(state).set(count)

    def exposition(self, lake: LakeReader) -> bytes:
        """Everything in Prometheus' text format."""
        try:
            self._look(lake)
            self.readable.set(1)
        except LakeError:
            self.readable.set(0)
        return generate_latest(self.registry)

    def _look(self, lake: LakeReader) -> None:
        snapshot = lake.catalog_snapshot()
        now = datetime.now(UTC)
        self.snapshot.set(snapshot.number)
        self.lag.clear()
        for row in lake.read(_LAGS).iter_rows(named=True):
            self.lag.labels(row["source"]).set((now - row["hour"]).total_seconds() - 3600)
        cut = lake.newest("predictions", "cut")
        self.forecast_age.set((now - cut).total_seconds() if cut else math.nan)
        for state in _UNDELIVERED:
            self.undelivered.labels(state).set(0)
        for state, count in lake.read(_ALERTS).iter_rows():
            if state in _UNDELIVERED:
                self.undelivered.labels(state).set(count)
        self._look_at_load(lake)
        scored = [source.now(snapshot, lake) for source in _SCORED]
        if scored != self._measured:
            self._measure(lake)
            self._measured = scored

    def _look_at_load(self, lake: LakeReader) -> None:
        looks = lake.read(_LOAD).rows() if lake.has("load_checks") else []
        # A zero would say that nothing waits, where nobody has looked yet.
        for gauge, value in zip((self.load, self.waiting, self.postponed), next(iter(looks), _UNKNOWN), strict=True):
            gauge.set(value)

    def _measure(self, lake: LakeReader) -> None:
        self.ndcg.clear()
        for row in lake.read(_NEWEST).iter_rows(named=True):
            week = Span(row["cut"] - _WEEK, row["cut"] + _HOUR)
            for ranking in measure(lake, row["label"], row["hours"], None, Made.LIVE, week).overall:
                self.ndcg.labels(row["label"], ranking.ranking).set(ranking.ndcg_at_10)


class Metered:
    """ASGI middleware: counts and times every request by its route pattern, never by its parameters."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, counted and timed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            route = _route(scope)
            self._meters.requests.labels(route, scope["method"], status).inc()
            # How long somebody listens tells nothing of how quick an answer is.
            if route != "/stream":
                self._meters.seconds.labels(route).observe(time.perf_counter() - began)


def _route(scope: Scope) -> str:
    """The route's pattern: a path with a topic in it would make a new series for every topic."""
    found = scope.get("route")
    if found is not None:
        return str(found.path)
    first = scope["path"].split("/")[1]
    return f"/{first}" if first in _ROUTES else "other"


#: First parts of paths; answers from memory and refusals never reach the router.
_ROUTES = frozenset(
    (
        "health",
        "predictions",
        "topics",
        "events",
        "collection",
        "training",
        "accuracy",
        "alerts",
        "export",
        "metrics",
        "runs",
        "scheduler",
        "stream",
    )
)
