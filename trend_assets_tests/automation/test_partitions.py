"""The two clocks: keys and bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.automation.partitions import hourly, weekly
from trend_assets.periods import hour_key, week_key
from trend_assets.settings import load_settings

NOW = datetime(2026, 2, 4, 10, 30, tzinfo=UTC)


def test_an_hour_is_there_once_it_is_over(home: Path) -> None:
    keys = hourly(load_settings()).get_partition_keys(current_time=NOW)
    assert keys[0] == "2014-01-01-00:00"
    assert keys[-1] == "2026-02-04-09:00"
    assert hourly(load_settings()).get_partition_keys(current_time=NOW.replace(minute=0))[-1] == keys[-1]


def test_a_week_is_there_from_its_first_moment(home: Path) -> None:
    weeks = weekly(load_settings())
    monday = datetime(2026, 2, 2, tzinfo=UTC)
    assert weeks.get_partition_keys(current_time=monday)[-1] == "2026-02-02"
    assert weeks.get_partition_keys(current_time=monday - timedelta(seconds=1))[-1] == "2026-01-26"
    assert weeks.get_partition_keys(current_time=NOW)[-1] == "2026-02-02"


def test_every_week_begins_on_a_monday_at_midnight_utc(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the history begins on another day, and where clocks change elsewhere."""
    monkeypatch.setenv("TREND_SCHEDULE__HISTORY_START", "2025-10-15")
    weeks = weekly(load_settings())
    windows = [weeks.time_window_for_partition_key(key) for key in weeks.get_partition_keys(current_time=NOW)]
    assert windows[0].start == datetime(2025, 10, 20, tzinfo=UTC)
    for window in windows:
        assert window.start.weekday() == 0 and window.start.utcoffset() == timedelta(0)
        assert window.end - window.start == timedelta(days=7)


def test_keys_are_those_of_the_definitions(home: Path) -> None:
    settings = load_settings()
    moment = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    window = hourly(settings).time_window_for_partition_key(hour_key(moment))
    assert window.start == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert window.end - window.start == timedelta(hours=1)
    monday = datetime(2026, 1, 26, tzinfo=UTC)
    assert weekly(settings).time_window_for_partition_key(week_key(monday)).start == monday
