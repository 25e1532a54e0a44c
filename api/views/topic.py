"""A topic's whole story: activity, forecasts and how they went, posts, users, related topics."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

import altair as alt
import pandas as pd
import streamlit as st

from api.views.source import source
from api.views.words import LABELS, local, moment, nothing, number, outcome, percent, plain, table, topic_link

_SHOWN = 9


def show() -> None:
    """The page."""
    st.title("Topic")
    wanted = st.text_input(
        "Topic", key="topic", bind="query-params", placeholder="#hashtag, $cashtag or how it begins"
    ).strip()
    found = source().get("/topics", prefix=wanted, limit=20)
    names = [item["topic"] for item in found["items"]]
    if not wanted:
        if names:
            _choices("Most mentioned in the last seven days", found["items"])
        else:
            nothing(found["reason"])
        return
    if names and wanted.casefold() not in names:
        _choices(f"Topics that begin with “{plain(wanted)}”", found["items"])
        return
    _story(source().get(f"/topics/{quote(wanted, safe='')}", posts=10))


def _choices(title: str, items: list[dict[str, Any]]) -> None:
    st.subheader(title)
    table(
        title,
        (("Topic", "topic"), ("Mentions", "number"), ("Last seen", "")),
        [[topic_link(item["topic"]), str(item["mentions"]), moment(item["last_hour"])] for item in items],
    )


def _story(story: dict[str, Any]) -> None:
    st.header(plain(story["topic"]), anchor=False)
    st.caption(f"{moment(story['start'])} to {moment(story['end'])}, the topic's last seven days with mentions")
    mentions, young, spam = st.columns(3)
    mentions.metric("Mentions", story["mentions"])
    young.metric("Gen Z score", number(story["gen_z_score"], 2), help="Heuristic, 0 to 1, mean over its posts")
    spam.metric("Spam share", percent(story["spam_share"]))
    _activity(story["activity"])
    st.subheader("Forecasts and how they went")
    _predictions(story["predictions"])
    st.subheader("Posts")
    for post in story["posts"]:
        where = f"{post['source']} {post['event_type']} · {moment(post['timestamp'])} · user {post['user_id'] or '—'}"
        spammy = " · looks like spam" if post["spam_score"] >= 0.5 else ""
        st.html(f'<div class="trend-post">{escape(post["text"])}<br><small>{escape(where)}{spammy}</small></div>')
    if not story["posts"]:
        nothing("its events carry no text.")
    related, users = st.columns(2)
    with related:
        st.subheader("Named together with")
        rows = [[topic_link(row["topic"]), str(row["together"])] for row in story["related"]]
        if rows:
            table("Related topics", (("Topic", "topic"), ("Times", "number")), rows)
        else:
            nothing("no other topic.")
    with users:
        st.subheader("Who names it most")
        rows = [[escape(row["user_id"]), row["source"], str(row["mentions"])] for row in story["users"]]
        table("Top users", (("User", ""), ("Source", ""), ("Mentions", "number")), rows)


def _activity(activity: list[dict[str, Any]]) -> None:
    if not activity:
        nothing("no mentions in this span.")
        return
    frame = pd.DataFrame(
        [{"hour": local(row["hour"]), "source": row["source"], "mentions": row["mentions"]} for row in activity]
    )
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("hour:T", title=None),
            y=alt.Y("mentions:Q", title="mentions an hour"),
            color=alt.Color("source:N", title=None, legend=alt.Legend(orient="top")),
            tooltip=[alt.Tooltip("hour:T", format="%Y-%m-%d %H:%M"), "source:N", "mentions:Q"],
        )
        .properties(height=260)
    )
    st.altair_chart(chart, alt="Mentions of the topic an hour by source")


def _predictions(items: list[dict[str, Any]]) -> None:
    if not items:
        nothing("it was never forecast in this span: forecasts ask about topics with mentions in the 24 h before.")
        return
    rows = [
        [
            moment(item["cut"]),
            escape(LABELS[item["label"]].split(":")[0]),
            str(item["rank"]),
            percent(item["confidence"]),
            outcome(item["came_true"]),
            "—" if item["mentions_after"] is None else str(item["mentions_after"]),
        ]
        for item in items
    ]
    columns = (
        ("Made at", ""),
        ("Forecast", ""),
        ("Rank", "number"),
        ("Confidence", "number"),
        ("Outcome", ""),
        ("Mentions after", "number wide"),
    )
    table("Forecasts of this topic, the newest first", columns, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        with st.expander(f"{len(rows) - _SHOWN} earlier forecasts"):
            table("Earlier forecasts of this topic", columns, rows[_SHOWN:])
