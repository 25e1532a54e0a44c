"""`trend model` and `trend train --snapshot` as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from trend_assets_tests.commands.conftest import Trend, one_sentence, runner

HEADER = "id,sent_at,user,title\n"
START = datetime(2024, 1, 1, tzinfo=UTC)


def chat(path: Path, days: int) -> None:
    """Titles of which one half, by who began them, draw a crowd within the day."""
    chance = np.random.default_rng(0)
    rows = []
    for title in range(days * 12):
        starter = int(chance.integers(20))
        hours = [0.0, *np.sort(chance.exponential(14, chance.poisson(22 if starter < 10 else 3)))]
        users = [starter, *chance.integers(0, 120, len(hours) - 1)]
        rows += [(title * 2 + hour, title, user) for hour, user in zip(hours, users, strict=True)]
    lines = [
        f"m{number},{(START + timedelta(seconds=int(hour * 3600))).isoformat()},u{user},title {title}"
        for number, (hour, title, user) in enumerate(sorted(rows))
        if hour < days * 24
    ]
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def trained(folder: Path) -> Trend:
    """A home in which the model of one week was trained."""
    run = runner(folder / "trained", folder)
    chat(folder / "chat.csv", 15)
    columns = "id=id,timestamp=sent_at,user_id=user,topics=title,text=title"
    assert run("import", "--columns", columns, folder / "chat.csv").returncode == 0
    filled = run("backfill", "--start", "2024-01-01", "--end", "2024-01-16", "--no-embeddings")
    assert filled.returncode == 0, filled.stderr
    done = run("train", "--week", "2024-01-15", TREND_TRAINING__EPOCHS="1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"\((not )?promoted\): ", done.stdout), done.stdout
    return run


def version(run: Trend) -> str:
    (row,) = run("sql", "select model_version from training_runs", "--format", "csv").stdout.split()[1:]
    return row


def test_without_a_model_it_says_what_to_do(trend: Trend) -> None:
    listed = trend("model", "list")
    assert listed.returncode == 0 and "train one with `trend train`" in listed.stdout
    assert "no model is promoted" in one_sentence(trend("model", "rollback"))
    assert "there is no model 'tgn-x'" in one_sentence(trend("model", "promote", "tgn-x"))


def test_a_model_is_listed_rolled_back_and_promoted_by_hand(trained: Trend) -> None:
    name = version(trained)
    assert re.search(
        rf"2024-01-15 │ succeeded │ (yes|no) +│ {name} ", trained("status", COLUMNS="300").stdout, re.MULTILINE
    )
    assert f"{name} is in use." in trained("model", "promote", name).stdout
    assert "in use" in trained("model", "list").stdout
    rolled = trained("model", "rollback")
    assert rolled.stdout == f"{name} is withdrawn: the best baseline is in use.\n"
    assert "not promoted" in trained("model", "list").stdout


def test_a_snapshot_that_is_gone_is_refused(trained: Trend) -> None:
    refused = trained("train", "--week", "2024-01-15", "--snapshot", "99999")
    assert "the lake has no snapshot 99999" in one_sentence(refused)
