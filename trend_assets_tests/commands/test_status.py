"""`trend status` reads well at 80 columns, whatever is in the lake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trend_assets.cli import app
from trend_assets.lake.tables import COLLECTION_STATUS, TRAINING_RUNS
from trend_assets_tests.api.conftest import ONE, collected, fill, training

LONG = "archives/2015/january/a-folder-of-a-university-with-a-long-name/:100:[b]_of_the_week.jsonl.gz"
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is printed of a lake with long names, long reasons and large numbers."""
    lake = fill(home)
    row = {**collected()[-1], "events": 1_234_567}
    late = {"source": "google_trends", "hour": NOW - 2 * ONE, "status": "failed", "failure": "rate_limit"}
    late |= {"message": "Google Trends answered 429", "retry_at": NOW + timedelta(minutes=90)}
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([{**row, "source": LONG}, {**row, **late}]))
    why = "NDCG@10 0.412 is not above the best baseline's 0.437 (mentions_24h) on 24 held-out cuts, of two weeks"
    runs = [{**training(), "run_id": "r2", "promoted": False, "decision": why}]
    runs += [{**training(), "run_id": "r3", "status": "failed", "model_version": None, "error": "2 mentions"}]
    lake.write(TRAINING_RUNS, TRAINING_RUNS.frame(runs))
    lake.close()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TREND_SCHEDULE__ENABLED", "true")
    monkeypatch.setenv("TREND_GOOGLE_TRENDS__ENABLED", "true")
    monkeypatch.setenv("TREND_MASTODON__ENABLED", "true")
    run = CliRunner().invoke(app, ["status"])
    assert run.exit_code == 0, run.output
    return run.stdout.splitlines()


def test_tables_fit_and_nothing_is_cut(shown: list[str], home: Path) -> None:
    assert shown[0].startswith(f"lake {home / 'lake'}, snapshot ")
    assert all(len(line) <= 80 for line in shown[1:])
    table = "".join(line.split("│")[1].strip() for line in shown if line.count("│") == 5)
    assert LONG in table and "…" not in "".join(shown)
    assert any("google_trends" in line and "1,234,567" in line and "failed" in line for line in shown)
    assert any("mastodon" in line and "not yet" in line for line in shown)


def test_reasons_stand_below_their_table(shown: list[str]) -> None:
    text = " ".join(shown)
    assert "google_trends: Google Trends answered 429" in text
    assert "2024-01-01: NDCG@10 0.412 is not above" in text and "2024-01-01: 2 mentions" in text


def test_empty_tables_take_one_line(shown: list[str]) -> None:
    assert any(line.startswith("without rows: observations") for line in shown)
    assert not any("│ observations" in line for line in shown)


def test_the_schedule_that_is_off_is_told_once(home: Path) -> None:
    fill(home).close()
    told = CliRunner().invoke(app, ["status"]).stdout
    assert told.count("the schedule is off") == 1 and "next try" not in told
