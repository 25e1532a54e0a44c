"""The two clocks: keys and bounds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.automation.partitions import history_start, hourly, weekly
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.importing import import_file
from trend_assets.periods import hour_key, week_key
from trend_assets.settings import load_settings
from trend_assets.sources.archive.columns import ColumnMap

NOW = datetime(2026, 2, 4, 10, 30, tzinfo=UTC)


def test_an_hour_is_there_once_it_is_over(home: Path) -> None:
    keys = hourly(history_start(load_settings())).get_partition_keys(current_time=NOW)
    assert keys[0] == "2014-01-01-00:00"
    assert keys[-1] == "2026-02-04-09:00"
    assert hourly(history_start(load_settings())).get_partition_keys(current_time=NOW.replace(minute=0))[-1] == keys[-1]


def test_a_week_is_there_from_its_first_moment(home: Path) -> None:
    weeks = weekly(history_start(load_settings()))
    monday = datetime(2026, 2, 2, tzinfo=UTC)
    assert weeks.get_partition_keys(current_time=monday)[-1] == "2026-02-02"
    assert weeks.get_partition_keys(current_time=monday - timedelta(seconds=1))[-1] == "2026-01-26"
    assert weeks.get_partition_keys(current_time=NOW)[-1] == "2026-02-02"


def test_every_week_begins_on_a_monday_at_midnight_utc(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the history begins on another day, and where clocks change elsewhere."""
    monkeypatch.setenv("TREND_SCHEDULE__HISTORY_START", "2025-10-15")
    weeks = weekly(history_start(load_settings()))
    windows = [weeks.time_window_for_partition_key(key) for key in weeks.get_partition_keys(current_time=NOW)]
    assert windows[0].start == datetime(2025, 10, 20, tzinfo=UTC)
    for window in windows:
        assert window.start.weekday() == 0 and window.start.utcoffset() == timedelta(0)
        assert window.end - window.start == timedelta(days=7)


def test_keys_are_those_of_the_definitions(home: Path) -> None:
    start = history_start(load_settings())
    moment = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    window = hourly(start).time_window_for_partition_key(hour_key(moment))
    assert window.start == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert window.end - window.start == timedelta(hours=1)
    monday = datetime(2026, 1, 26, tzinfo=UTC)
    assert weekly(start).time_window_for_partition_key(week_key(monday)).start == monday


def test_partitions_begin_with_the_oldest_event_that_is_not_a_mistake(home: Path, tmp_path: Path) -> None:
    settings = load_settings()
    assert history_start(settings) == date(2014, 1, 1), "there is no lake yet, and none is made"
    assert not home.exists()
    lake = Lake(lake_location(settings))
    assert history_start(settings) == date(2014, 1, 1), "the lake is empty"
    begins = []
    for day in ("2014-05-06", "2009-03-04", "1970-01-01"):
        path = tmp_path / f"{day}.csv"
        path.write_text(f"id,ts\n{day},{day}T12:00:00Z\n", encoding="utf-8")
        import_file(lake, path, load_settings(), ColumnMap.parse("id=id,timestamp=ts"))
        begins.append(history_start(settings))
    assert begins == [date(2014, 1, 1), date(2009, 3, 4), date(2009, 3, 4)], "what is before 1980 is rejected"
    assert hourly(begins[1]).has_partition_key("2009-03-04-12:00")
    lake.close()
