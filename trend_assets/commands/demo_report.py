"""The final report of the demo: the ranked topics, and the score beside the baselines'."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rich.table import Table

from trend_assets.commands.console import console
from trend_assets.commands.forecast_report import show_forecast
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.scoring import CutScores, made_of, stored_scores
from trend_assets.settings import Settings
from trend_assets.words import DEFAULT_LABEL, TITLES, ahead, kind_of

#: By label: how far ahead, and whether counting ranked at every cut.
_RANKED = """
    SELECT label, any_value(horizon_hours) AS hours, bool_and(starts_with(model_version, 'baseline:')) AS counted
    FROM predictions WHERE cut > ? AND cut <= ? AND made = ? GROUP BY label
"""
_BEST = 3


def show(settings: Settings, start: datetime, cut: datetime) -> None:
    """The forecast at `cut` with what became of it, and the scores of all cuts in `(start, cut]`."""
    lake = Lake(lake_location(settings), read_only=True)
    counts = lake.read("SELECT source, count(*) AS events FROM events GROUP BY source ORDER BY source")
    console.print("in the lake: " + ", ".join(f"{events:,} {source} events" for source, events in counts.rows()))
    console.print()
    show_forecast(lake, settings, cut, DEFAULT_LABEL, 10, earlier=False)
    console.print()
    for made in made_of(lake, start, cut):
        ranked = {label: (hours, counted) for label, hours, counted in lake.read(_RANKED, [start, cut, made]).rows()}
        console.print(_scores(stored_scores(lake, start, cut, made), ranked, cut, made))


def _scores(scores: list[CutScores], ranked: Mapping[str, tuple[int, bool]], cut: datetime, made: str) -> Table:
    """The forecast of each label, and the best of those that only count."""
    table = Table(
        "what was forecast",
        "ranking",
        "P@10",
        "NDCG@10",
        "cuts",
        title=f"How right the hourly forecasts of the live day ({made}) were, beside counting",
        title_justify="left",
        caption=f"the last cut is {cut:%Y-%m-%d %H:%M} UTC; cuts without a positive or with under 10 topics left out;\n"
        f"of the rankings that count the best {_BEST} of each",
        caption_justify="left",
    )
    order = sorted(dict.fromkeys(row.label for row in scores), key=lambda label: list(TITLES).index(kind_of(label)))
    for label in order:
        of_label = [row for row in scores if row.label == label]
        counting = [row for row in of_label if not row.is_model][:_BEST]
        rows = [row for row in of_label if row.is_model or row in counting]
        hours, counted = ranked[label]
        for row in rows:
            style = "bold" if row.is_model else None
            table.add_row(
                f"{TITLES[kind_of(label)]} in {ahead(hours)} (`{label}`)" if row is rows[0] else "",
                f"{row.ranking} (counting: no model)" if row.is_model and counted else row.ranking,
                f"{row.precision_at_10:.3f}",
                f"{row.ndcg_at_10:.3f}",
                str(row.cuts),
                style=style,
            )
    return table
