"""Gaps in the collection: hours that are over and were not collected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.reading.lake import LakeReader
from api.routes.collection import status
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS
from trend_assets.periods import hour_start
from trend_assets.settings import ScheduleSettings, Settings

ONE = timedelta(hours=1)


def row(source: str, hour: datetime, state: str) -> dict[str, Any]:
    counts = {"events": 1, "rejected": 0, "requests": 1}
    return {"hour": hour, "source": source, "status": state, "finished_at": hour, "message": "", **counts}


def test_the_hour_in_which_a_file_was_imported_is_no_gap_of_the_sources(home: Path) -> None:
    settings = Settings(home=home, schedule=ScheduleSettings(minute=0))
    now = hour_start(datetime.now(UTC))
    rows = [row("twitter", now - back * ONE, "complete") for back in (4, 3, 1)]
    rows += [row("youtube", now - 2 * ONE, "complete"), row("odd.csv", now, "failed")]
    lake = Lake(LakeLocation(home))
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(rows))
    lake.close()
    reader = LakeReader(settings)
    found = status(reader)
    reader.close()
    assert found.end == now + ONE
    assert [(gap.source, gap.start, gap.end) for gap in found.gaps] == [
        ("youtube", now - ONE, now),
        ("twitter", now - 2 * ONE, now - ONE),
    ]
