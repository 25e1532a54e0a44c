"""`trend embeddings`, as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trend_assets.cli import app
from trend_assets.enrichment.embedder import RealtimeTextEmbedder
from trend_assets_tests.enrichment.tiny_model import make_model

WORDS = [f"word{place}" for place in range(300)]


@pytest.fixture
def model(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_model(home.parent / "tiny", [*WORDS, "post", "about"])
    monkeypatch.setenv("TREND_EMBEDDINGS__MODEL", str(made))
    return made


def posts(file: Path, count: int) -> Path:
    when = "Wed May 01 12:00:00 +0000 2024"
    tweets = [
        {"id_str": str(place), "created_at": when, "text": f"post about {WORDS[place]}", "user": {"id_str": "7"}}
        for place in range(count)
    ]
    file.write_text("\n".join(json.dumps(tweet) for tweet in tweets), encoding="utf-8")
    return file


def test_a_model_is_made_of_posts_and_says_how_near_it_comes(home: Path, model: Path) -> None:
    run = CliRunner().invoke(app, ["embeddings", "distil", str(posts(home.parent / "posts.jsonl", 250))])
    assert run.exit_code == 0, run.output
    folder = re.search(r"(\S*static-[0-9a-f]{8}) is written", run.output.replace("\n", ""))
    assert folder and "225 texts" in run.output and f"cosine to {model}" in run.output.replace("\n", "")
    assert RealtimeTextEmbedder(folder[1]).embed(["post about word7"]).shape == (1, 32)


def test_too_few_posts_are_said(home: Path, model: Path) -> None:
    run = CliRunner().invoke(app, ["embeddings", "distil", str(posts(home.parent / "posts.jsonl", 3))])
    assert run.exit_code != 0 and "there are 3: give more posts" in str(run.exception)
