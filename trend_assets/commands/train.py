"""`trend train`: trains the model of one week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table

from trend_assets.commands.console import console, utc_moment
from trend_assets.commands.next_steps import after_training, show_next
from trend_assets.commands.priority import give_way
from trend_assets.periods import monday
from trend_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from trend_assets.lake.store import Lake


def train(
    week: Annotated[
        str | None, typer.Option(help="Any day of the week; it sees only what was before that week's Monday.")
    ] = None,
    snapshot: Annotated[
        int | None, typer.Option(min=0, help="Train again on exactly the rows of this snapshot of the lake.")
    ] = None,
) -> None:
    """Train the model of a week (default: this one) on everything before its Monday 00:00 UTC.

    It is promoted if it is not clearly worse than the best baseline and the model in use. With --snapshot
    (training_runs.lake_snapshot) and the same settings a training gives the same weights to the last bit.

    Example: trend train --week 2015-01-05
    """
    from trend_assets.automation.instance import open_instance
    from trend_assets.definitions import make_definitions
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.launch import materialize_week

    give_way()
    start = monday(utc_moment(week) if week else datetime.now(UTC))
    settings = load_settings()
    run_id = materialize_week(make_definitions(settings), open_instance(settings), start, snapshot)
    lake = Lake(lake_location(settings), read_only=True)
    row = lake.read(
        "SELECT model_version, seconds, metrics, promoted, decision FROM training_runs WHERE week = ? AND run_id = ?",
        [start, run_id],
    )
    console.print(f"{row['model_version'][0]} trained in {row['seconds'][0]:.0f} s.")
    verdict = "In use from this week on (promoted)" if row["promoted"][0] else "Not put to use (not promoted)"
    console.print(f"{verdict}: {row['decision'][0]}.", markup=False)
    if not row["promoted"][0]:
        console.print(_what_now(lake, settings, start, row["model_version"][0]), markup=False)
    metrics = orjson.loads(row["metrics"][0])
    for label, figures in metrics["tgn"].items():
        if "not_used_because" in figures:
            why = figures["not_used_because"]
            console.print(f"{label}: " + (f"ranked by counting: {why}." if why else "used, too."), markup=False)
    console.print(_metrics(metrics))
    show_next(after_training(lake, start))


def _what_now(lake: Lake, settings: Settings, week: datetime, version: str) -> str:
    """What forecasts instead of a model that was refused, and what to do."""
    from trend_assets.operations.models import model_at

    former = model_at(lake, settings, week)
    instead = f"{former.version} stays in use" if former else "Topics are ranked by counting, without a chance,"
    first = lake.read("SELECT min(hour) AS first FROM temporal_edges WHERE hour < ?", [week])["first"][0]
    weeks, later = (week - first).days // 7, week + timedelta(weeks=1)
    return (
        f"{instead} until a model is better. This one learnt from {weeks} weeks. More history helps most "
        f"(`trend import` earlier posts), then a later week (`trend train --week {later:%Y-%m-%d}`). "
        f"To use it all the same: `trend model promote {version}`."
    )


def _metrics(metrics: dict[str, Any]) -> Table:
    """NDCG@10 of the model and every baseline on the weeks held out."""
    table = Table(
        "ranking", *metrics["tgn"], title=f"NDCG@10 on the last {metrics['held_out_weeks']} weeks", title_justify="left"
    )
    for name, figures in metrics.items():
        if isinstance(figures, dict):
            values = [figures[label]["ndcg_at_10"] for label in metrics["tgn"]]
            table.add_row(name, *("—" if value is None else f"{value:.3f}" for value in values))
    return table
