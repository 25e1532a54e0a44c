"""`trend spam train`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trend_assets.cli import app
from trend_assets.enrichment.spam.labelled import LabelledFileError
from trend_assets.enrichment.spam.text_model import load


def table(file: Path) -> Path:
    spam = [f"please check out my channel {word}" for word in ("now", "today", "guys", "everyone", "friends", "again")]
    ham = [f"i love this song so much {word}" for word in ("now", "today", "guys", "everyone", "friends", "again")]
    rows = [f'"{text}",{label}' for label, texts in ((1, spam), (0, ham)) for text in texts]
    file.write_text("CONTENT,CLASS\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def test_a_model_is_made_and_says_from_what(home: Path) -> None:
    files = [str(table(home.parent / name)) for name in ("a.csv", "b.csv")]
    run = CliRunner().invoke(app, ["spam", "train", *files, "--origin", "made up"])
    assert run.exit_code == 0, run.output
    assert "Without --ordinary" in run.output and "F1" in run.output
    made = load(home / "spam.safetensors")
    verdict = made.judge(["please check out my channel", "i love this song"]).logit
    assert verdict[0] > 0 > verdict[1]
    card = json.loads((home / "spam.json").read_text(encoding="utf-8"))
    assert card["origin"] == "made up" and card["labelled"]["a.csv"].startswith("12 texts, 6 spam")


def test_what_cannot_be_learnt_from_is_refused(home: Path) -> None:
    few = home.parent / "few.csv"
    few.write_text("CONTENT,CLASS\nhello,0\n", encoding="utf-8")
    refused = CliRunner().invoke(app, ["spam", "train", str(few)])
    assert refused.exit_code == 2 and "at least 10 texts" in " ".join(refused.output.split())
    few.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(LabelledFileError, match="no column of texts"):
        CliRunner().invoke(app, ["spam", "train", str(few)], catch_exceptions=False)
    assert not (home / "spam.safetensors").exists()
