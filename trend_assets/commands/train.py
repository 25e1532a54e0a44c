"""`trend train`: trains the model of one week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table

from trend_assets.commands.console import as_typed, console, utc_moment
from trend_assets.commands.next_steps import after_training, show_next
from trend_assets.commands.priority import give_way
from trend_assets.periods import monday
from trend_assets.settings import Settings, load_settings
from trend_assets.words import counted

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

    It is put to use (promoted) if it beats counting on weeks that it had not seen, and is not clearly worse than the
    best learned baseline and the model in use. With 16 weeks of history the last weeks decide: the whole interval of
    its lead must lie above zero. A shorter history is looked at twice as far back, by days, and what models showed in
    first months of other streams counts, too. Else counting ranks, and the output says what is missing.

    With --snapshot (training_runs.lake_snapshot) and the same settings a training gives the same weights to the last
    bit.

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
        console.print(as_typed(_what_now(lake, settings, start, row["model_version"][0])), markup=False)
    metrics = orjson.loads(row["metrics"][0])
    for label, figures in metrics["tgn"].items():
        if "not_used_because" in figures:
            why = figures["not_used_because"]
            used = "used, too" if row["promoted"][0] else "would be used with the model"
            console.print(f"{label}: {f'ranked by counting: {why}' if why else used}.", markup=False)
    console.print(_metrics(metrics))
    show_next(after_training(lake, start))


def _what_now(lake: Lake, settings: Settings, week: datetime, version: str) -> str:
    """What forecasts instead of a model that was refused, and what to do."""
    from trend_assets.operations.models import model_at
    from trend_assets.operations.training import WHOLE_WEEKS

    former = model_at(lake, settings, week)
    instead = f"{former.version} stays in use" if former else "Topics are ranked by counting, without a chance,"
    first = lake.read("SELECT min(hour) AS first FROM temporal_edges WHERE hour < ?", [week])["first"][0]
    weeks, later = (week - first).days // 7, week + timedelta(weeks=1)
    short = f" From {WHOLE_WEEKS} weeks on whole weeks decide." if weeks < WHOLE_WEEKS else ""
    return (
        f"{instead} until a model is better. This one had {counted(weeks, 'week')} of history.{short} More history "
        f"helps most (`trend import` earlier posts, then `trend backfill`), then a later week "
        f"(`trend train --week {later:%Y-%m-%d}`). To use it all the same: `trend model promote {version}`."
    )


def _metrics(metrics: dict[str, Any]) -> Table:
    """NDCG@10 of the model and every baseline on the weeks held out."""
    weeks = metrics["held_out_weeks"]
    title = f"NDCG@10 on the last {'week' if weeks == 1 else f'{weeks} weeks'}, which each was fitted before"
    table = Table("ranking", *metrics["tgn"], title=title, title_justify="left")
    for name, figures in metrics.items():
        if isinstance(figures, dict):
            values = [figures[label]["ndcg_at_10"] for label in metrics["tgn"]]
            table.add_row(name, *("—" if value is None else f"{value:.3f}" for value in values))
    return table
