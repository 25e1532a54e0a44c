"""Collection page: events by source and hour, and missing hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from api.views.filters import days_choice, source_choice
from api.views.heat_map import heat_map
from api.views.source import source
from api.views.words import counted, moment, nothing, plain, table

_SPANS = (7, 2, 30)
#: The most that the API gives at once: 30 days of six sources.
_HOURS = 5000
#: How the hours of a run that failed are filed.
_FAILED_RUNS = "pipeline"


def show() -> None:
    """The page."""
    st.title("Collection")
    chosen, days = _filters()
    status = _status(chosen, days)
    if not status["sources"]:
        nothing(status["reason"])
        return
    st.caption(f"{moment(status['start'])} to {moment(status['end'])}")
    silent = _silent(status["hours"])
    _warnings(status["held"], silent)
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
    elif silent:
        nothing("no hour is missing of a source that gave something.")
    else:
        st.success("No hour is missing in this span.", icon=":material/check_circle:")
    st.header("What went wrong", anchor=False)
    if wrong := _wrong(status["hours"]):
        messages = (
            ("Source", ""),
            ("Status", "wide"),
            ("Hours", "number"),
            ("Newest", "when wide"),
            ("What happened", "said"),
        )
        table("Messages", messages, wrong[:50])
    else:
        st.success("Nothing in this span.", icon=":material/check_circle:")


def _silent(hours: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The sources of which every hour was skipped or failed, with those hours, newest first."""
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in hours:
        by_source.setdefault(row["source"], []).append(row)
    return {
        name: rows
        for name, rows in by_source.items()
        if name != _FAILED_RUNS and all(row["status"] in ("skipped", "failed") for row in rows)
    }


def _warnings(held: list[dict[str, Any]], silent: dict[str, list[dict[str, Any]]]) -> None:
    # An answer may be older than the end of a wait.
    waiting = [row for row in held if datetime.fromisoformat(row["until"]) > datetime.now(UTC)]
    for row in waiting:
        st.warning(
            f"{plain(row['source'])} is left alone until {moment(row['until'])}: {plain(row['reason'])}",
            icon=":material/timer:",
        )
    for name in sorted(silent.keys() - {row["source"] for row in waiting}):
        rows = silent[name]
        said = f"{plain(name)} gave nothing, in {counted(len(rows), 'hour')} of this span: {plain(rows[0]['message'])}"
        st.warning(said, icon=":material/warning:")


def _wrong(hours: list[dict[str, Any]]) -> list[list[str]]:
    """Each thing that happened, once, with its number of hours and the newest of them."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in hours:
        if row["message"]:
            found.setdefault((row["source"], row["status"], row["message"]), []).append(row["hour"])
    return [
        [escape(name), status, f"{len(when):,}", moment(max(when)), escape(message)]
        for (name, status, message), when in found.items()
    ]


def _filters() -> tuple[str | None, int]:
    left, right = st.columns([3, 1])
    # Also one that was asked and never gave an event.
    asked = source().get("/collection/status", limit=_HOURS)["sources"]
    chosen = source_choice(left, [row["source"] for row in asked])
    days = days_choice(right, _SPANS)
    return chosen, days


def _status(chosen: str | None, days: int) -> dict[str, Any]:
    """The span ends where the newest record is, so a longer one is asked for once that is known."""
    status: dict[str, Any] = source().get("/collection/status", source=chosen, limit=_HOURS)
    if days == _SPANS[0] or not status["end"]:
        return status
    start = datetime.fromisoformat(status["end"]) - timedelta(days=days)
    asked = {"start": start.isoformat(), "end": status["end"]}
    status = source().get("/collection/status", source=chosen, limit=_HOURS, **asked)
    return status


def _quotas(quotas: list[dict[str, Any]]) -> None:
    if not quotas:
        nothing(
            "no live source that has a budget is enabled: set `twitter.enabled` or `youtube.enabled`, as the "
            "page *Live sources* of the documents says."
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
