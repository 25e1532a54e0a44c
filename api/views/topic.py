"""Topic page: search, and the history of one topic."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from api.views.filters import days_choice
from api.views.source import source
from api.views.topic_charts import activity_chart, forecast_chart
from api.views.words import (
    LABELS,
    called,
    expectation,
    made_note,
    moment,
    nothing,
    number,
    outcome,
    outside,
    percent,
    plain,
    table,
    topic_link,
    why,
)

_SHOWN = 9
_NEAREST = 10
_SPANS = (7, 30, 90, 365)


def show() -> None:
    """The page."""
    st.title("Topic")
    left, right = st.columns([3, 1])
    wanted = left.text_input(
        "Topic", key="topic", bind="query-params", placeholder="#hashtag, $cashtag, how it begins, or what it is about"
    ).strip()
    days = days_choice(right, _SPANS)
    found = source().get("/topics", prefix=wanted, limit=20)
    names = [item["topic"] for item in found["items"]]
    if not wanted:
        if names:
            _choices("Most mentioned in the last seven days", found["items"])
        else:
            nothing(found["reason"])
        return
    story = source().find(f"/topics/{quote(wanted, safe='')}", posts=10)
    if story is None:
        _candidates(wanted, found)
        return
    if days != _SPANS[0]:
        end = datetime.fromisoformat(story["end"])
        asked = {"start": (end - timedelta(days=days)).isoformat(), "end": end.isoformat()}
        story = source().get(f"/topics/{quote(wanted, safe='')}", posts=10, predictions=1000, **asked)
    _story(story, days)


def _candidates(wanted: str, found: dict[str, Any]) -> None:
    """No topic is called so: those that begin so, and those whose posts mean it."""
    near = source().get("/topics", similar=wanted, limit=_NEAREST)
    if found["items"]:
        _choices(f"Topics that begin with “{plain(wanted)}”", found["items"])
    if near["items"]:
        _choices(f"Topics whose posts mean “{plain(wanted)}”", near["items"])
    if not found["items"] and not near["items"]:
        nothing(
            f"no topic begins with “{plain(wanted)}” in the last seven days, and no post says it: try another word."
        )


def _choices(title: str, items: list[dict[str, Any]]) -> None:
    st.header(title, anchor=False)
    table(
        title,
        (("Topic", "topic"), ("Mentions", "number"), ("Last seen", "")),
        [
            [
                f"{topic_link(item['topic'])} {called(item['topic_label'])}",
                f"{item['mentions']:,}",
                moment(item["last_hour"]),
            ]
            for item in items
        ],
    )


def _story(story: dict[str, Any], days: int) -> None:
    st.header(plain(story["topic"]), anchor=False)
    st.caption(f"{moment(story['start'])} to {moment(story['end'])}: the {days} days up to its last mention")
    if story["topic_label"]:
        label = story["topic_label"]
        group = label["group_topic"]
        alike = "" if group == story["topic"] else f" · means the same as {topic_link(group)}"
        st.html(f"<p>{called(label)}{alike}</p>")
    mentions, young, spam = st.columns(3)
    once = f"{story['repeated']:,} of them repeat others' texts and do not count again" if story["repeated"] else None
    mentions.metric("Mentions", f"{story['mentions']:,}", help=once)
    _gen_z(young, story["gen_z"])
    spam.metric("Spam share", percent(story["spam_share"]))
    if story["activity"]:
        activity_chart(story["activity"])
    else:
        nothing("no mentions in this span.")
    st.subheader("Forecasts and how they went", anchor=False)
    _predictions(story["predictions"])
    st.subheader("Posts", anchor=False)
    st.html("".join(_post(post) for post in story["posts"]) or "<p>Its events carry no text.</p>")
    _others(story)


def _gen_z(place: DeltaGenerator, told: dict[str, Any] | None) -> None:
    """The spread of its posts' scores, and that they are a rule of thumb."""
    if told is None:
        place.metric("Gen Z score", "—")
        return
    place.metric(
        "Gen Z score",
        f"{told['p50']:.2f} ({told['p10']:.2f} to {told['p90']:.2f})",
        help="Median of its posts, and where the middle 80 % lie, 0 to 1. A rule of thumb by slang, emoji and the "
        "like: it measures nobody's age.",
    )
    parts = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in told["parts"].items())
    place.caption(f"A heuristic. {told['signs']:.0%} of its posts show any sign" + (f": {parts}." if parts else "."))


