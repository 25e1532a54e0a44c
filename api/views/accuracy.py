"""Accuracy page: stored forecasts against counting baselines, week by week."""

from __future__ import annotations

from html import escape
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from api.views.filters import label_choice
from api.views.source import source
from api.views.words import LABELS, counted, local, moment, nothing, number, table
from trend_assets.words import MADE

_NAMES = {"live": "live", "late": "late", "backfill": "afterwards", "unrecorded": "by an older release"}


def show() -> None:
    """The page."""
    st.title("Accuracy")
    label = label_choice(st.container())
    found = _measured(label)
    if not found["overall"]:
        nothing(found["reason"])
        return
    st.caption(
        f"{LABELS[label]}. {counted(found['cuts'], 'hourly forecast')} until {moment(found['end'])}; those of fewer "
        "than ten topics, and those of which nothing came true, tell nothing and are left out."
    )
    if found["made"] != "live":
        st.info(f"These forecasts were {MADE[found['made']]}.", icon=":material/history:")
    others = [f"{cuts} made {_NAMES[made]}" for made, cuts in found["scored"].items() if made != found["made"]]
    if others:
        st.caption(f"Not among them, and measured apart: hourly forecasts of which {', '.join(others)}.")
    rows = [
        [escape(row["ranking"]), number(row["ndcg_at_10"]), number(row["precision_at_10"])] for row in found["overall"]
    ]
    columns = (("Ranking", "topic"), ("NDCG@10", "number"), ("P@10", "number"))
    table("Means over all cuts, the best first", columns, rows)
    st.header("NDCG@10 by week", anchor=False)
    _weeks(found["weeks"])
    st.header("Is it as sure as it should be?", anchor=False)
    _reliability(found)


def _measured(label: str) -> dict[str, Any]:
    """The accuracy of the live forecasts; where none has come due, of those of which most have."""
    found: dict[str, Any] = source().get("/accuracy", label=label)
    if found["overall"] or not found["scored"]:
        return found
    made = max(found["scored"], key=found["scored"].__getitem__)
    found = source().get("/accuracy", label=label, made=made)
    return found


def _weeks(weeks: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(
        [
            {"week": local(week["week"]), "ranking": row["ranking"], "ndcg": row["ndcg_at_10"]}
            for week in weeks
            for row in week["rankings"]
        ]
    )
    if len(weeks) == 1:
        st.caption("One week so far: a line needs two.")
    chart = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=60))
        .encode(
            x=alt.X("week:T", title="week", axis=alt.Axis(format="%Y-%m-%d", tickCount=min(len(weeks), 12))),
            y=alt.Y("ndcg:Q", title="NDCG@10", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color(
                "ranking:N",
                title=None,
                # The forecast first, so that it has the first colour whatever it is compared with.
                sort=["forecast", *sorted(set(frame["ranking"]) - {"forecast"})],
                legend=alt.Legend(orient="bottom", columns=2),
            ),
            strokeWidth=alt.condition("datum.ranking == 'forecast'", alt.value(3), alt.value(1)),
            tooltip=["week:T", "ranking:N", alt.Tooltip("ndcg:Q", format=".3f")],
        )
        .properties(height=460)
    )
    st.altair_chart(chart, alt="NDCG@10 by week of the forecast and of counting")


def _reliability(found: dict[str, Any]) -> None:
    if not found["calibration"]:
        nothing("these forecasts carried no confidence: a model needs held-out weeks to be calibrated.")
        return
    st.markdown(f"Brier score {number(found['brier'])}: 0 is perfect, lower is better.")
    frame = pd.DataFrame(found["calibration"])
    line = alt.Chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]})).mark_line(strokeDash=[4, 4], color="gray")
    points = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=80))
        .encode(
            x=alt.X(
                "confidence:Q",
                title="said (mean confidence)",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            y=alt.Y(
                "came_true:Q",
                title="came true (share)",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            tooltip=[
                alt.Tooltip("confidence:Q", format=".0%"),
                alt.Tooltip("came_true:Q", format=".0%"),
                "forecasts:Q",
            ],
        )
    )
    chart = (line.encode(x="x:Q", y="y:Q") + points).properties(height=380)
    st.altair_chart(chart, alt="Reliability diagram: on the dashed line, what is said is what happens")
    rows = [
        [
            f"{row['low']:.0%} to {row['high']:.0%}",
            f"{row['forecasts']:,}",
            f"{row['confidence']:.0%}",
            f"{row['came_true']:.0%}",
        ]
        for row in found["calibration"]
    ]
    columns = (("Confidence", ""), ("Forecasts", "number"), ("Said", "number"), ("Came true", "number"))
    table("Calibration by tenths of confidence", columns, rows)
