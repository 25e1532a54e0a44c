"""Hours, weeks, months and days as the platform counts in them, whatever zone a moment is told in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from trend_assets.periods import hour_key, hour_start, month, pacific_day, week_key

HOUR = timedelta(hours=1)


def test_keys_are_utc_whatever_zone_the_moment_has() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert hour_key(datetime(2026, 1, 5, 3, 0, tzinfo=zone)) == "2026-01-04-21:00"
    assert week_key(datetime(2026, 1, 5, 5, 30, tzinfo=zone)) == "2026-01-05"


@pytest.mark.parametrize("key", [hour_key, hour_start, week_key])
def test_a_naive_moment_is_an_error(key) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        key(datetime(2026, 1, 5))


def test_the_month_is_utcs() -> None:
    start, end = month(datetime.fromisoformat("2026-02-28T23:30:00-05:00"))
    assert (start, end) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert month(datetime(2026, 12, 31, 23, tzinfo=UTC))[1] == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "start", "hours"),
    [
        ("2026-01-05T07:59:00+00:00", "2026-01-04T08:00:00+00:00", 24),
        ("2026-01-05T08:00:00+00:00", "2026-01-05T08:00:00+00:00", 24),
        ("2026-03-08T12:00:00+00:00", "2026-03-08T08:00:00+00:00", 23),
        ("2026-11-01T12:00:00+00:00", "2026-11-01T07:00:00+00:00", 25),
    ],
)
def test_the_quotas_day_is_pacific(at: str, start: str, hours: int) -> None:
    first, last = pacific_day(datetime.fromisoformat(at))
    assert first == datetime.fromisoformat(start)
    assert last - first == hours * HOUR


def test_an_hour_begins_in_utc_whatever_the_zone() -> None:
    assert hour_start(datetime.fromisoformat("2026-01-05T12:40:07+05:30")) == datetime(2026, 1, 5, 7, tzinfo=UTC)
