"""Everything else that people type, and what they are told when it is wrong."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
import yaml
from typer.testing import CliRunner

from trend_assets import __version__
from trend_assets.cli import app
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.settings import ForecastSettings
from trend_assets_tests.commands.conftest import COMMAND, Trend, one_sentence, runner

SUB_COMMANDS = (
    ("import",),
    ("backfill",),
    ("train",),
    ("predict",),
    ("backtest",),
    ("status",),
    ("sql",),
    ("config", "show"),
    ("config", "example"),
    ("simulate",),
    ("demo",),
    ("up",),
)


@pytest.fixture(scope="module")
def filled(folder: Path) -> Trend:
    """A home with one CSV imported, whose text has brackets that are no markup."""
    trend = runner(folder / "filled", folder)
    (folder / "chat.csv").write_text(
        "id,at,topic\n1,2026-02-04T08:00:00Z,[/b] tea\n2,2026-02-04T08:30:00Z,[bold]x\n", encoding="utf-8"
    )
    run = trend("import", "--columns", "id=id,timestamp=at,topics=topic,text=topic", "chat.csv")
    assert run.returncode == 0, run.stderr
    return trend


@pytest.mark.parametrize("command", SUB_COMMANDS, ids=" ".join)
def test_help_has_an_example_and_fits(home: Path, command: tuple[str, ...]) -> None:
    # Starting the command costs a second: the same parser, in this process.
    run = CliRunner().invoke(app, [*command, "--help"], prog_name="trend", terminal_width=100)
    assert run.exit_code == 0
    assert "Example:" in run.stdout and f"trend {' '.join(command)}" in run.stdout.split("Example:", 1)[1]
    assert all(len(line) <= 100 for line in run.stdout.splitlines())


def test_it_is_installed_as_a_command(folder: Path) -> None:
    run = subprocess.run([COMMAND, "--version"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{__version__}\n", "")
    run = subprocess.run([COMMAND, "predict", "--at", "never"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and "'never'" in run.stderr


def test_python_m_does_what_the_command_does(folder: Path) -> None:
    module = [sys.executable, "-P", "-m", "trend_assets"]
    run = subprocess.run([*module, "--version"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{__version__}\n", "")
    environment = {**os.environ, "PATH": "", "COLUMNS": "300"}
    run = subprocess.run([*module, "nonsense"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and f"Usage: {COMMAND} [OPTIONS]" in run.stderr


def test_the_overview_names_every_command(trend: Trend) -> None:
    text = trend("--help").stdout
    assert all(command[0] in text for command in SUB_COMMANDS)


def test_the_example_file_is_one_that_can_be_used(trend: Trend, folder: Path) -> None:
    example = trend("config", "example")
    assert example.returncode == 0
    (folder / "example.yaml").write_text(example.stdout, encoding="utf-8")
    run = trend("config", "show", TREND_CONFIG=str(folder / "example.yaml"))
    assert run.returncode == 0, run.stderr
    in_force, given = (ForecastSettings(**yaml.safe_load(text)["forecast"]) for text in (run.stdout, example.stdout))
    assert in_force == given == ForecastSettings()
    assert "# file: " in run.stdout and "example.yaml" in run.stdout


def test_secrets_are_hidden(trend: Trend) -> None:
    run = trend(
        "config",
        "show",
        TREND_LAKE__S3_SECRET="hunter2",
        TREND_LAKE__S3_KEY_ID="hunter3",
        TREND_LAKE__CATALOG_URL="postgresql://ann:hunter4@db:5432/lake",
    )
    assert run.returncode == 0
    assert "hunter" not in run.stdout + run.stderr
    assert yaml.safe_load(run.stdout)["lake"]["s3_secret"]


def test_wrong_settings_name_key_place_and_the_nearest_valid_name(trend: Trend, folder: Path) -> None:
    told = one_sentence(trend("status", TREND_FORECAST__TRESHOLD="9"))
    assert "forecast.treshold" in told and "did you mean threshold?" in told
    (folder / "wrong.yaml").write_text("forecast:\n  threshold: many\n", encoding="utf-8")
    told = one_sentence(trend("status", TREND_CONFIG=str(folder / "wrong.yaml")))
    assert "forecast.threshold" in told and "wrong.yaml" in told


def test_sql_answers_as_table_csv_and_json(filled: Trend) -> None:
    query = "SELECT id, sum(length(raw_data)) > 0 AS full, [id] AS ids, count(*)::HUGEINT AS n, '[/b]' AS odd "
    query += "FROM raw_events GROUP BY id ORDER BY id"
    table = filled("sql", query)
    assert table.returncode == 0, table.stderr
    assert "archive:original:1" in table.stdout and "[/b]" in table.stdout
    rows = orjson.loads(filled("sql", query, "--format", "json").stdout)
    assert rows[0] == {"id": "archive:original:1", "full": True, "ids": ["archive:original:1"], "n": 1, "odd": "[/b]"}
    text = filled("sql", query, "--format", "csv").stdout
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["id"] for line in lines] == [row["id"] for row in rows]
    assert orjson.loads(lines[0]["ids"]) == ["archive:original:1"]


def test_sql_says_what_is_wrong_and_never_writes(filled: Trend) -> None:
    for query in ("SELECT nope FROM raw_events", "", "DELETE FROM raw_events"):
        run = filled("sql", query)
        assert run.returncode == 1
        assert run.stderr.startswith("trend: the query ")
        assert "Traceback" not in run.stderr and "unexpected" not in run.stderr
    assert orjson.loads(filled("sql", "SELECT count(*) AS n FROM raw_events", "--format", "json").stdout) == [{"n": 2}]


def test_status_tells_of_tables_sources_and_trainings(filled: Trend) -> None:
    run = filled("status")
    assert run.returncode == 0, run.stderr
    for text in ("raw_events", "2026-02-04 08:00", "chat.csv", "complete", "load: not looked at", "no training yet"):
        assert text in run.stdout


def test_backfill_and_predict_on_imported_posts(filled: Trend) -> None:
    run = filled("backfill", "--start", "2026-02-04", "--end", "2026-02-05", "--no-embeddings")
    assert run.returncode == 0, run.stderr
    assert "24 hours materialized" in run.stdout and "event_embeddings" not in run.stdout
    assert "WARNING" not in run.stderr and "Traceback" not in run.stderr
    run = filled("predict", "--at", "2026-02-04T10:00")
    assert run.returncode == 0, run.stderr
    assert "[/b] tea" in run.stdout and "[bold]x" in run.stdout and "counting:" in run.stdout
    assert "no chance is given" in " ".join(run.stdout.split())
    told = one_sentence(filled("train", "--week", "2026-02-10"))
    assert "2 mentions before 2026-02-09, training needs 500" in told


def test_without_a_graph_predict_names_the_command_that_makes_it(filled: Trend, folder: Path) -> None:
    filled("backfill", "--start", "2026-02-04", "--end", "2026-02-05", "--no-embeddings")
    lake = Lake(LakeLocation(folder / "filled"))
    with lake.transaction() as connection:
        connection.execute("DELETE FROM temporal_edges")
    lake.close()
    told = one_sentence(filled("predict", "--at", "2026-02-04T10:00"))
    assert "materialize the asset temporal_graph" in told
    command = told.split("`trend ")[1].split("`")[0].split()
    run = filled(*command)
    assert run.returncode == 0 and "temporal_edges, nodes." in run.stdout, run.stderr
    run = filled("predict", "--at", "2026-02-04T10:00")
    assert run.returncode == 0 and "[/b] tea" in run.stdout, run.stderr


def test_an_empty_home_is_an_error_that_helps(folder: Path) -> None:
    trend = runner(folder / "nothing", folder)
    for arguments in (("status",), ("predict", "--at", "2026-02-04")):
        assert "trend import" in one_sentence(trend(*arguments))
    assert "no events that name a topic before 2026-02-02" in one_sentence(trend("train", "--week", "2026-02-04"))
    # Training made the lake; there is still nothing in it.
    run = trend("backfill", "--start", "2026-02-04", "--end", "2026-02-05", "--no-embeddings")
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert "nothing to backfill" in run.stderr and "hours materialized" not in run.stdout


def test_debug_shows_the_traceback(trend: Trend) -> None:
    run = trend("--debug", "status", TREND_HOME="/nonexistent/home")
    assert run.returncode == 1
    assert "Traceback (most recent call last)" in run.stderr and "NoLake" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("predict", "--whn", "now"), "--whn"),
        (("predict", "--at", "tomorrow"), "'tomorrow' is not a date"),
        (("predict", "--label", "shines"), "bursts, breaks_out, emerges"),
        (("backfill", "--start", "2026-02-31", "--end", "2026-03-01"), "'2026-02-31' is not a date"),
        (("backfill", "--start", "2026-02-04T08:30", "--end", "2026-03-01"), "is not a whole hour"),
        (("backfill", "--start", "2026-02-05", "--end", "2026-02-04"), "is not before --end"),
        (
            ("backfill", "--start", "2026-02-04", "--end", "2026-02-05", "--only", "edges"),
            "expected one of sources/*, raw_events",
        ),
        (("backtest", "--start", "2026-02-04", "--end", "2026-02-05", "--every", "6m"), "--every '6m'"),
        (("nonsense",), "nonsense"),
    ],
)
def test_what_is_mistyped_is_named(home: Path, arguments: tuple[str, ...], told: str) -> None:
    run = CliRunner().invoke(app, arguments, prog_name="trend")
    assert run.exit_code == 2
    assert told in run.stderr and "Traceback" not in run.stderr
    assert not home.exists()
