"""A heat map of collected events by day and hour."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from api.views.words import local, nothing

_ROW, _AROUND = 22, 70
_LACKING = {"failed": "#d62728", "skipped": "#b0b0b0"}


def heat_map(hours: list[dict[str, Any]]) -> None:
    """A map for each source that has more than one hour; a file that was imported has only one.

    Args:
        hours: of `/collection/status`.
    """
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
        ],
        columns=["day", "hour", "source", "events", "status"],
    )
    often = frame["source"].value_counts()
    names = sorted(often[often > 1].index)
    if not names:
        nothing(
            "no source has more than one hour in this span yet: a file that was imported has one, live sources are "
            "asked hour by hour."
        )
    for name in names:
        part = frame[frame["source"] == name]
        colours = "; red hours failed, grey ones were skipped" if part["status"].isin(_LACKING).any() else ""
        st.markdown(f"**{name}**: up to {part['events'].max():,} events an hour{colours}")
        st.altair_chart(
            _map(part).properties(height=_ROW * part["day"].nunique() + _AROUND),
            alt=f"Events of {name} by day and hour, darker is more; failed hours are red, skipped ones grey",
        )


def _map(frame: pd.DataFrame) -> alt.LayerChart:
    hours = (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=alt.X(
                "hour:O",
                title="hour of the day",
                scale=alt.Scale(domain=list(range(24))),
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y("day:O", title=None),
            tooltip=["day:O", "hour:O", "source:N", "events:Q", "status:N"],
        )
    )
    given = hours.encode(color=alt.Color("events:Q", scale=alt.Scale(scheme="blues"), legend=None))
    lacking = hours.transform_filter(alt.FieldOneOfPredicate("status", list(_LACKING))).encode(
        color=alt.Color("status:N", scale=alt.Scale(domain=list(_LACKING), range=list(_LACKING.values())), legend=None)
    )
    layers: alt.LayerChart = (given + lacking).resolve_scale(color="independent")
    return layers
