"""Live Trends page: the current forecast, and the outcome of yesterday's."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from api.views.filters import label_choice, language_choice, revision_choice, source_choice
from api.views.source import source
from api.views.words import (
    LABELS,
    called,
    chance,
    counted,
    days,
    expectation,
    moment,
    nothing,
    outcome,
    sparkline,
    table,
    topic_link,
    why,
)
from trend_assets.words import MADE, NO_MODEL, forecaster, is_counting

_DAY = timedelta(hours=24)
#: Where not every hour has a forecast, one from a few hours earlier is still the day before's.
_NEAR = timedelta(hours=6)


def show() -> None:
    """The page."""
    st.title("Live Trends")
    label, named_by, at, revision = _filters()
    page = source().get("/predictions/top", label=label, k=10, at=at or None, revision=revision, **named_by)
    if page["cut"] is None:
        nothing(f"{page['reason']}: run `trend predict`, or let the hourly schedule run (`trend up`).")
        return
    st.caption(f"{LABELS[label]}. From {moment(page['cut'])} on, for 24 h{_made_by(page['items'])}")
    _made(page)
    if page["items"]:
        st.caption("The likeliest first. Mentions are those of the 24 h before, and about how many are expected after.")
        table("The topics of the forecast, the likeliest first", _COLUMNS, [_row(item) for item in page["items"]])
    else:
        nothing(page["reason"])
    st.header("How the forecast of the day before went", anchor=False)
    _yesterday(label, named_by, page["cut"])


_COLUMNS = (
    ("#", "number"),
    ("Topic and why", "topic"),
    ("Last 7 days", "wide"),
    ("Mentions", "when"),
    ("Chance", "number"),
    ("24 h later", "when"),
)


def _made(page: dict[str, Any]) -> None:
    """When it was made, where that is not soon after its moment; and whether it was made again."""
    for made in sorted({item["made"] for item in page["items"]} & MADE.keys()):
        st.info(f"This forecast was {MADE[made]}.", icon=":material/history:")
    if any(is_counting(item["model_version"]) for item in page["items"]):
        st.info(f"{NO_MODEL[:1].upper()}{NO_MODEL[1:]}.", icon=":material/info:")
    if page["revisions"]:
        st.caption(f"Made again {counted(page['revisions'], 'time')}, with posts that came later.")


def _filters() -> tuple[str, dict[str, str | None], str, str]:
    left, middle, next_, right, last = st.columns([2, 1, 1, 1, 1], vertical_alignment="bottom")
    label = label_choice(left)
    named_by = {"source": source_choice(middle), "language": language_choice(next_)}
    at = right.text_input(
        "As of",
        key="at",
        bind="query-params",
        placeholder="2026-02-02T12:00Z",
        help="UTC, ends with Z; empty: the newest",
    )
    return label, named_by, at.strip(), revision_choice(last)


def _row(item: dict[str, Any]) -> list[str]:
    return [
        str(item["rank"]),
        f"{topic_link(item['topic'])} {called(item['topic_label'])}"
        f"<br><span class='why'>{escape(why(item['metadata']))}</span>",
        sparkline(days(item["metadata"])),
        expectation(item),
        chance(item["confidence"]),
        outcome(item),
    ]


def _made_by(items: list[dict[str, Any]]) -> str:
    if not items:
        return "."
    versions = sorted({item["model_version"] for item in items})
    return f", by {', '.join(map(forecaster, versions))}. [How it was made, in Dagster]({items[0]['dagster_link']})"


def _yesterday(label: str, named_by: dict[str, str | None], cut: str) -> None:
    before = datetime.fromisoformat(cut) - _DAY
    page = source().get("/predictions/top", label=label, k=10, at=before.isoformat(), **named_by)
    scored = [item for item in page["items"] if item["came_true"] is not None]
    if not scored or datetime.fromisoformat(page["cut"]) < before - _NEAR:
        nothing("no forecast was made 24 h before this one, or it has not come due: outcomes follow a day later.")
        return
    hits = sum(item["came_true"] for item in scored)
    more = sum(item["mentions_after"] > item["mentions_before"] for item in scored)
    st.markdown(
        f"Of the {len(scored)} likeliest at {moment(page['cut'])}, **{hits}** came true; "
        f"{more} had more mentions than in the 24 h before."
    )
    table("The forecast of the day before", _COLUMNS, [_row(item) for item in scored])
