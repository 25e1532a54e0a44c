"""Formats times, names and tables for people; texts of posts are never rendered as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import streamlit as st

from trend_assets import words as telling
from trend_assets.words import MADE, MEANINGS, TITLES, chance_of, likely, verdict

LABELS = {label: f"{title}: {MEANINGS[label]}" for label, title in TITLES.items()}

STYLE = """
<style>
.trend-table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.trend-table th { text-align: left; font-weight: 600; font-size: .85rem; opacity: .8; }
.trend-table th, .trend-table td {
    padding: .4rem .6rem; border-bottom: 1px solid rgba(128,128,128,.25); vertical-align: top;
}
.trend-table td.number, .trend-table th.number { text-align: right; white-space: nowrap; }
.trend-table td.topic { font-weight: 600; overflow-wrap: anywhere; }
.trend-table .called { font-size: .85rem; opacity: .8; }
.trend-table .why { font-size: .85rem; opacity: .8; font-weight: 400; white-space: normal; }
.trend-table a { text-decoration: underline; color: inherit; }
.trend-spark { display: inline-flex; align-items: flex-end; gap: 3px; height: 28px; }
.trend-spark i { display: inline-block; width: 8px; background: currentColor; opacity: .65; }
.trend-mark { white-space: nowrap; }
.trend-mark::before {
    content: ""; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .35rem;
    border: 1px solid currentColor;
}
.trend-mark.true::before { background: #2e9e5b; border-color: #2e9e5b; }
.trend-mark.false::before { background: none; }
.trend-scroll { overflow-x: auto; }
.trend-post {
    border-left: 3px solid rgba(128,128,128,.4); padding: .1rem .8rem; margin: .7rem 0; overflow-wrap: anywhere;
}
.trend-post small { opacity: .8; }
.trend-post a { color: inherit; }
.trend-table td.when { white-space: nowrap; }
.trend-table td.said { overflow-wrap: anywhere; }
[data-testid="stMain"] h2 { font-size: 1.5rem; }
[data-testid="stMain"] h3 { font-size: 1.25rem; }
[data-testid="stCaptionContainer"] { opacity: 1 !important; color: inherit !important; }
[data-testid="stCaptionContainer"] * { color: inherit !important; }
@media (max-width: 640px) {
    .trend-table th.wide, .trend-table td.wide { display: none; }
    .trend-table th, .trend-table td { padding: .35rem .3rem; }
    .trend-table td.topic { min-width: 8.5rem; }
    .trend-table td.when, .trend-table td.number { white-space: normal; }
}
</style>
"""


def zone() -> ZoneInfo:
    """The time zone that was chosen; UTC by default."""
    return ZoneInfo(st.session_state.get("tz") or "UTC")


def moment(text: str | None, layout: str = "%Y-%m-%d %H:%M") -> str:
    """A time of the API in the chosen zone; a dash where there is none."""
    if text is None:
        return "—"
    return datetime.fromisoformat(text).astimezone(zone()).strftime(layout)


def local(text: str) -> datetime:
    """A time of the API as the wall clock of the chosen zone shows it, for charts."""
    return datetime.fromisoformat(text).astimezone(zone()).replace(tzinfo=None)


def percent(value: float | None) -> str:
    """A share as percent; a dash where there is none."""
    return "—" if value is None else f"{value:.0%}"


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many decimals; a dash where there is none."""
    return "—" if value is None else f"{value:.{digits}f}"


def plain(text: str) -> str:
    """Text that Streamlit shows as it is, in the middle of Markdown."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+-.!|<>$:~^" else letter for letter in text)


def topic_link(topic: str) -> str:
    """An HTML link to the topic's page."""
    return f'<a href="topic?topic={quote(topic, safe="")}{_kept()}" target="_self">{escape(topic)}</a>'


def called(label: Mapping[str, Any] | None) -> str:
    """What a topic is called and about, as HTML; nothing where it has no label."""
    if label is None:
        return ""
    about = "" if label["category"] == "other" else f" · {escape(label['category'])}"
    return f"<span class='called'>{escape(label['name'])}{about}</span>"


def _kept() -> str:
    return f"&tz={quote(zone().key, safe='')}" if zone().key != "UTC" else ""


def outcome(item: Mapping[str, Any]) -> str:
    """What became of a forecast of the API, as HTML: in words and numbers, and by a sign for the eye."""
    if item["came_true"] is None:
        return "not scored" if item["revision"] else verdict(None)
    kind = "true" if item["came_true"] else "false"
    told = telling.outcome(
        item["label"], item["mentions_before"], item["mentions_after"], item["metadata"].get("usual")
    )
    return f'<span class="trend-mark {kind}">{verdict(item["came_true"])}</span><br>{told}'


def expectation(item: Mapping[str, Any]) -> str:
    """Mentions so far and what is expected of them: `25 → about 50`."""
    return telling.outlook(item["mentions_before"], item["expected_mentions"])


def chance(confidence: float | None) -> str:
    """A probability as HTML: the number, and what it means in words."""
    return "—" if confidence is None else f'{chance_of(confidence)}<br><span class="why">{likely(confidence)}</span>'


def made_note(made: str) -> str:
    """Of a forecast that was not live, that it was not, as HTML; else nothing."""
    return f'<br><span class="why">{MADE[made].split(":")[0]}</span>' if made in MADE else ""


def counted(number: float, thing: str) -> str:
    """A number of things: `1 mention`, `2 mentions`."""
    return f"{number:g} {thing}" if number == 1 else f"{number:g} {thing}s"


def outside(address: str, text: str) -> str:
    """An HTML link that opens beside the dashboard."""
    return f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(text)}</a>'


