"""`trend spam`: makes a model of spam texts from labelled files."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from trend_assets.commands.console import console
from trend_assets.settings import load_settings

app = typer.Typer(help="Make a model that tells spam by its text.", no_args_is_help=True)


@app.command()
def train(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV with a column of texts (CONTENT) and one of labels (CLASS: 1 spam, 0 not).", exists=True
        ),
    ],
    ordinary: Annotated[
        list[Path] | None,
        typer.Option(
            help="Posts of other kinds, as `trend import` reads them: of such the model says nothing.", exists=True
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; default: spam.safetensors in the home.")] = None,
    origin: Annotated[str, typer.Option(help="Where the labelled texts come from, and their licence.")] = "",
) -> None:
    """Fit the model to labelled files, leaving out one at a time to choose its settings and to calibrate it.

    Give posts of your own sources as --ordinary (the option can be repeated), so that the model knows where it knows
    nothing. Put the file's path into `enrichment.spam_model`; hours that are made from then on use it.

    Example: trend spam train comments-a.csv comments-b.csv --ordinary posts.jsonl.gz
    """
    # scikit-learn takes two seconds to load.
    from trend_assets.enrichment.spam.labelled import read_labelled, read_ordinary
    from trend_assets.enrichment.spam.training import train as fit

    labelled = [read_labelled(file) for file in files]
    try:
        made = fit(labelled, read_ordinary(ordinary or []))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    target = out or load_settings().home / "spam.safetensors"
    card = {
        "command": " ".join(["trend", *sys.argv[1:]]),
        "origin": origin,
        "labelled": {
            file.name: f"{len(read.texts)} texts, {int(read.labels.sum())} spam, sha256 {_sha256(file)}"
            for file, read in zip(files, labelled, strict=True)
        },
        "ordinary": {file.name: f"sha256 {_sha256(file)}" for file in ordinary or []},
        "left_out": f"F1 {made.f1:.3f}, average precision {made.average_precision:.3f}, one group left out at a time",
        "inverse_strength": str(made.strength),
    }
    replace(made.model, origin={name: json.dumps(value) for name, value in card.items()}).save(target)
    target.with_suffix(".json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"{target} and its {target.with_suffix('.json').name} are written.", markup=False)
    console.print(f"On texts that the fit had not seen: {card['left_out']}.", markup=False)
    if not ordinary:
        console.print("Without --ordinary it may take posts of another kind for spam: any with a link.", markup=False)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
