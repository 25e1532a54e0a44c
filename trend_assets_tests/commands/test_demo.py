"""The demo knows its world's first day and weeks, also when its settings are read from its home again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from trend_assets.commands import demo


def test_the_plan_is_four_weeks_of_the_simulated_world(home: Path) -> None:
    settings = demo._demo_settings(simulated=True)
    plan = demo._simulated_plan(settings)
    assert settings.home == home / "demo" and (home / "demo" / "trend.yaml").is_file()
    assert settings.simulator.enabled and isinstance(settings.simulator.start, date)
    assert settings.schedule.history_start == settings.simulator.start
    assert plan.start == datetime.combine(settings.simulator.start, datetime.min.time(), UTC)
    assert plan.live - plan.start == timedelta(weeks=4)
    assert demo._simulated_plan(demo._demo_settings(simulated=True)) == plan
