"""The `trend` command: registers the sub-commands and turns errors into one-line messages."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from trend_assets import __version__
from trend_assets.commands import (
    alerts,
    api_key,
    backfill,
    backtest,
    backup,
    collect,
    config,
    demo,
    doctor,
    embeddings,
    forget,
    import_archive,
    init,
    maintain,
    mcp,
    model,
    predict,
    query,
    repair,
    simulate,
    spam,
    status,
    train,
    up,
    worker,
)
from trend_assets.commands.console import as_typed, called, errors
from trend_assets.commands.failures import in_one_sentence

app = typer.Typer(
    help="Forecast which topics will rise. All times are UTC.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("import")(import_archive.import_archive)
app.command()(init.init)
app.command()(collect.collect)
app.command()(backfill.backfill)
app.command()(train.train)
app.add_typer(model.app, name="model")
app.add_typer(spam.app, name="spam")
app.add_typer(embeddings.app, name="embeddings")
app.command()(predict.predict)
app.command()(backtest.backtest)
app.command()(status.status)
app.command("sql")(query.sql)
app.add_typer(alerts.app, name="alerts")
app.add_typer(config.app, name="config")
app.command()(maintain.maintain)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(forget.forget)
app.command()(simulate.simulate)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.command()(repair.repair)
app.command()(up.up)
app.command()(worker.worker)
app.command()(mcp.mcp)
app.command("api-key")(api_key.api_key)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit()


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options before the sub-command."""


def main() -> None:
    """Entry point: exit status 0, or 1 with one sentence on standard error."""
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app(prog_name=called())
    except Exception as error:
        if debug:
            raise
        errors.print(f"trend: {as_typed(in_one_sentence(error))}", soft_wrap=True, markup=False)
        sys.exit(1)
