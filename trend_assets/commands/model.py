"""`trend model`: lists the stored models, and promotes or withdraws one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from trend_assets.commands.console import as_it_is, as_typed, console
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.models import (
    model_at,
    model_store,
    promote_instead,
    promoted_models,
    roll_back,
    stored_models,
)
from trend_assets.settings import load_settings

app = typer.Typer(help="Show the trained models and choose the one that forecasts.", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """Show every stored model and whether it was promoted.

    Example: trend model list
    """
    settings = load_settings()
    models = stored_models(settings)
    if not models:
        console.print(as_typed(f"no model in {model_store(settings).address()} yet: train one with `trend train`"))
        return
    lake = Lake(lake_location(settings), read_only=True)
    promoted = {model.version for model in promoted_models(lake, settings)}
    in_use = model_at(lake, settings, datetime.now(UTC))
    table = Table("version", "from", "lake snapshot", "state")
    for model in models:
        state = "in use" if model == in_use else "promoted" if model.version in promoted else "not promoted"
        table.add_row(as_it_is(model.version), f"{model.week:%Y-%m-%d %H:%M}", str(model.snapshot), state)
    console.print(table)


@app.command()
def promote(version: Annotated[str, typer.Argument(help="A version that `trend model list` shows.")]) -> None:
    """Use a model from its week on, whatever the gate said; promoted models of later weeks are withdrawn.

    Example: trend model promote tgn-2015-01-05-s17
    """
    settings = load_settings()
    withdrawn = promote_instead(Lake(lake_location(settings)), settings, version)
    console.print(f"{version} is in use.", markup=False)
    if withdrawn:
        console.print(f"Withdrawn: {', '.join(withdrawn)}.", markup=False)


@app.command()
def rollback() -> None:
    """Withdraw the newest promoted model: the one before it, or the best baseline, forecasts again.

    Example: trend model rollback
    """
    settings = load_settings()
    withdrawn, former = roll_back(Lake(lake_location(settings)), settings)
    instead = f"{former.version} is in use again" if former else "the best baseline is in use"
    console.print(f"{withdrawn.version} is withdrawn: {instead}.", markup=False)
