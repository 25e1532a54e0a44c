"""The API over a real lake and real HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PREDICTION_OUTCOMES, PREDICTIONS, RAW_EVENTS, TOPIC_ACTIVITY

CUT = datetime(2024, 1, 2, tzinfo=UTC)
ONE = timedelta(hours=1)
TOPICS = [f"#topic{index}" for index in range(12)]


def prediction(cut: datetime, rank: int, topic: str) -> dict[str, object]:
    return {
        "hour": cut - ONE,
        "cut": cut,
        "label": "bursts",
        "topic": topic,
        "rank": rank,
        "score": 1 / rank,
        "confidence": 0.9 / rank,
        "growth": None,
        "source_events_count": 5,
        "model_version": "baseline:mentions_24h",
        "metadata": '{"mentions_24h":5}',
    }


def fill(home: Path) -> Lake:
    lake = Lake(LakeLocation(home))
    for cut in (CUT, CUT + ONE):
        frame = PREDICTIONS.frame(prediction(cut, rank, topic) for rank, topic in enumerate(TOPICS, start=1))
        lake.write(PREDICTIONS, frame, cut - ONE, cut)
    outcome = {
        **{name: prediction(CUT, 1, TOPICS[0])[name] for name in ("cut", "label", "topic", "rank", "score")},
        "hour": CUT + 23 * ONE,
        "confidence": 0.9,
        "model_version": "baseline:mentions_24h",
        "came_true": True,
        "mentions_before": 5,
        "mentions_after": 31,
        "growth": 1.7,
    }
    lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame([outcome]), CUT, CUT + timedelta(days=1))
    hour = CUT - ONE
    event = {
        "id": "twitter:original:1",
        "hour": hour,
        "timestamp": hour,
        "source": "twitter",
        "event_type": "original",
        "content_id": "1",
        "user_id": "7",
    }
    raw = {**event, "format": "x_v2", "raw_data": "{}", "origin": "tweets.jsonl", "collected_at": hour}
    lake.write(RAW_EVENTS, RAW_EVENTS.frame([raw]))
    enriched = {
        **event,
        "text": "hello #topic0",
        "language": "en",
        "hashtags": ["topic0"],
        "topics": ["#topic0"],
        "context": "{}",
        "features": "{}",
        "spam_score": 0.75,
        "edge_weight": 0.25,
        "gen_z_score": 0.1,
    }
    lake.write(EVENTS, EVENTS.frame([enriched]), hour, hour + ONE)
    activity = {
        "hour": hour,
        "topic": "#topic0",
        "mentions": 1,
        "weighted_mentions": 0.25,
        "distinct_users": 1,
    }
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame([activity]), hour, hour + ONE)
    return lake


@pytest.fixture
def server(home: Path) -> Iterator[httpx.Client]:
    """The API as a process of its own, over the test's home."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            for _ in range(200):
                try:
                    client.get("/openapi.json")
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        assert process.wait(15) in (0, -15)


def test_without_a_lake_it_says_what_to_do_and_heals(server: httpx.Client, home: Path) -> None:
    answer = server.get("/health")
    assert answer.status_code == 503
    assert "there is no lake" in answer.json()["reasons"][0]
    problem = server.get("/predictions/top")
    assert problem.status_code == 503
    assert problem.headers["content-type"] == "application/problem+json"
    assert "trend import" in problem.json()["detail"]
    fill(home)
    assert server.get("/health").json()["status"] == "ok"


def test_a_lake_without_forecasts_is_not_fit_to_serve(server: httpx.Client, home: Path) -> None:
    Lake(LakeLocation(home))
    answer = server.get("/health")
    assert answer.status_code == 503
    assert "no events yet" in answer.json()["reasons"][0]
    page = server.get("/predictions/top").json()
    assert page["items"] == [] and "no forecast" in page["reason"]


def test_top_gives_the_newest_cut_and_past_ones(server: httpx.Client, home: Path) -> None:
    fill(home)
    newest = server.get("/predictions/top", params={"k": 3}).json()
    assert [item["topic"] for item in newest["items"]] == TOPICS[:3]
    assert newest["cut"] == "2024-01-02T01:00:00Z"
    assert newest["items"][0]["came_true"] is None
    assert newest["simulated"] is False
    past = server.get("/predictions/top", params={"k": 1, "at": "2024-01-02T00:30:00Z"}).json()
    assert past["cut"] == "2024-01-02T00:00:00Z"
    assert past["items"][0]["came_true"] is True
    assert past["items"][0]["mentions_after"] == 31
    assert past["items"][0]["metadata"] == {"mentions_24h": 5}
    before = server.get("/predictions/top", params={"at": "2023-01-01T00:00:00Z"}).json()
    assert before["items"] == [] and before["cut"] is None


def test_predictions_are_paged_and_filtered(server: httpx.Client, home: Path) -> None:
    fill(home)
    first = server.get("/predictions", params={"limit": 5}).json()["items"]
    second = server.get("/predictions", params={"limit": 50, "after_rank": first[-1]["rank"]}).json()["items"]
    assert [item["topic"] for item in first + second] == TOPICS
    sure = server.get("/predictions", params={"min_confidence": 0.4}).json()["items"]
    assert [item["rank"] for item in sure] == [1, 2]
    named = server.get("/predictions", params={"topic": "#topic1"}).json()["items"]
    assert {item["topic"] for item in named} == {"#topic1", "#topic10", "#topic11"}
    assert server.get("/predictions", params={"topic": "' OR 1=1 --"}).json()["items"] == []


def test_a_wrong_parameter_is_a_problem(server: httpx.Client, home: Path) -> None:
    fill(home)
    for wrong in (
        {"label": "explodes"},
        {"k": 0},
        {"k": 1000},
        {"at": "2024-01-01T00:00:00"},
        {"at": "soon"},
    ):
        answer = server.get("/predictions/top", params=wrong)
        assert answer.status_code == 422, wrong
        assert answer.json()["title"] == "a parameter is wrong"
    assert server.get("/nowhere").status_code == 404


def test_event_stats_count_what_is_there(server: httpx.Client, home: Path) -> None:
    fill(home)
    stats = server.get("/events/stats").json()
    assert stats["events"] == 1
    assert stats["by_type"] == [{"source": "twitter", "event_type": "original", "events": 1}]
    assert stats["top_topics"] == [{"topic": "#topic0", "mentions": 1}]
    assert stats["spam_share"] == 1.0
    empty = server.get("/events/stats", params={"start": "2025-01-01T00:00:00Z"}).json()
    assert empty["events"] == 0 and empty["spam_share"] is None


def test_it_serves_while_the_pipeline_writes(server: httpx.Client, home: Path) -> None:
    lake = fill(home)
    for index in range(10):
        cut = CUT + (index + 2) * ONE
        frame = PREDICTIONS.frame(prediction(cut, rank, topic) for rank, topic in enumerate(TOPICS, start=1))
        lake.write(PREDICTIONS, frame, cut - ONE, cut)
        page = server.get("/predictions/top").json()
        assert page["cut"] == cut.isoformat().replace("+00:00", "Z")


def test_the_documentation_has_examples(server: httpx.Client) -> None:
    document = server.get("/openapi.json").json()
    assert set(document["paths"]) == {"/health", "/predictions", "/predictions/top", "/events/stats"}
    assert document["components"]["schemas"]["Prediction"]["examples"]
    assert "swagger" in server.get("/docs").text.lower()
