"""What the checks of a source say of what it gave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from trend_assets.assets.declare import source_key
from trend_assets.assets.source_checks import source_checks
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, COLLECTION_STATUS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.settings import Settings
from trend_assets.sources.collection import Collected
from trend_assets_tests.operations.test_usual import posted

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEY = source_key("twitter")


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """With 50 posts of five named users and others at this hour of the last days."""
    opened = Lake(LakeLocation(tmp_path))
    for days in range(1, 5):
        posted(opened, NOW - days * DAY, 50, without_user=5)
    yield opened
    opened.close()


def state(hour: datetime, status: str, message: str = "") -> dict[str, object]:
    counts = {"events": 0, "rejected": 0, "requests": 1, "finished_at": NOW, "failure": ""}
    return {**counts, "hour": hour, "source": "twitter", "status": status, "message": message}


def checked(lake: Lake, hour: datetime, count: int, without_user: int = 0) -> dict[str, dg.AssetCheckResult]:
    """The checks after a collection of `count` posts that read the hour to its end."""
    posted(lake, hour, count, without_user)
    collected = Collected(
        lake.read_table(RAW_EVENTS, hour, hour + HOUR),
        REJECTED_EVENTS.frame(),
        COLLECTION_STATUS.frame([state(hour, "complete")]),
        COLLECTION_ATTEMPTS.frame(),
    )
    settings = Settings(home=lake.location.home)
    return {str(found.check_name): found for found in source_checks(KEY, lake, settings, "twitter", collected, hour)}


@pytest.mark.parametrize(
    ("count", "without_user", "passed"),
    [(50, 5, True), (6, 0, True), (499, 0, True), (4, 0, False), (0, 0, False), (501, 0, False), (50, 40, False)],
)
def test_an_unusual_hour_is_told_and_not_refused(lake: Lake, count: int, without_user: int, passed: bool) -> None:
    found = checked(lake, NOW, count, without_user)["as_usual"]
    assert (found.passed, found.severity) == (passed, dg.AssetCheckSeverity.WARN)
    assert found.metadata["usual"].value == 50


def test_of_an_hour_of_which_little_is_known_nothing_is_said(lake: Lake) -> None:
    found = checked(lake, NOW - 12 * HOUR, 4)["as_usual"]
    assert found.passed and "too little is known" in str(found.description)


def test_an_older_hour_does_not_hide_that_the_newest_one_failed(lake: Lake) -> None:
    states = [state(NOW - DAY, "complete"), state(NOW - HOUR, "failed", "X does not answer")]
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(states))
    found = checked(lake, NOW - DAY, 5)["answered"]
    assert not found.passed and found.description == "failed: X does not answer"
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([state(NOW - HOUR, "complete")]))
    assert checked(lake, NOW - DAY, 5)["answered"].passed


def test_gaps_are_those_of_today_whatever_hour_was_asked_for(lake: Lake) -> None:
    # The check looks at the clock, and the suite may have begun an hour before.
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    began = {"hour": now - 5 * HOUR, "purpose": "new", "started_at": now, "units": 0, "cursor": ""}
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([{**state(now - 5 * HOUR, "complete"), **began}]))
    states = [state(now - back * HOUR, "failed" if back == 3 else "complete") for back in (5, 4, 3, 2)]
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(states))
    found = checked(lake, now - DAY, 5)["no_gaps"]
    assert not found.passed and found.metadata["hours_incomplete"].value == 1
    assert f"{now - 3 * HOUR:%Y-%m-%d %H:%M}" in str(found.description)
