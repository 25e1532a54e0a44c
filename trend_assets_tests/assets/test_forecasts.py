"""A forecast through Dagster: stored before anybody is told, and only added to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from trend_assets.assets import forecasts
from trend_assets.automation.instance import open_instance
from trend_assets.automation.partitions import hourly
from trend_assets.definitions import defs
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PREDICTIONS
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.settings import Settings, load_settings
from trend_assets_tests.operations.conftest import event, write_posts

HOUR = timedelta(hours=1)
CUT = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def lake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Twelve topics of the last hour; what is forecast within two hours counts as live, so that no clock decides."""
    monkeypatch.setenv("TREND_SCHEDULE__FORECAST_WITHIN", "2")
    made = LakeResource(load_settings()).lake
    post(made, *(f"#t{number:02d}" for number in range(12) for _ in range(12 - number)))
    return made


def post(lake: Lake, *topics: str) -> None:
    known = lake.read_table(EVENTS, CUT - HOUR, CUT)
    rows = [event(known.height + number, CUT - HOUR, [topic], "u") for number, topic in enumerate(topics)]
    write_posts(lake, pl.concat([known, EVENTS.frame(rows)]), CUT - HOUR, CUT)


def run() -> str:
    return materialize_hours(defs(), open_instance(load_settings()), HourRange(CUT - HOUR, CUT), ["predictions"])


def test_an_hour_run_again_revises_its_forecast_and_keeps_the_first(lake: Lake) -> None:
    first = run()
    before = lake.read_table(PREDICTIONS)
    assert set(before["run_id"]) == {first} and set(before["made"]) == {"live"}
    assert ((before["forecast_at"] - before["cut"]) < 2 * HOUR).all()
    assert run() and lake.read_table(PREDICTIONS).equals(before)
    post(lake, *["#t11"] * 30)
    again = run()
    after = lake.read_table(PREDICTIONS)
    assert after.filter(pl.col("revision") == 0).equals(before)
    revised = after.filter(pl.col("revision") == 1)
    assert set(revised["run_id"]) == {again} and set(revised["made"]) == {"revised"}
    ranks = after.filter(topic="#t11", label="emerges").sort("revision")["rank"]
    assert ranks.to_list() == [12, 1]


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
@pytest.mark.parametrize(("horizons", "first", "last"), [((24,), 24, 24), ((24, 6, 168), 168, 6)])
def test_an_hours_outcomes_stand_on_the_forecasts_that_come_due(
    horizons: tuple[int, ...], first: int, last: int
) -> None:
    hours = hourly(datetime(2026, 1, 1, tzinfo=UTC))
    predictions, outcomes = forecasts.forecast_assets(hours, horizons)
    mapping = outcomes.get_partition_mapping(predictions.key)
    assert mapping is not None
    asked = hours.subset_with_partition_keys(["2026-02-01-00:00"])
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(asked, hours, hours).partitions_subset
    keys = list(found.get_partition_keys())
    due = [f"{datetime(2026, 2, 1, tzinfo=UTC) - timedelta(hours=back):%Y-%m-%d-%H:%M}" for back in (first, last)]
    assert [keys[0], keys[-1]] == due and len(keys) == first - last + 1


def test_nobody_is_told_before_the_forecast_is_stored(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def alert_topics(lake: Lake, settings: Settings, cut: datetime, now: datetime) -> int:
        seen.append(lake.read("SELECT count(*) FROM predictions WHERE cut = ?", [cut]).item())
        return 0

    monkeypatch.setattr(forecasts, "alert_topics", alert_topics)
    run()
    assert seen == [lake.read_table(PREDICTIONS).height] and seen[0] > 0
