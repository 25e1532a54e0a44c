"""Simulated trending searches, in the format of our Google Trends source."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from trend_assets.simulator.timeline import Search


def trend(search: Search) -> dict[str, Any]:
    """``{"term", "timestamp", "geo", "traffic"}``: a term that trended in a country at that time (UTC)."""
    at = datetime.fromtimestamp(search.milliseconds // 1000, UTC)
    return {
        "term": search.term,
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "geo": search.country,
        "traffic": search.traffic,
    }