def why(counts: Mapping[str, Any]) -> str:
    """The counts behind a forecast in words."""
    parts = []
    if (day := counts.get("mentions_24h")) is not None:
        before = counts.get("mentions_day_2")
        parts.append(
            f"{counted(day, 'mention')} in 24 h" + (f", {before:g} in the 24 h before" if before is not None else "")
        )
    if (last := counts.get("mentions_3h")) is not None:
        parts.append(f"{last:g} in the last 3 h")
    if users := counts.get("users_24h"):
        parts.append(f"by {counted(users, 'user')}")
    if (age := counts.get("age_hours")) is not None and age < 48:
        parts.append(f"first seen {age:.0f} h before")
    if (usual := counts.get("usual")) is not None:
        parts.append(f"usual at these hours {usual:.0f}")
    return "; ".join(parts)


def days(counts: Mapping[str, Any]) -> list[float]:
    """Mentions of the last seven days, oldest first; empty where they were not stored."""
    names = [*(f"mentions_day_{day}" for day in range(7, 1, -1)), "mentions_24h"]
    return [counts[name] for name in names] if all(name in counts for name in names) else []


def sparkline(values: Sequence[float]) -> str:
    """Small bars of values, read out as numbers."""
    if not values:
        return ""
    top = max(*values, 1)
    told = "mentions a day, oldest first: " + ", ".join(f"{value:g}" for value in values)
    bars = "".join(f'<i style="height:{max(26 * value / top, 1):.0f}px"></i>' for value in values)
    return f'<span class="trend-spark" role="img" aria-label="{told}" title="{told}">{bars}</span>'


def table(caption: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    """An HTML table that keyboards and screen readers know; cells are HTML, escaped by the caller.

    Args:
        caption: read out before it.
        columns: title and class of each (`number`, `topic`, `when`, `said`, `wide` for what a phone leaves out, or "").
        rows: cells as HTML.
    """
    head = "".join(f'<th scope="col" class="{kind}">{escape(title)}</th>' for title, kind in columns)
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{kind}">{cell}</td>' for (_, kind), cell in zip(columns, row, strict=True))
        + "</tr>"
        for row in rows
    )
    st.html(
        f'<div class="trend-scroll"><table class="trend-table" aria-label="{escape(caption)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def nothing(reason: str | None) -> None:
    """An empty place says why, and what to do."""
    text = reason or "nothing is here yet."
    st.info(text[:1].upper() + text[1:], icon=":material/info:")