def _post(post: dict[str, Any]) -> str:
    kind = f"{post['source']} {post['event_type']}".replace("_", " ")
    where = f"{kind} · {moment(post['timestamp'])} · user {post['user_id'] or '—'}"
    spammy = " · looks like spam" if post["spam_score"] >= 0.5 else ""
    copied = f" · one of {post['copies']:,} near copies in 24 h" if post["copies"] else ""
    link = outside(post["dagster_link"], "its hour in Dagster")
    told = f"{escape(where)}{spammy}{copied} · {link}"
    return f'<div class="trend-post">{escape(post["text"])}<br><small>{told}</small></div>'


def _others(story: dict[str, Any]) -> None:
    """Topics and users around it."""
    asked = {"start": story["start"], "end": story["end"]}
    near = source().get("/topics", similar=story["topic"], limit=_NEAREST, **asked)
    related, alike, users = st.columns(3)
    with related:
        st.subheader("Named together with", anchor=False)
        rows = [[topic_link(row["topic"]), str(row["together"])] for row in story["related"]]
        if rows:
            table("Topics named together with it", (("Topic", "topic"), ("Times", "number")), rows)
        else:
            nothing("no other topic.")
    with alike:
        st.subheader("Near in meaning", anchor=False)
        rows = [[topic_link(row["topic"]), number(row["similarity"], 2)] for row in near["items"]]
        if rows:
            table("Topics near in meaning", (("Topic", "topic"), ("Cosine", "number")), rows)
        else:
            nothing(near["reason"])
    with users:
        st.subheader("Who names it most", anchor=False)
        rows = [[escape(row["user_id"]), row["source"], str(row["mentions"])] for row in story["users"]]
        table("Users who name it most", (("User", "topic"), ("Source", ""), ("Times", "number")), rows)


def _predictions(items: list[dict[str, Any]]) -> None:
    if not items:
        nothing("it was never forecast in this span: forecasts ask about topics with mentions in the 24 h before.")
        return
    st.markdown(f"Newest forecast, {moment(items[0]['cut'])}: {plain(why(items[0]['metadata']))}.{_owed(items[0])}")
    if any(item["confidence"] is not None for item in items):
        forecast_chart(items)
    rows = [
        [
            outside(item["dagster_link"], moment(item["cut"])) + made_note(item["made"]),
            escape(LABELS[item["label"]].split(":")[0]),
            str(item["rank"]),
            percent(item["confidence"]),
            expectation(item),
            outcome(item),
        ]
        for item in items
    ]
    columns = (
        ("From", "when"),
        ("Forecast", ""),
        ("Rank", "number"),
        ("Chance", "number"),
        ("Mentions", "when"),
        ("Outcome", "when"),
    )
    table("Forecasts of this topic, the newest first; each links to its hour in Dagster", columns, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        with st.expander(f"{len(rows) - _SHOWN} earlier forecasts"):
            table("Earlier forecasts of this topic", columns, rows[_SHOWN:])


def _owed(item: dict[str, Any]) -> str:
    """To whom the forecast owes most; forecasts of earlier releases do not know."""
    users = [user for user in item["metadata"].get("users") or [] if "log_odds" in user]
    odds = [f"{plain(user['user_id'])} (odds {math.exp(user['log_odds']):.2f} times as high)" for user in users]
    label = LABELS[item["label"]].split(":")[0]
    return f" Against the same posts by strangers “{label}” owes most to {', '.join(odds)}." if odds else ""
