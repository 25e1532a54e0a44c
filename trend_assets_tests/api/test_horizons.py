"""Horizons beside the main one, as the API shows them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from trend_assets.lake.store import Lake
from trend_assets.lake.tables import MODEL_PROMOTIONS, PREDICTION_OUTCOMES, PREDICTIONS, TEMPORAL_EDGES, TRAINING_RUNS
from trend_assets.settings import Settings
from trend_assets.words import counted_because
from trend_assets_tests.api.conftest import CUT, ONE, TOPICS, forecasts, outcomes, training

SOON = {"label": "emerges_6h", "horizon_hours": 6}
WEEK = {"label": "emerges_7d", "horizon_hours": 168, "model_version": "baseline:mentions_7d", "confidence": None}
WHY = "clearly worse than mentions_7d"


def add(lake: Lake, reason: str | None) -> None:
    """The main horizon's forecasts of a cut again, six hours and a week ahead, in the turned order."""
    turned = [{**row, "rank": 13 - row["rank"], "score": 2 - row["score"]} for row in forecasts(CUT)]
    rows = [{**row, **SOON} for row in turned] + [{**row, **WEEK} for row in forecasts(CUT)]
    lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(CUT) + rows), CUT - ONE, CUT)
    due = CUT + 5 * ONE
    last_first = [{**row, "rank": 13 - row["rank"], "score": 2 - row["score"]} for row in outcomes(CUT, {11})]
    came = [{**row, **SOON, "hour": due} for row in last_first]
    lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame(came), due, due + ONE)
    if reason:
        metrics = {"tgn": {"bursts": {"ndcg_at_10": 0.5}, "emerges_7d": {"not_used_because": reason}}}
        row = {**training(), "run_id": "r2", "started_at": CUT + ONE, "metrics": json.dumps(metrics)}
        lake.write(TRAINING_RUNS, TRAINING_RUNS.frame([row]))


def test_a_horizon_is_shown_by_itself(lake: Lake, home: Path, serve: Callable[[Settings], Any]) -> None:
    add(lake, WHY)
    with serve(Settings(home=home)) as client:
        at = {"at": CUT.isoformat()}
        main = client.get("/predictions/top", params=at).json()["items"]
        assert [row["topic"] for row in main] == TOPICS[:10]
        assert {(row["label"], row["horizon_hours"]) for row in main} == {("emerges", 24)}
        assert client.get("/predictions/top", params={**at, "horizon": 24}).json()["items"] == main
        soon = client.get("/predictions", params={**at, "horizon": 6}).json()["items"]
        assert [row["topic"] for row in soon] == TOPICS[::-1]
        assert {(row["label"], row["horizon_hours"]) for row in soon} == {("emerges", 6)}
        assert [row["came_true"] for row in soon] == [True] + [False] * 11
        week = client.get("/predictions/top", params={**at, "horizon": 168}).json()["items"]
        assert {row["came_true"] for row in week} == {None} == {row["confidence"] for row in week}
        for path in ("/predictions", "/predictions/top", "/accuracy", "/export", "/topics/%23topic0"):
            refused = client.get(path, params={"horizon": 7})
            assert refused.status_code == 422 and "is not forecast 7 h ahead, but 24, 6, 168 h" in refused.text, path
        refused = client.get("/predictions/top", params={"horizon": 6, "label": "bursts"})
        assert refused.status_code == 422 and "`bursts` is not forecast 6 h ahead, but 24 h" in refused.text
        assert client.get("/predictions/top", params={"horizon": 0}).status_code == 422


def test_the_horizons_are_listed_and_why_counting_ranks_one(
    lake: Lake, home: Path, serve: Callable[[Settings], Any]
) -> None:
    add(lake, WHY)
    with serve(Settings(home=home)) as client:
        found = {row["horizon_hours"]: row for row in client.get("/predictions/horizons").json()}
        assert list(found) == [24, 6, 168]
        assert [row["main"] for row in found.values()] == [True, False, False]
        assert {hours: row["labels"] for hours, row in found.items()} == {hours: ["emerges"] for hours in found}
        assert found[24]["reason"] is None is found[6]["reason"]
        assert found[168]["model_version"] == "baseline:mentions_7d" and found[168]["reason"].endswith(WHY)
        assert (found[24]["cut"], found[168]["cut"]) == ("2024-01-02T02:00:00Z", "2024-01-02T00:00:00Z")


