"""What the sources may still spend, as the API tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.reading.lake import LakeReader
from api.routes.quotas import quotas
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_ATTEMPTS
from trend_assets.operations.collecting import collection_state
from trend_assets.settings import Settings, TwitterSettings, YouTubeSettings


def attempt(source: str, at: datetime, units: int, retry_at: datetime | None = None) -> dict[str, Any]:
    row = {
        "hour": at.replace(minute=0, second=0, microsecond=0),
        "source": source,
        "purpose": "new",
        "started_at": at,
        "finished_at": at,
        "status": "partial" if retry_at else "complete",
        "events": units,
        "requests": 1,
        "units": units,
        "cursor": "",
        "failure": "rate_limit" if retry_at else "",
        "retry_at": retry_at,
        "message": "X asked to wait" if retry_at else "",
    }
    return {name: row[name] for name in COLLECTION_ATTEMPTS.column_names if name in row}


def settings_of(home: Path) -> Settings:
    return Settings(
        home=home,
        twitter=TwitterSettings(enabled=True, monthly_posts=1000),
        youtube=YouTubeSettings(enabled=True, daily_units=50),
    )


def test_quotas_count_the_month_and_the_pacific_day_as_the_collectors_do(tmp_path: Path) -> None:
    noon = datetime(2024, 3, 10, 20, tzinfo=UTC)  # the day on which California's clocks go forward
    rows = [
        attempt("twitter", datetime(2024, 2, 29, 23, 59, tzinfo=UTC), 1),
        attempt("twitter", datetime(2024, 3, 1, tzinfo=UTC), 20),
        attempt("twitter", noon, 300),
        attempt("youtube", datetime(2024, 3, 10, 7, 59, tzinfo=UTC), 1),
        attempt("youtube", datetime(2024, 3, 10, 8, 0, tzinfo=UTC), 60),
    ]
    settings = settings_of(tmp_path)
    lake = Lake(LakeLocation(tmp_path))
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame(rows))
    counted = collection_state(lake, noon, noon, noon).ledger
    lake.close()
    reader = LakeReader(settings)
    posts, units = quotas(reader, settings, noon)
    reader.close()
    assert (posts.used, posts.left, posts.unit) == (counted.posts, 680, "posts")
    assert (posts.start, posts.end) == (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))
    assert (units.used, units.left) == (counted.units, 0)
    assert units.end - units.start == timedelta(hours=23)
    assert (counted.posts, counted.units) == (320, 60)


def test_collection_names_who_asked_to_wait(tmp_path: Path, serve: Callable[[Settings], Any]) -> None:
    now = datetime.now(UTC)
    rows = [attempt("twitter", now - timedelta(hours=1), 5, now + timedelta(hours=1)), attempt("youtube", now, 3)]
    lake = Lake(LakeLocation(tmp_path))
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame(rows))
    lake.close()
    with serve(settings_of(tmp_path)) as client:
        status = client.get("/collection/status").json()
    assert [row["source"] for row in status["quotas"]] == ["twitter", "youtube"]
    assert [(row["source"], row["reason"]) for row in status["held"]] == [("twitter", "X asked to wait")]
