"""Collection: what each source gave in each hour, and where hours are missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from api.views.filters import days_choice, source_choice
from api.views.heat_map import heat_map
from api.views.source import source
from api.views.words import moment, nothing, plain, table

_SPANS = (7, 2, 30)
#: The most that the API gives at once: 30 days of six sources.
_HOURS = 5000


def show() -> None:
    """The page."""
    st.title("Collection")
    chosen, days = _filters()
    status = _status(chosen, days)
    if not status["sources"]:
        nothing(status["reason"])
        return
    st.caption(f"{moment(status['start'])} to {moment(status['end'])}")
    # An answer may be older than the end of a wait.
    for row in (row for row in status["held"] if datetime.fromisoformat(row["until"]) > datetime.now(UTC)):
        st.warning(
            f"{row['source']} is left alone until {moment(row['until'])}: {plain(row['reason'])}",
            icon=":material/timer:",
        )
    columns = (
        ("Source", ""),
        ("Events", "number"),
        ("Hours", "number wide"),
        ("Failed", "number"),
        ("Rejected", "number wide"),
        ("Requests", "number wide"),
        ("Newest hour", ""),
    )
    table("Sources", columns, [_summary(row) for row in status["sources"]])
    st.header("Quota left", anchor=False)
    _quotas(status["quotas"])
    st.header("Events by source and hour", anchor=False)
    heat_map(status["hours"])
    st.header("Gaps", anchor=False)
    if status["gaps"]:
        rows = [[row["source"], moment(row["start"]), moment(row["end"]), str(row["hours"])] for row in status["gaps"]]
        table("Hours without events", (("Source", ""), ("From", ""), ("To", ""), ("Hours", "number")), rows)
        st.caption("Collect an hour again with `trend backfill --start … --end …`, or in the Dagster UI.")
    else:
        st.success("No hour is missing in this span.", icon=":material/check_circle:")
    st.header("What went wrong", anchor=False)
    wrong = [row for row in status["hours"] if row["message"]]
    if wrong:
        rows = [[moment(row["hour"]), row["source"], row["status"], escape(row["message"])] for row in wrong[:50]]
        table("Messages", (("Hour", ""), ("Source", ""), ("Status", "wide"), ("What happened", "")), rows)
    else:
        st.success("Nothing in this span.", icon=":material/check_circle:")


def _filters() -> tuple[str | None, int]:
    left, right = st.columns([3, 1])
    chosen = source_choice(left)
    days = days_choice(right, _SPANS)
    return chosen, days


def _status(chosen: str | None, days: int) -> dict[str, Any]:
    """The span ends where the newest record is, so a longer one is asked for once that is known."""
    status = source().get("/collection/status", source=chosen, limit=_HOURS)
    if days == _SPANS[0] or not status["end"]:
        return status
    start = datetime.fromisoformat(status["end"]) - timedelta(days=days)
    asked = {"start": start.isoformat(), "end": status["end"]}
    return source().get("/collection/status", source=chosen, limit=_HOURS, **asked)


def _quotas(quotas: list[dict[str, Any]]) -> None:
    if not quotas:
        nothing(
            "no live source that has a budget is enabled: set `twitter.enabled` or `youtube.enabled`, as the README "
            "says under Live sources."
        )
        return
    rows = [
        [
            escape(row["source"]),
            f"{row['left']:,} {escape(row['unit'])}",
            f"{row['used']:,} of {row['limit']:,}",
            f"{moment(row['start'])} to {moment(row['end'])}",
        ]
        for row in quotas
    ]
    table("Quota left", (("Source", ""), ("Left", "number"), ("Used", "number"), ("In", "wide")), rows)


def _summary(row: dict[str, Any]) -> list[str]:
    counts = [f"{row[name]:,}" for name in ("events", "hours", "failed", "rejected", "requests")]
    return [escape(row["source"]), *counts, moment(row["last_hour"])]
