"""`trend embeddings`: makes a fast text model of an exact one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trend_assets.commands.console import console
from trend_assets.errors import TrendError
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings, load_settings

app = typer.Typer(help="Make a text model that embeds a hundred times faster.", no_args_is_help=True)

# The same sample every time, however many texts there are.
_TEXTS = "SELECT DISTINCT text FROM events WHERE text <> '' ORDER BY md5(text) LIMIT ?"


@app.command()
def distil(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Posts, in files that `trend import` reads; default: the lake's.", exists=True),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write it into; default: the home's models.")] = None,
) -> None:
    """Distil a static model from the text model: a table of token vectors, fitted to posts of your own.

    It says how near it comes to the exact model on posts that it had not seen. Put its folder into `embeddings.model`.
    Vectors of two models do not compare: hours before are embedded again in the background.

    Example: trend embeddings distil posts.jsonl.gz
    """
    from trend_assets.assets.text_model import text_model
    from trend_assets.enrichment.static_model import MOST_TEXTS
    from trend_assets.enrichment.static_model import distil as fit
    from trend_assets.sources.archive.texts import texts_of

    settings = load_settings()
    exact = text_model(settings.embeddings)
    made = fit(exact, texts_of(files) if files else _texts(settings, MOST_TEXTS))
    folder = made.save(out or settings.home / "models")
    console.print(f"{folder} is written, fitted to {made.texts:,} texts.", markup=False)
    console.print(
        f"On texts that the fit had not seen: cosine to {exact.model_name} {made.cosine:.2f} in the mean; "
        f"{made.neighbors:.0%} of the ten nearest texts are the same.",
        markup=False,
    )
    console.print(f"To use it, write into the settings' file: embeddings: {{model: {folder}}}", markup=False)


def _texts(settings: Settings, most: int) -> set[str]:
    found = set(Lake(lake_location(settings), read_only=True).read(_TEXTS, [most])["text"])
    if not found:
        raise TrendError(
            "the lake has no texts yet: run `trend backfill` over the days that you imported, or name files of posts"
        )
    return found
