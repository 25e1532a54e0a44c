"""Collection: what each source gave in each hour, and where hours are missing."""

from __future__ import annotations

from html import escape
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from api.views.source import source
from api.views.words import local, moment, nothing, table


def show() -> None:
    """The page."""
    st.title("Collection")
    status = source().get("/collection/status", limit=2000)
    if not status["sources"]:
        nothing(status["reason"])
        return
    st.caption(f"{moment(status['start'])} to {moment(status['end'])}")
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
    st.subheader("Events by source and hour")
    _heat_map(status["hours"])
    st.subheader("Gaps")
    if status["gaps"]:
        rows = [[row["source"], moment(row["start"]), moment(row["end"]), str(row["hours"])] for row in status["gaps"]]
        table("Hours without events", (("Source", ""), ("From", ""), ("To", ""), ("Hours", "number")), rows)
        st.caption("Collect an hour again with `trend backfill --start … --end …`, or in the Dagster UI.")
    else:
        st.success("No hour is missing in this span.", icon=":material/check_circle:")
    st.subheader("What went wrong")
    wrong = [row for row in status["hours"] if row["message"]]
    if wrong:
        rows = [[moment(row["hour"]), row["source"], row["status"], escape(row["message"])] for row in wrong[:50]]
        table("Messages", (("Hour", ""), ("Source", ""), ("Status", "wide"), ("What happened", "")), rows)
    else:
        st.success("Nothing in this span.", icon=":material/check_circle:")


def _summary(row: dict[str, Any]) -> list[str]:
    counts = [f"{row[name]:,}" for name in ("events", "hours", "failed", "rejected", "requests")]
    return [escape(row["source"]), *counts, moment(row["last_hour"])]


def _heat_map(hours: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(
        [
            {
                "day": local(row["hour"]).strftime("%m-%d"),
                "hour": local(row["hour"]).hour,
                "source": row["source"],
                "events": row["events"],
                "status": row["status"],
            }
            for row in hours
        ]
    )
    base = alt.Chart(frame).encode(
        x=alt.X("hour:O", title="hour of the day", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("day:O", title=None),
        tooltip=["day:O", "hour:O", "source:N", "events:Q", "status:N"],
    )
    heat = base.mark_rect().encode(
        color=alt.condition(
            "datum.status == 'failed'",
            alt.value("#d62728"),
            alt.Color("events:Q", scale=alt.Scale(scheme="blues"), legend=alt.Legend(orient="top", title="events")),
        )
    )
    for name in sorted(frame["source"].unique()):
        st.markdown(f"**{name}**")
        st.altair_chart(
            heat.transform_filter(alt.datum.source == name).properties(height=320),
            alt=f"Events of {name} by day and hour; failed hours are red",
        )
