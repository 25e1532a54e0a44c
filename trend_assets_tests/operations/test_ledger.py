"""Which videos' comments are followed: those of the days before the hours that are collected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS
from trend_assets.operations.collecting import collection_state

ONE = timedelta(hours=1)
NOW = datetime(2026, 3, 10, 12, 5, tzinfo=UTC)


def test_videos_are_those_of_the_hours_asked_for_whenever_they_are_asked_for(tmp_path: Path) -> None:
    lake = Lake(LakeLocation(tmp_path))
    ages = {"new": 1, "yesterday": 20, "two_days": 40, "four_days": 90, "five_days": 120}
    hours = {name: NOW.replace(minute=0) - age * ONE for name, age in ages.items()}
    rows = [
        {
            "id": f"youtube:upload:{name}",
            "hour": hour,
            "timestamp": hour,
            "source": "youtube",
            "event_type": "upload",
            "content_id": name,
            "format": "youtube_v3",
            "raw_data": "{}",
            "origin": "youtube",
            "collected_at": NOW,
        }
        for name, hour in hours.items()
    ]
    lake.write(RAW_EVENTS, RAW_EVENTS.frame(rows))
    latest = collection_state(lake, hours["new"], hours["new"] + ONE, NOW).ledger
    assert latest.videos == {name: hours[name] for name in ("new", "yesterday", "two_days")}
    made_up_for = collection_state(lake, hours["four_days"], hours["four_days"] + ONE, NOW).ledger
    assert made_up_for.videos == {name: hours[name] for name in ("four_days", "five_days")}
