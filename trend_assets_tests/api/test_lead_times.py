"""How early lists of ten named the topics that became big."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTION_OUTCOMES, PREDICTIONS, TOPIC_ACTIVITY
from trend_assets.settings import DagsterSettings, Settings
from trend_assets_tests.api.conftest import CUT, ONE, forecasts, outcomes

#: Mentions by hours after CUT. The first becomes big at 2, the second at 5; the third stays small, and the last was
#: above the threshold before.
MENTIONS = {
    "#topic1": {-2: 1, 1: 8, 3: 8},
    "#topic11": {4: 16},
    "#topic2": {1: 9},
    "#topic3": {-10: 9, 1: 9, 2: 9},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lake = Lake(LakeLocation(tmp_path / "home"))
    counted = [
        {"hour": CUT + hour * ONE, "topic": topic, "mentions": many, "weighted_mentions": 1.0, "distinct_users": 1}
        for topic, hours in MENTIONS.items()
        for hour, many in hours.items()
    ]
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame(counted), CUT - 24 * ONE, CUT + 24 * ONE)
    # The last of the forecast are the most mentioned.
    rows = [{**row, "metadata": json.dumps({"mentions_24h": row["rank"]})} for row in forecasts(CUT)]
    lake.write(PREDICTIONS, PREDICTIONS.frame(rows), CUT - ONE, CUT)
    lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame(outcomes(CUT, {1})), CUT + 23 * ONE, CUT + 24 * ONE)
    lake.close()
    return tmp_path / "home"


def test_each_list_is_told_for_itself(home: Path, serve: Callable[[Settings], Any]) -> None:
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as client:
        found = client.get("/accuracy", params={"end": (CUT + 12 * ONE).isoformat()}).json()["big_topics"]
        late = client.get("/accuracy", params={"made": "late"}).json()["big_topics"]
    assert (found["threshold"], found["topics"]) == (8, 2)
    told = {row["ranking"]: (row["named"], row["median_hours"]) for row in found["lists"]}
    assert told == {"forecast": (1, 2.0), "mentions_24h": (1, 5.0)}
    assert late is None
