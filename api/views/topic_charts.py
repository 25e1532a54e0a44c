"""The charts of the topic page."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from api.views.words import LABELS, local
from trend_assets.words import verdict

#: From this many hours on, bars of an hour are too thin to be seen.
_HOURLY = 14 * 24


def activity_chart(activity: list[dict[str, Any]]) -> None:
    """Mentions by source, an hour a bar; a day where the span is long."""
    frame = pd.DataFrame(
        [{"at": local(row["hour"]), "source": row["source"], "mentions": row["mentions"]} for row in activity]
    )
    hours = (frame["at"].max() - frame["at"].min()).total_seconds() / 3600
    unit, layout = ("hour", "%Y-%m-%d %H:%M") if hours <= _HOURLY else ("day", "%Y-%m-%d")
    if unit == "day":
        frame["at"] = frame["at"].dt.floor("D")
        frame = frame.groupby(["at", "source"], as_index=False).sum()
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("at:T", title=None, axis=alt.Axis(format=_ticks(hours), labelOverlap=True)),
            y=alt.Y("mentions:Q", title=f"mentions a {unit}", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("source:N", title=None, legend=alt.Legend(orient="top")),
            tooltip=[alt.Tooltip("at:T", title=unit, format=layout), "source:N", "mentions:Q"],
        )
        .properties(height=260)
    )
    st.altair_chart(chart, alt=f"Mentions of the topic a {unit} by source")


def forecast_chart(items: list[dict[str, Any]]) -> None:
    """Confidence by cut, a line a label; what came true is filled."""
    frame = pd.DataFrame(
        [
            {
                "cut": local(item["cut"]),
                "forecast": LABELS[item["label"]].split(":")[0],
                "confidence": item["confidence"],
                "outcome": verdict(item["came_true"]),
            }
            for item in items
            if item["confidence"] is not None
        ]
    )
    base = alt.Chart(frame).encode(
        x=alt.X("cut:T", title=None, axis=alt.Axis(format="%m-%d %H:%M", labelOverlap=True)),
        y=alt.Y("confidence:Q", title="confidence", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%")),
        color=alt.Color("forecast:N", title=None, legend=alt.Legend(orient="top")),
    )
    points = base.mark_point(size=60, filled=True).encode(
        shape=alt.Shape(
            "outcome:N",
            title=None,
            scale=alt.Scale(
                domain=[verdict(True), verdict(False), verdict(None)], range=["circle", "cross", "triangle-up"]
            ),
            # Black on black otherwise: these symbols take no colour from the theme.
            legend=alt.Legend(orient="bottom", symbolFillColor="gray", symbolStrokeColor="gray"),
        ),
        tooltip=[
            alt.Tooltip("cut:T", format="%Y-%m-%d %H:%M"),
            "forecast:N",
            alt.Tooltip("confidence:Q", format=".0%"),
            "outcome:N",
        ],
    )
    chart = (base.mark_line(strokeWidth=1) + points).properties(height=240)
    st.altair_chart(chart, alt="Confidence of the topic's forecasts by cut; circles came true, crosses did not")


def _ticks(hours: float) -> str:
    return "%m-%d %H:%M" if hours <= 72 else "%Y-%m-%d"
