"""A forecast as people read it, with what became of it where that is known."""

from __future__ import annotations

from datetime import datetime

from rich.table import Table

from trend_assets.commands.console import as_it_is
from trend_assets.lake.store import Lake

_QUERY = """
    SELECT p.rank, p.topic, p.score, p.confidence, p.source_events_count, p.model_version,
           o.came_true, o.mentions_before, o.mentions_after
    FROM predictions p
    LEFT JOIN prediction_outcomes o ON o.cut = p.cut AND o.label = p.label AND o.topic = p.topic
    WHERE p.cut = ? AND p.label = ? ORDER BY p.rank LIMIT ?
"""


def forecast_table(lake: Lake, cut: datetime, label: str, top: int) -> Table | str:
    """The likeliest topics of a cut, or a sentence where there are none."""
    rows = lake.read(_QUERY, [cut, label, top])
    if rows.is_empty():
        return f"no topic to forecast for `{label}` at {cut:%Y-%m-%d %H:%M} UTC: nothing was mentioned in the window"
    model = rows["model_version"][0]
    table = Table(
        "",
        "topic",
        "score",
        "confidence",
        "24 h before",
        "24 h after",
        "",
        title=f"`{label}` at {cut:%Y-%m-%d %H:%M} UTC by {model}",
        title_justify="left",
    )
    for row in rows.iter_rows(named=True):
        before = row["mentions_before"]
        table.add_row(
            str(row["rank"]),
            as_it_is(row["topic"]),
            f"{row['score']:.3f}",
            "—" if row["confidence"] is None else f"{row['confidence']:.0%}",
            str(row["source_events_count"] if before is None else before),
            "" if row["mentions_after"] is None else str(row["mentions_after"]),
            _verdict(row["came_true"]),
        )
    return table


def _verdict(came_true: bool | None) -> str:
    if came_true is None:
        return "open"
    return "[green]hit[/green]" if came_true else "[red]miss[/red]"
