"""`trend config`: shows the settings in force, or an example file with all of them."""

from __future__ import annotations

import typer

from trend_assets.settings import example_yaml, load_settings, settings_file, shown

app = typer.Typer(help="Show the settings in force, or an example file.", no_args_is_help=True)


@app.command()
def show() -> None:
    """Print the settings in force, secrets hidden.

    Example: TREND_FORECAST__THRESHOLD=10 trend config show
    """
    settings = load_settings()
    typer.echo(f"# file: {settings_file() or 'none'}")
    typer.echo(shown(settings), nl=False)


@app.command()
def example() -> None:
    """Print a commented file with every setting at its default.

    Example: trend config example > trend.yaml
    """
    typer.echo(example_yaml(), nl=False)
