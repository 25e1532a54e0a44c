"""API latencies, from its own metrics."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st
from prometheus_client.parser import text_string_to_metric_families

from api.views.source import source
from api.views.words import table

_METER = "trend_api_request_seconds"


def latencies() -> None:
    """A table of routes: requests since the API started, and how long the middle and the slowest hundredth took."""
    rows = [
        [escape(route), f"{buckets[-1][1]:,.0f}", _milliseconds(buckets, 0.5), _milliseconds(buckets, 0.99)]
        for route, buckets in sorted(read_buckets(source().text("/metrics")).items())
        if buckets[-1][1]
    ]
    columns = (("Route", "topic"), ("Requests", "number"), ("Half within", "number"), ("99 % within", "number"))
    table("Time to answer since the API started", columns, rows)
    st.caption(
        "Counted by this API process since it started; times are read from a histogram. "
        "The first part of a path alone, as `/topics`, counts its answers from memory too."
    )


def read_buckets(text: str) -> dict[str, list[tuple[float, float]]]:
    """Cumulative counts by upper bound (s) of each route, from Prometheus' text format."""
    found: dict[str, list[tuple[float, float]]] = {}
    for family in text_string_to_metric_families(text):
        if family.name == _METER:
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    bucket = float(sample.labels["le"]), sample.value
                    found.setdefault(sample.labels["route"], []).append(bucket)
    return {route: sorted(buckets) for route, buckets in found.items()}


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float:
    """The time (s) within which a share of requests was answered, taken as even within a bucket.

    Args:
        buckets: upper bounds (s) with cumulative counts, in order; the last bound is infinite.
        share: 0 to 1.
    """
    wanted = share * buckets[-1][1]
    low, before = 0.0, 0.0
    for high, count in buckets:
        if count >= wanted and count > before:
            return low if high == float("inf") else low + (high - low) * (wanted - before) / (count - before)
        low, before = high, count
    return low


def _milliseconds(buckets: Sequence[tuple[float, float]], share: float) -> str:
    return f"{quantile(buckets, share) * 1000:,.0f} ms"
