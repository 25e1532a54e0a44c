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


def test_of_one_model_only_its_own_lists_are_told(home: Path, serve: Callable[[Settings], Any]) -> None:
    lake = Lake(LakeLocation(home))
    # Another model's forecast of an hour before would have named #topic1 an hour earlier.
    other = [{**row, "metadata": "{}", "model_version": "another"} for row in forecasts(CUT - ONE)]
    lake.write(PREDICTIONS, PREDICTIONS.frame(other), CUT - 2 * ONE, CUT - ONE)
    lake.close()
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as client:
        asked = {"end": (CUT + 12 * ONE).isoformat()}
        of_all = client.get("/accuracy", params=asked).json()["big_topics"]["lists"][0]
        model = forecasts(CUT)[0]["model_version"]
        of_one = client.get("/accuracy", params={**asked, "model": model}).json()["big_topics"]["lists"][0]
    assert (of_all["median_hours"], of_one["median_hours"]) == (3.0, 2.0)


def test_what_came_true_says_after_how_many_hours(home: Path, serve: Callable[[Settings], Any]) -> None:
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as client:
        items = client.get("/predictions/cards", params={"k": 12, "at": CUT.isoformat()}).json()["items"]
    # #topic2 came to as many mentions, and did not come true.
    assert {item["topic"]: item["came_after_hours"] for item in items if item["came_after_hours"]} == {"#topic1": 2}
    assert len(items) == 12
