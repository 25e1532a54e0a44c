"""A forecast as a table for the terminal, with outcomes where they are known."""

from __future__ import annotations

from datetime import datetime

from rich.table import Table

from trend_assets.commands.console import as_it_is
from trend_assets.lake.store import Lake
from trend_assets.words import (
    MADE,
    NO_MODEL,
    TITLES,
    chance_of,
    forecaster,
    is_counting,
    mentions,
    verdict,
)

_QUERY = """
    SELECT p.rank, p.topic, p.score, p.confidence, p.growth, p.model_version, p.forecast_at, p.made,
           coalesce(o.mentions_before, (p.metadata ->> 'before')::BIGINT, p.source_events_count) AS before,
           (p.metadata ->> 'usual')::DOUBLE AS usual, o.came_true, o.mentions_after
    FROM predictions p
    LEFT JOIN prediction_outcomes o ON o.cut = p.cut AND o.label = p.label AND o.topic = p.topic
    WHERE p.cut = $cut AND p.label = $label
      AND p.revision = if($newest, (SELECT max(revision) FROM predictions WHERE cut = $cut AND label = $label), 0)
    ORDER BY p.rank LIMIT $top
"""


def forecast_table(lake: Lake, cut: datetime, label: str, top: int, *, newest: bool = False) -> Table | str:
    """The likeliest topics of a cut, or a sentence where there are none.

    Args:
        lake: where it is stored.
        cut: its forecast origin, timezone-aware.
        label: what is forecast.
        top: how many topics.
        newest: its newest revision and not the first, which is scored.
    """
    rows = lake.read(_QUERY, {"cut": cut, "label": label, "top": top, "newest": newest})
    if rows.is_empty():
        return f"no topic to forecast for `{label}` at {cut:%Y-%m-%d %H:%M} UTC: nothing was mentioned in the window"
    known = rows["confidence"].null_count() == 0
    table = Table(
        "",
        "topic",
        "chance" if known else "score",
        "mentions",
        "",
        title=f"{TITLES[label]} (`{label}`), {cut:%Y-%m-%d %H:%M} UTC, by {forecaster(rows['model_version'][0])}",
        title_justify="left",
        caption=_caption(rows["model_version"][0], rows["made"][0], rows["forecast_at"][0]),
        caption_justify="left",
    )
    for row in rows.iter_rows(named=True):
        table.add_row(
            str(row["rank"]),
            as_it_is(row["topic"]),
            chance_of(row["confidence"]) if known else f"{row['score']:.3f}",
            mentions(label, row["before"], row["mentions_after"], row["growth"], row["usual"]),
            _verdict(row["came_true"]),
        )
    return table


def _caption(version: str, made: str, forecast_at: datetime | None) -> str:
    moment = f" ({forecast_at:%Y-%m-%d %H:%M} UTC)" if forecast_at else ""
    why = f"\n{NO_MODEL}" if is_counting(version) else ""
    return f"mentions of the 24 h before → those of the 24 h after; {MADE.get(made, 'made live')}{moment}{why}"


def _verdict(came_true: bool | None) -> str:
    colour = {True: "green", False: "red", None: "default"}[came_true]
    return f"[{colour}]{verdict(came_true)}[/{colour}]"
