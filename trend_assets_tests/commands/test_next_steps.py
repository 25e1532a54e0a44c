"""What each command names as the next one: it can be typed, and leads to forecasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.cli import main
from trend_assets.commands.console import as_typed
from trend_assets.commands.next_steps import Step, after_backfill, after_forecasts, after_training, show_next, written
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NODES, TEMPORAL_EDGES
from trend_assets.settings import Settings
from trend_assets.settings.forecasting import TrainingSettings
from trend_assets_tests.operations.conftest import event

FRIDAY = datetime(2026, 1, 2, tzinfo=UTC)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def lake_of(home: Path, *moments: datetime) -> tuple[Lake, Settings]:
    """A lake with a mention at each moment, in a home whose trainings need three."""
    settings = Settings(home=home, training=TrainingSettings(min_events=3))
    lake = Lake(lake_location(settings))
    events = EVENTS.frame(event(number, moment, ["#a"], "ann") for number, moment in enumerate(moments))
    if moments:
        graph = GraphBuilder().build(events)
        lake.write(TEMPORAL_EDGES, graph.edges, min(moments), max(moments) + timedelta(hours=1))
        lake.write(NODES, graph.nodes)
    return lake, settings


@pytest.mark.parametrize(
    ("moments", "command"),
    [
        ([], []),
        ([FRIDAY, FRIDAY + DAY], ["trend predict --at 2026-01-03T01:00"]),
        # Enough before the Monday of the newest posts: forecasts of that week have outcomes.
        ([FRIDAY, FRIDAY, FRIDAY, MONDAY + 3 * DAY], ["trend train --week 2026-01-05"]),
        # Enough only within that week: the model is the next one's.
        ([FRIDAY, MONDAY, MONDAY + DAY], ["trend train --week 2026-01-12"]),
    ],
)
def test_after_the_hourly_tables_comes_a_training_where_it_can_learn(
    tmp_path: Path, moments: list[datetime], command: list[str]
) -> None:
    lake, settings = lake_of(tmp_path, *moments)
    assert [step.command for step in after_backfill(lake, settings)] == command
    lake.close()


def test_a_week_that_has_not_begun_is_not_trained_for(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    lake, settings = lake_of(tmp_path, now, now, now)
    assert [step.command for step in after_backfill(lake, settings)] == [
        f"trend predict --at {written(now + timedelta(hours=1))}"
    ]
    lake.close()


def test_after_a_training_come_forecasts_with_outcomes_where_there_are_days_for_them(tmp_path: Path) -> None:
    lake, _ = lake_of(tmp_path, FRIDAY, MONDAY + 5 * DAY + timedelta(hours=7))
    assert [step.command for step in after_training(lake, MONDAY)] == [
        "trend backfill --only predictions --only prediction_outcomes --start 2026-01-05 --end 2026-01-10T08:00",
        "trend predict --at 2026-01-09T08:00",
    ]
    assert [step.command for step in after_training(lake, MONDAY + 7 * DAY)] == ["trend predict --at 2026-01-10T08:00"]
    lake.close()


def test_after_forecasts_come_one_with_its_outcome_the_newest_and_the_dashboard() -> None:
    newest = MONDAY + 5 * DAY
    steps = after_forecasts(newest, newest)
    assert [step.command for step in steps] == [
        "trend predict --at 2026-01-09",
        "trend predict --at 2026-01-10",
        "trend up",
    ]
    assert after_forecasts(MONDAY, newest)[0].command == "trend predict --at 2026-01-05"


def test_commands_stand_on_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    show_next([Step("trend backfill " + "x" * 100), Step("trend up", "all [services]")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Next:" and lines[1] == "  trend backfill " + "x" * 100
    assert lines[2].split("  # ") == ["  trend up" + " " * 36, "all [services]"]
    show_next([])
    assert capsys.readouterr().out == ""


def test_a_command_is_named_as_this_one_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "venv" / "bin" / "trend"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    steps = [Step("trend train --week 2026-01-05"), Step("TREND_HOME=data/demo trend up", "opens trend data")]
    monkeypatch.setattr("sys.argv", ["venv/bin/trend", "import"])
    show_next(steps)
    told = capsys.readouterr().out
    assert "  venv/bin/trend train --week" in told and "  TREND_HOME=data/demo venv/bin/trend up" in told
    assert "# opens trend data" in told
    hint = (
        "no lake: run `trend import FILE` or `TREND_HOME=a trend …`; the trend is up, as in: trend import --columns a"
    )
    assert as_typed(hint) == (
        "no lake: run `venv/bin/trend import FILE` or `TREND_HOME=a venv/bin/trend …`; the trend is up, "
        "as in: venv/bin/trend import --columns a"
    )
    monkeypatch.setattr("sys.argv", ["venv/bin/trend", "sql", "--nonsense"])
    with pytest.raises(SystemExit):
        main()
    assert "Usage: venv/bin/trend sql" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(program.parent))
    show_next(steps)
    assert "  trend train --week" in capsys.readouterr().out


def test_one_forecast_is_named_once() -> None:
    early = [step.command for step in after_forecasts(MONDAY, MONDAY + 3 * DAY)]
    assert early == ["trend predict --at 2026-01-05", "trend up"]
    assert len(after_forecasts(MONDAY, MONDAY)) == 3