def test_without_a_trained_model_that_is_the_reason(lake: Lake, home: Path, serve: Callable[[Settings], Any]) -> None:
    rows = [{**row, "model_version": "baseline:mentions_24h", "confidence": None} for row in forecasts(CUT + 3 * ONE)]
    week = [{**row, **WEEK} for row in rows]
    lake.write(PREDICTIONS, PREDICTIONS.frame(rows + week), CUT + 2 * ONE, CUT + 3 * ONE)
    with serve(Settings(home=home)) as client:
        told = {row["horizon_hours"]: row["reason"] for row in client.get("/predictions/horizons").json()}
        assert told == {24: counted_because(compared=False), 168: counted_because()}
    hour = CUT - 60 * ONE
    edge = {"hour": hour, "timestamp": hour, "event_id": "e", "src": 1, "dst": 2, "edge_type": "about", "weight": 1.0}
    lake.write(TEMPORAL_EDGES, TEMPORAL_EDGES.frame([edge]), hour, hour + ONE)
    with serve(Settings(home=home)) as client:
        assert {row["reason"] for row in client.get("/predictions/horizons").json()} == {counted_because()}
    decided = {
        "number": 1,
        "version": "tgn-1",
        "week": CUT,
        "decided_at": CUT,
        "action": "refused",
        "reason": "why",
    }
    lake.write(MODEL_PROMOTIONS, MODEL_PROMOTIONS.frame([decided]))
    with serve(Settings(home=home)) as client:
        for row in client.get("/predictions/horizons").json():
            assert row["reason"] == (
                "the trained model tgn-1 was refused, so topics are ranked by the count that did best in the weeks "
                "before and no chance is given: why. "
                "More history helps most: import earlier posts or go on collecting, then train again"
            )
    used = {**decided, "number": 0, "version": "tgn-0", "action": "promoted"}
    lake.write(MODEL_PROMOTIONS, MODEL_PROMOTIONS.frame([used]))
    with serve(Settings(home=home)) as client:
        assert "tgn-0 was not used at this hour" in client.get("/predictions/horizons").json()[0]["reason"]


def test_accuracy_topics_and_files_take_a_horizon(lake: Lake, home: Path, serve: Callable[[Settings], Any]) -> None:
    add(lake, None)
    with serve(Settings(home=home)) as client:
        soon = client.get("/accuracy", params={"horizon": 6}).json()
        assert (soon["label"], soon["horizon_hours"], soon["cuts"]) == ("emerges", 6, 1)
        first = {"ranking": "forecast", "title": "this forecast", "ndcg_at_10": 1.0, "precision_at_10": 0.1}
        assert soon["overall"][0] == first
        assert client.get("/accuracy").json()["horizon_hours"] == 24
        assert client.get("/accuracy", params={"horizon": 168}).json()["reason"]
        end = {"end": (CUT + 3 * ONE).isoformat()}
        story = client.get("/topics/%23topic0", params=end).json()["predictions"]
        assert {row["horizon_hours"] for row in story} == {24} and len(story) == 3
        story = client.get("/topics/%23topic0", params={**end, "horizon": 6}).json()["predictions"]
        assert {row["horizon_hours"] for row in story} == {6} and len(story) == 1
        for asked, heights in (
            ({}, {24: 36, 6: 12, 168: 12}),
            ({"horizon": 6}, {6: 12}),
            ({"label": "emerges"}, {24: 36}),
        ):
            file = pl.read_parquet(io.BytesIO(client.get("/export", params=asked).content))
            assert dict(file.group_by("horizon_hours").len().rows()) == heights
        text = client.get("/metrics").text
        assert 'trend_live_ndcg_at_10{label="emerges_6h",ranking="forecast"} 1.0' in text
