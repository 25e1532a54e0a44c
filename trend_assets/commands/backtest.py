"""`trend backtest`: scores the model and all baselines on past cuts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Table

from trend_assets.commands.console import console, progress, utc_hour
from trend_assets.commands.priority import give_way
from trend_assets.settings import load_settings

if TYPE_CHECKING:
    from trend_assets.forecasting.backtest import LabelResult


def backtest(
    start: Annotated[str, typer.Option(help="First day (UTC).")],
    end: Annotated[str, typer.Option(help="Where it ends, exclusive (UTC).")],
    every: Annotated[str, typer.Option(help="Time between cuts, in hours.")] = "6h",
    tgn: Annotated[bool, typer.Option(help="Train the TGN each week, too.")] = True,
    formulas: Annotated[bool, typer.Option(help="Compare the rankings of products and papers, too.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Weeks walked at once, each in a process of its own.")] = 1,
    reliability: Annotated[Path | None, typer.Option(help="Write stated confidence beside truth to this file.")] = None,
) -> None:
    """Walk the cuts of a range, retraining weekly on the past only, and compare all rankings.

    Example: trend backtest --start 2015-01-01 --end 2015-07-01 --json tweets.json
    """
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.operations.backtesting import run_backtest

    first, last = utc_hour(start), utc_hour(end)
    if first >= last:
        raise typer.BadParameter(f"--start {start} is not before --end {end}")
    give_way()
    every_hours = _hours(every)
    settings = load_settings()
    lake = Lake(lake_location(settings), read_only=True)
    with progress("cuts") as bar:
        task = bar.add_task("backtest", total=None)
        result = run_backtest(
            lake,
            settings,
            first,
            last,
            every_hours=every_hours,
            with_tgn=tgn,
            formulas=formulas,
            processes=processes,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    for label, figures in result.labels.items():
        console.print(_table(figures, label))
        lead = result.lead_over_best(label) if tgn else None
        if lead:
            other, interval = lead
            blocks = figures.blocks("tgn", other, "ndcg_at_10")
            console.print(
                f"tgn - {other}: NDCG@10 {interval.mean:+.3f}, 95 % interval [{interval.low:+.3f}, "
                f"{interval.high:+.3f}] ({blocks} resampled{'' if blocks == 'weeks' else ': fewer than four weeks'})\n"
            )
    for label, found in result.reliability.items():
        if found:
            console.print(
                f"{label}: confidences of the tgn are off by {found.error:.3f} on average (ECE over "
                f"{found.examples:,} predictions, {found.positives:,} came true)"
            )
    for name, seconds in result.training_seconds.items():
        if sum(seconds) >= 1:
            console.print(f"{name}: {len(seconds)} trainings in {sum(seconds):.0f} s")
    if json:
        json.write_bytes(orjson.dumps(result.to_json(), option=orjson.OPT_INDENT_2))
        console.print(f"figures in {json}")
    if reliability:
        stated = {label: found and found.to_json() for label, found in result.reliability.items()}
        reliability.write_bytes(orjson.dumps(stated, option=orjson.OPT_INDENT_2))
        console.print(f"confidence and truth by label in {reliability}")


def _hours(text: str) -> int:
    digits = text.removesuffix("h")
    if not digits.isdigit() or not 1 <= int(digits) <= 168:
        raise typer.BadParameter(f"--every {text!r}: give hours from 1h to 168h, e.g. 6h")
    return int(digits)


def _table(found: LabelResult, label: str) -> Table:
    positives = found.positives.mean() if len(found.positives) else 0.0
    table = Table(
        "ranking",
        "P@10",
        "NDCG@10",
        title=f"{label}: {len(found.times)} cuts, {positives:.1f} positives a cut",
        title_justify="left",
    )
    absent = "not learnt" if len(found.times) else "nothing came true"
    for name in found.values:
        figures = [found.mean(name, metric) for metric in ("precision_at_10", "ndcg_at_10")]
        table.add_row(name, *(absent if figure is None else f"{figure:.3f}" for figure in figures))
    return table
