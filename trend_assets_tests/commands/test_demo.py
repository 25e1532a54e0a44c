"""The demo knows its world's first day and weeks, also when its settings are read from its home again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.commands import demo
from trend_assets.settings import load_settings


def test_the_plan_is_four_weeks_of_the_simulated_world(home: Path) -> None:
    settings = demo._demo_settings(simulated=True)
    now = datetime(2026, 7, 1, 10, 5, tzinfo=UTC)
    plan = demo._simulated_plan(settings, now)
    assert settings.home == home / "demo" and (home / "demo" / "trend.yaml").is_file()
    assert settings.simulator.enabled and isinstance(settings.simulator.start, date)
    assert settings.schedule.history_start == settings.simulator.start
    assert plan.start == datetime.combine(settings.simulator.start, datetime.min.time(), UTC)
    assert plan.live - plan.start == timedelta(weeks=4)
    assert plan.now == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert demo._simulated_plan(demo._demo_settings(simulated=True), now) == plan


@pytest.mark.parametrize(
    ("now", "live"),
    [("2026-11-29T05:00", "2026-11-23"), ("2026-12-01T23:00", "2026-11-23"), ("2026-12-02T00:00", "2026-11-30")],
)
def test_its_live_day_is_the_latest_monday_whose_next_day_is_over(home: Path, now: str, live: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    demo._keep_settings(home / "demo", load_settings(), moment)
    plan = demo._simulated_plan(demo._demo_settings(simulated=True), moment)
    assert plan.live == datetime.fromisoformat(live).replace(tzinfo=UTC)
    assert plan.end <= moment


def test_a_chosen_start_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_SIMULATOR__START", "2026-01-05")
    assert demo._demo_settings(simulated=True).simulator.start == date(2026, 1, 5)
