"""Points in time as the sources write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import instants

MOMENT = datetime(2014, 1, 1, 0, 0, 48, tzinfo=UTC)
EPOCH = 1_388_534_448


@pytest.mark.parametrize(
    "said",
    [
        "Wed Jan 01 00:00:48 +0000 2014",
        "Wed Jan 01 02:00:48 +0200 2014",
        "Tue Dec 31 19:00:48 -0500 2013",
        "2014-01-01T00:00:48Z",
        "2014-01-01T01:00:48+01:00",
        "2014-01-01 00:00:48 UTC",
        "2014-01-01 00:00:48.000000000Z",
        EPOCH,
        float(EPOCH),
        EPOCH * 1_000,
        EPOCH * 1_000_000,
        EPOCH * 1_000_000_000,
        str(EPOCH),
        f" {EPOCH}000 ",
        MOMENT.astimezone(timezone(timedelta(hours=5))),
    ],
)
def test_one_moment_in_many_forms(said):
    read = instants.from_any(said)
    assert read == MOMENT
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "said",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1969-12-31T00:00:00Z",
        0,
        -1,
        10**30,
        1e300,
        float("nan"),
        float("inf"),
        "1e999",
        "20140101",
    ],
)
def test_absurd_times(said):
    with pytest.raises(Rejected, match="out of range"):
        instants.from_any(said)


@pytest.mark.parametrize("said", [None, "", " ", True, [], {}, "yesterday", "2014-13-01T00:00:00Z", "12:00"])
def test_what_is_no_time(said):
    with pytest.raises(Rejected):
        instants.from_any(said)


def test_a_naive_time_needs_a_zone():
    with pytest.raises(Rejected, match="timezone=UTC"):
        instants.from_any("2014-01-01T00:00:48")
    assert instants.from_any("2014-01-01T00:00:48", UTC) == MOMENT
    assert instants.from_any("2014-01-01T01:00:48", ZoneInfo("Europe/Berlin")) == MOMENT


def test_a_zone_does_not_move_a_time_that_names_its_own():
    assert instants.from_any("2014-01-01T00:00:48Z", ZoneInfo("Asia/Tokyo")) == MOMENT


def test_a_leap_second_is_the_second_before():
    read = instants.from_twitter("Tue Jun 30 23:59:60 +0000 2015")
    assert read == datetime(2015, 6, 30, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("tweet_id", [None, "", "20", "12x", "9" * 30, "٣"])
def test_ids_that_tell_no_time(tweet_id):
    assert instants.from_snowflake(tweet_id) is None
