"""What an hour usually brings, and which hours are incomplete."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, COLLECTION_STATUS, RAW_EVENTS
from trend_assets.operations.usual import Usual, incomplete_hours, usual_hour

NOW = datetime(2026, 2, 10, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    opened = Lake(LakeLocation(tmp_path))
    yield opened
    opened.close()


def posted(lake: Lake, hour: datetime, count: int, without_user: int = 0, source: str = "twitter") -> None:
    common = {"hour": hour, "timestamp": hour, "source": source, "event_type": "original", "format": "x"}
    rest = {"content_id": "1", "raw_data": "{}", "origin": "o", "collected_at": hour}
    rows = [
        {**common, **rest, "id": f"{source} {hour} {number}", "user_id": None if number < without_user else "u"}
        for number in range(count)
    ]
    lake.write(RAW_EVENTS, RAW_EVENTS.frame(rows))


def test_an_hour_is_compared_with_the_same_hour_of_the_days_before(lake: Lake) -> None:
    for days, count in enumerate((40, 60, 50), start=1):
        posted(lake, NOW - days * DAY, count, without_user=count // 2)
        posted(lake, NOW - days * DAY + HOUR, 900)
        posted(lake, NOW - days * DAY, 900, source="bluesky")
    posted(lake, NOW, 900)
    posted(lake, NOW - 8 * DAY, 900)
    assert usual_hour(lake, "twitter", NOW) == Usual(50, 0.5)
    assert usual_hour(lake, "twitter", NOW + 12 * HOUR) is None
    assert usual_hour(lake, "mastodon", NOW) is None


@pytest.mark.parametrize("status", ["failed", "partial", "skipped", None])
def test_hours_that_were_not_read_to_their_end_are_incomplete(lake: Lake, status: str | None) -> None:
    counts = {"events": 0, "rejected": 0, "requests": 1, "finished_at": NOW, "message": "", "failure": ""}
    states = {NOW - 5 * HOUR: "complete", NOW - 3 * HOUR: "empty", NOW - 2 * HOUR: status, NOW - HOUR: "complete"}
    rows = [{**counts, "source": "bluesky", "hour": at, "status": state} for at, state in states.items() if state]
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(rows))
    began = {
        "hour": NOW - 5 * HOUR,
        "purpose": "new",
        "started_at": NOW,
        "units": 0,
        "cursor": "",
        "status": "complete",
    }
    assert incomplete_hours(lake, "bluesky", NOW - 48 * HOUR, NOW) == []
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([{**counts, **began, "source": "bluesky"}]))
    assert incomplete_hours(lake, "bluesky", NOW - 48 * HOUR, NOW) == [NOW - 4 * HOUR, NOW - 2 * HOUR]
    assert incomplete_hours(lake, "bluesky", NOW - 3 * HOUR, NOW) == [NOW - 2 * HOUR]
