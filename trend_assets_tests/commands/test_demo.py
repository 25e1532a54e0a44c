"""The demo knows its world's first day and weeks, also when its settings are read from its home again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.commands import demo, demo_live
from trend_assets.launch import HourRange
from trend_assets.settings import load_settings


def test_the_plan_is_four_weeks_of_the_simulated_world(home: Path) -> None:
    settings = demo._demo_settings(simulated=True)
    now = datetime(2026, 7, 1, 10, 5, tzinfo=UTC)
    plan = demo._simulated_plan(settings, now)
    assert settings.home == home / "demo" and (home / "demo" / "trend.yaml").is_file()
    assert settings.simulator.enabled and isinstance(settings.simulator.start, date)
    assert settings.schedule.history_start == settings.simulator.start
    # The world goes on while `trend up` runs.
    assert settings.schedule.enabled and "&id" not in (home / "demo" / "trend.yaml").read_text()
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


def test_a_live_world_begins_a_week_earlier_and_leaves_that_week_to_go_on(home: Path) -> None:
    live = demo._simulated_plan(demo._demo_settings(simulated=True, live=True), datetime.now(UTC))
    assert live.now is not None and timedelta(weeks=1) <= live.now - live.end < timedelta(weeks=2)
    # Its settings are kept: the next command finds the same world.
    assert demo._simulated_plan(demo._demo_settings(simulated=True), live.now) == live


def test_a_demo_that_is_not_through_does_not_go_on(home: Path) -> None:
    settings = demo._demo_settings(simulated=True, live=True)
    plan = demo._simulated_plan(settings, datetime.now(UTC))
    assert demo_live.newest_forecast(settings) is None
    assert not demo._goes_on(settings, plan, 6)


def test_hours_follow_at_their_pace_and_a_slow_one_is_waited_for() -> None:
    now, begun = 0.0, []

    def clock() -> float:
        return now

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def run(hour: HourRange) -> None:
        begun.append(now)
        sleep(25.0 if len(begun) == 2 else 1.0)

    start = datetime(2026, 1, 5, tzinfo=UTC)
    demo_live.paced(HourRange(start, start + timedelta(hours=4)).each(), 10.0, run, clock, sleep)
    assert begun == [0.0, 10.0, 35.0, 45.0]
