"""Budgets: a period's allowance lasts to its end and is never exceeded."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from trend_assets.periods import month
from trend_assets.sources.budget import allowance, share

HOUR = timedelta(hours=1)


def test_an_allowance_follows_a_line_and_saves_up() -> None:
    period = start, end = month(datetime(2026, 4, 1, tzinfo=UTC))
    assert allowance(7200, 0, start, period) == 10
    assert allowance(7200, 0, start + 9 * HOUR, period) == 100
    assert allowance(7200, 100, start + 9 * HOUR, period) == 0
    assert allowance(7200, 7200, end - HOUR, period) == 0
    assert allowance(7200, 9999, end - HOUR, period) == 0
    assert allowance(7200, 0, end - HOUR, period) == 7200
    assert allowance(720, 0, start + 8 * HOUR, period, least=10) == 0
    assert allowance(720, 0, start + 9 * HOUR, period, least=10) == 10


def test_after_a_long_pause_no_hour_takes_it_all() -> None:
    period = start, _ = month(datetime(2026, 4, 1, tzinfo=UTC))
    assert allowance(7200, 0, start + 360 * HOUR, period) == 480


def test_shares_go_by_weight_and_the_last_takes_the_rest() -> None:
    assert [share(90, [1, 0.5]), share(30, [0.5])] == [60, 30]


@pytest.mark.parametrize(("limit", "least"), [(10_000, 10), (100, 10), (10_000, 102)])
def test_thirty_days_never_exceed_the_budget_and_reach_the_last_day(limit: int, least: int) -> None:
    """Spending first come, first served would be through after two days."""
    rng = random.Random(limit)
    period = start, _ = month(datetime(2026, 4, 1, tzinfo=UTC))
    used, by_day = 0, [0] * 30
    for index in range(720):
        now = start + index * HOUR
        spent = min(allowance(limit, used, now, period, least), rng.randint(0, limit // 20))
        used += spent
        by_day[index // 24] += spent
    assert used <= limit
    assert used > 0.8 * limit
    assert max(by_day) <= max(limit / 10, least)
    assert by_day[-1] + by_day[-2] + by_day[-3] + by_day[-4] > 0
