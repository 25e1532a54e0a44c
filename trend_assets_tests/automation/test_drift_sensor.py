"""The daemon's question whether the model in use has drifted: from real rows, rate-limited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from dagster import DagsterInstance, SensorResult, build_sensor_context

from trend_assets.automation.drift import drift_sensor
from trend_assets.lake.connection import lake_location
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTION_OUTCOMES, TOPIC_ACTIVITY, TRAINING_RUNS
from trend_assets.operations.models import model_name, promote
from trend_assets.settings import load_settings

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
#: More than a few days ago, so that a training may be asked for.
WEEK = NOW.replace(hour=0) - timedelta(days=NOW.weekday() + 7)
HOUR = timedelta(hours=1)


def fill(accuracy: float, factor: int = 1) -> None:
    """A model in use, its measured 0.8, two weeks of outcomes with `accuracy` as NDCG's share of best first."""
    settings = load_settings()
    folder = settings.models_folder / model_name(WEEK, 3)
    folder.mkdir(parents=True)
    lake = Lake(lake_location(settings))
    promote(lake, settings, folder.name, "for the test")
    figures = {"tgn": {"bursts": {"ndcg_at_10": 0.8}, "emerges": {"ndcg_at_10": None}}}
    run = {
        "run_id": "r",
        "week": WEEK,
        "status": "succeeded",
        "model_version": folder.name,
        "started_at": WEEK,
        "metrics": orjson.dumps(figures).decode(),
        "promoted": True,
        "decision": "for the test",
    }
    lake.write(TRAINING_RUNS, TRAINING_RUNS.frame([run]))
    chance = np.random.default_rng(0)
    rows = []
    for number in range(48):
        cut = NOW - HOUR * (30 + number)
        hit = 1 if chance.random() < accuracy else 12
        rows += [
            {
                "hour": cut + 23 * HOUR,
                "cut": cut,
                "label": "bursts",
                "horizon_hours": 24,
                "topic": f"#{rank}",
                "rank": rank,
                "score": 1.0 - rank / 20,
                "confidence": 0.5,
                "model_version": folder.name,
                "came_true": rank == hit,
                "mentions_before": 1,
                "mentions_after": 9,
                "growth": 1.6,
                "revision": 0,
                "made": "live",
            }
            for rank in range(1, 13)
        ]
    outcomes = PREDICTION_OUTCOMES.frame(rows)
    lake.write(PREDICTION_OUTCOMES, outcomes, outcomes["hour"].min(), NOW + HOUR)
    start = WEEK - timedelta(weeks=8)
    activity = TOPIC_ACTIVITY.frame(
        {
            "hour": start + timedelta(days=day),
            "topic": f"#{topic}",
            "mentions": int(chance.poisson(3) + 1) * (factor if start + timedelta(days=day) >= WEEK else 1),
            "weighted_mentions": 1.0,
            "distinct_users": 1,
        }
        for day in range((NOW - start).days)
        for topic in range(30)
    )
    lake.write(TOPIC_ACTIVITY, activity, start, NOW)
    lake.close()


def evaluate(instance: DagsterInstance, cursor: str | None = None) -> SensorResult:
    settings = load_settings()
    with build_sensor_context(instance=instance, cursor=cursor) as context:
        result = drift_sensor(context, lake=LakeResource(settings), settings=settings)
    assert isinstance(result, SensorResult)
    return result


def observed(result: SensorResult) -> dict[str, object]:
    (event,) = result.asset_events
    return {name: value.value for name, value in event.metadata.items()}


def test_without_a_model_there_is_nothing_to_ask(instance: DagsterInstance) -> None:
    result = evaluate(instance)
    assert not result.run_requests
    assert result.skip_reason.skip_message == "no model is in use"


def test_a_model_that_is_as_it_was_is_left_alone(instance: DagsterInstance) -> None:
    fill(0.8)
    result = evaluate(instance)
    assert not result.run_requests
    figures = observed(result)
    assert figures["drifted"] is False
    assert figures["live_cuts"] == 48
    assert 0.65 < figures["live_ndcg_at_10"] < 0.95
    assert figures["input_psi"] < 0.25
    with LakeResource(load_settings()).lake.cursor() as lake:
        kept = lake.execute("SELECT live_ndcg_at_10, live_cuts, reasons FROM drift_checks").fetchall()
    assert kept == [(figures["live_ndcg_at_10"], 48, "")]


@pytest.mark.parametrize(("accuracy", "factor", "why"), [(0.1, 1, "live NDCG@10 is 0."), (0.8, 6, "(PSI ")])
def test_drift_asks_for_an_early_training_once(
    home: Path, instance: DagsterInstance, accuracy: float, factor: int, why: str
) -> None:
    fill(accuracy, factor)
    result = evaluate(instance)
    (request,) = result.run_requests
    monday = datetime.now(UTC).date() - timedelta(days=datetime.now(UTC).weekday())
    assert request.partition_key == monday.isoformat()
    until = datetime.fromisoformat(request.tags["trend/until"])
    assert timedelta(0) <= datetime.now(UTC) - until < 2 * HOUR
    (line,) = (home / "logs" / "alerts.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["kind"] == "drift" and why in orjson.loads(line)["message"]
    again = evaluate(instance, result.cursor)
    assert not again.run_requests
    assert "asked for lately" in again.skip_reason.skip_message
    earlier = datetime.fromisoformat(result.cursor) - timedelta(days=3)
    assert len(evaluate(instance, earlier.isoformat()).run_requests) == 1
