"""A forecast as a table for the terminal, with outcomes where they are known."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from rich.table import Table

from trend_assets.commands.console import as_it_is, as_typed
from trend_assets.forecasting.accuracy import LAST_DECISION, NOT_USED, were_compared
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import MODEL_PROMOTIONS
from trend_assets.words import (
    DEFAULT_LABEL,
    MADE,
    NOT_DUE,
    UNCOMPARED,
    Decision,
    ahead,
    chance_of,
    counted_because,
    forecaster,
    is_counting,
    kind_of,
    list_title,
    mentions,
    nothing_asked,
    verdict,
    waits_for,
)

#: The rows of `predictions p` of a cut.
OF_CUT = """
    p.cut = $cut AND p.label = $label
    AND p.revision = if($newest, (SELECT max(revision) FROM predictions WHERE cut = $cut AND label = $label), 0)
"""
#: Those that a list shows, in its order.
SHOWN = f"{OF_CUT} AND NOT list_contains($left_out::VARCHAR[], p.topic) ORDER BY p.rank LIMIT $top"
_QUERY = f"""
    SELECT p.rank, p.topic, p.horizon_hours, p.score, p.confidence, p.growth, p.model_version, p.forecast_at, p.made,
           coalesce(o.mentions_before, (p.metadata ->> 'before')::BIGINT, p.source_events_count) AS before,
           (p.metadata ->> 'usual')::DOUBLE AS usual, (p.metadata ->> 'needed')::BIGINT AS needed, o.came_true,
           o.mentions_after
    FROM predictions p
    LEFT JOIN prediction_outcomes o ON o.cut = p.cut AND o.label = p.label AND o.topic = p.topic
    WHERE {SHOWN}
"""
_MAIN_HORIZON = "SELECT horizon_hours AS hours FROM predictions WHERE cut = $cut AND label = $main LIMIT 1"
_ALL_LEFT_OUT = "each one that was mentioned looks like spam, or is muted (`attention.muted`)"


def forecast_table(
    lake: Lake, cut: datetime, label: str, top: int, *, newest: bool = False, left_out: Collection[str] = ()
) -> Table | str:
    """The likeliest topics of a cut, or a sentence where there are none.

    Args:
        lake: where it is stored.
        cut: its forecast origin, timezone-aware.
        label: what is forecast.
        top: how many topics.
        newest: its newest revision and not the first, which is scored.
        left_out: topics that are not shown.
    """
    asked = {"cut": cut, "label": label, "newest": newest}
    rows = lake.read(_QUERY, {**asked, "top": top, "left_out": sorted(left_out)})
    if rows.is_empty():
        is_hidden = left_out and lake.read(_QUERY, {**asked, "top": 1, "left_out": []}).height
        why = _ALL_LEFT_OUT if is_hidden else nothing_asked(label)
        return f"no topic to forecast for `{label}` at {cut:%Y-%m-%d %H:%M} UTC: {why}"
    known = rows["confidence"].null_count() == 0
    hours, version = rows["horizon_hours"][0], rows["model_version"][0]
    table = Table(
        "",
        "topic",
        "chance" if known else "score",
        "mentions",
        "",
        title=f"{list_title(label, hours, version)} (`{label}`), {cut:%Y-%m-%d %H:%M} UTC"
        + ("" if is_counting(version) else f", by {forecaster(version)}"),
        title_justify="left",
        caption=_caption(hours, rows["made"][0], rows["forecast_at"][0]) + _why(lake, cut, label, version),
        caption_justify="left",
    )
    waits = _waits(lake, cut + timedelta(hours=hours)) if rows["came_true"].has_nulls() else NOT_DUE
    for row in rows.iter_rows(named=True):
        table.add_row(
            str(row["rank"]),
            as_it_is(row["topic"]),
            chance_of(row["confidence"]) if known else f"{row['score']:.3f}",
            mentions(label, row["before"], row["mentions_after"], row["growth"], row["usual"], row["needed"]),
            _verdict(row["came_true"], waits),
        )
    return table


def _caption(hours: int, made: str, forecast_at: datetime | None) -> str:
    moment = f" ({forecast_at:%Y-%m-%d %H:%M} UTC)" if forecast_at else ""
    span = ahead(hours)
    return f"mentions of the {span} before → those of the {span} after; {MADE.get(made, 'made live')}{moment}"


def _why(lake: Lake, cut: datetime, label: str, version: str) -> str:
    """Why counting ranks, where it does."""
    if not is_counting(version):
        return ""
    asked = {"cut": cut, "label": label, "main": DEFAULT_LABEL}
    further = [] if label == kind_of(label) else lake.read(NOT_USED, asked)["reason"].to_list()
    last = lake.read(LAST_DECISION, {"cut": cut}).rows() if lake.has(MODEL_PROMOTIONS) else []
    compared = version != UNCOMPARED or _were_compared(lake, cut)
    told = counted_because(further, Decision(*last[0]) if last else None, compared=compared)
    return f"\n{as_it_is(as_typed(told))}"


def _were_compared(lake: Lake, cut: datetime) -> bool:
    main = lake.read(_MAIN_HORIZON, {"cut": cut, "main": DEFAULT_LABEL})["hours"]
    return main.is_empty() or were_compared(lake.read, cut, main[0])


def _waits(lake: Lake, due: datetime) -> str:
    """What outcomes that are missing wait for."""
    if due > datetime.now(UTC):
        return NOT_DUE
    return waits_for(due, lake.read("SELECT max(timestamp) AS newest FROM raw_events")["newest"][0])


def _verdict(came_true: bool | None, waits: str) -> str:
    colour = {True: "green", False: "red", None: "default"}[came_true]
    return f"[{colour}]{verdict(came_true, waits)}[/{colour}]"
