"""Live Trends: what will rise, and how yesterday's forecast went."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from api.views.source import source
from api.views.words import LABELS, days, moment, nothing, number, outcome, percent, sparkline, table, topic_link, why

_SOURCES = ["all sources", "twitter", "youtube", "google_trends", "archive"]


def show() -> None:
    """The page."""
    st.title("Live Trends")
    label, chosen, at = _filters()
    page = source().get(
        "/predictions/top", label=label, k=10, at=at or None, source=None if chosen == _SOURCES[0] else chosen
    )
    if page["cut"] is None:
        nothing(f"{page['reason']}: run `trend predict`, or let the hourly schedule run (`trend up`).")
        return
    st.caption(f"Forecast of {moment(page['cut'])} for the 24 h after it. Model: {_model(page)}")
    if page["items"]:
        table("The topics likeliest to rise", _COLUMNS, [_row(item) for item in page["items"]])
    else:
        nothing(page["reason"])
    if any(item["came_true"] is None for item in page["items"]):
        st.subheader("How the forecast of the day before went")
        _yesterday(label, page["cut"])


_COLUMNS = (
    ("#", "number"),
    ("Topic and why", "topic"),
    ("Last 7 days", "wide"),
    ("Score", "number wide"),
    ("Confidence", "number"),
    ("24 h later", ""),
)


def _filters() -> tuple[str, str, str]:
    left, middle, right = st.columns([2, 1, 1])
    label = left.selectbox(
        "What is forecast", list(LABELS), format_func=LABELS.__getitem__, key="label", bind="query-params"
    )
    chosen = middle.selectbox("Source", _SOURCES, key="source", bind="query-params")
    at = right.text_input(
        "As of", key="at", bind="query-params", placeholder="newest, or 2026-02-02T12:00Z", help="UTC, ends with Z"
    )
    return label, chosen, at.strip()


def _row(item: dict[str, Any]) -> list[str]:
    after = "" if item["mentions_after"] is None else f"<br><span class='why'>{item['mentions_after']} mentions</span>"
    return [
        str(item["rank"]),
        f"{topic_link(item['topic'])}<br><span class='why'>{escape(why(item['metadata']))}</span>",
        sparkline(days(item["metadata"])),
        number(item["score"]),
        percent(item["confidence"]),
        outcome(item["came_true"]) + after,
    ]


def _model(page: dict[str, Any]) -> str:
    versions = sorted({item["model_version"] for item in page["items"]})
    return ", ".join(f"`{version}`" for version in versions) or "—"


def _yesterday(label: str, cut: str) -> None:
    before = datetime.fromisoformat(cut) - timedelta(hours=24)
    page = source().get("/predictions/top", label=label, k=10, at=before.isoformat())
    scored = [item for item in page["items"] if item["came_true"] is not None]
    if not scored:
        nothing("no forecast was made 24 h before this one, or it has not come due: outcomes follow a day later.")
        return
    hits = sum(item["came_true"] for item in scored)
    st.markdown(f"Of the ten likeliest at {moment(page['cut'])}, **{hits} of {len(scored)}** came true.")
    table("The forecast of the day before", _COLUMNS, [_row(item) for item in scored])
