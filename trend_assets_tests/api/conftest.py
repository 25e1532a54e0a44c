"""The API on loopback over a small lake."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from api.app import create_app
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import (
    ALERTS,
    COLLECTION_STATUS,
    DRIFT_CHECKS,
    EVENT_EMBEDDINGS,
    EVENTS,
    LOAD_CHECKS,
    NEAR_COPIES,
    PREDICTION_OUTCOMES,
    PREDICTIONS,
    RAW_EVENTS,
    TOPIC_ACTIVITY,
    TOPIC_LABELS,
    TRAINING_RUNS,
)
from trend_assets.settings import DagsterSettings, EmbeddingSettings, Settings

CUT = datetime(2024, 1, 2, tzinfo=UTC)
ONE = timedelta(hours=1)
#: The text model that has made the vectors; it cannot be loaded.
THREE_NUMBERS = EmbeddingSettings(model="/nowhere/three-numbers")
TOPICS = [f"#topic{index}" for index in range(12)]


def counts(index: int) -> dict[str, float]:
    """Counts under which counting ranks the topics differently from the forecast."""
    return {"mentions_3h": index % 5, "mentions_24h": 7 * index % 12, "mentions_48h": 14, "ewma_3d": 12 - index}


def forecasts(cut: datetime) -> list[dict[str, Any]]:
    return [
        {
            "hour": cut - ONE,
            "cut": cut,
            "label": "emerges",
            "horizon_hours": 24,
            "topic": topic,
            "rank": index + 1,
            "score": 1 / (index + 1),
            "confidence": 0.9 / (index + 1),
            "growth": None,
            "source_events_count": 5,
            "model_version": "tgn-2024-01-01-s1",
            "metadata": json.dumps(counts(index)),
            "forecast_at": cut + ONE / 6,
            "run_id": "run",
            "revision": 0,
            "made": "live",
        }
        for index, topic in enumerate(TOPICS)
    ]


def outcomes(cut: datetime, true: set[int]) -> list[dict[str, Any]]:
    kept = (
        "cut",
        "label",
        "horizon_hours",
        "topic",
        "rank",
        "score",
        "confidence",
        "model_version",
        "revision",
        "made",
    )
    return [
        {
            **{name: row[name] for name in kept},
            "hour": cut + 23 * ONE,
            "came_true": index in true,
            "mentions_before": 5,
            "mentions_after": 31,
            "growth": 1.7,
        }
        for index, row in enumerate(forecasts(cut))
    ]


def event(number: int, hour: datetime, source: str, topics: list[str], user: str, text: str) -> dict[str, Any]:
    return {
        "id": f"{source}:original:{number}",
        "hour": hour,
        "timestamp": hour + timedelta(minutes=number),
        "source": source,
        "event_type": "original",
        "content_id": str(number),
        "user_id": user,
        "text": text,
        "language": "en",
        "hashtags": [topic.removeprefix("#") for topic in topics],
        "topics": topics,
        "context": "{}",
        "features": '{"gen_z":{"slang":0.5}}' if number > 2 else '{"gen_z":{}}',
        "spam_score": 0.75 if number == 1 else 0.25,
        "edge_weight": 0.25 if number == 1 else 0.75,
        "gen_z_score": 0.1 * number,
    }


EVENTS_MADE = [
    event(1, CUT - ONE, "twitter", ["#topic0"], "7", "hello #topic0"),
    event(2, CUT - ONE, "twitter", ["#topic0", "#topic1"], "8", "both <b>#topic0</b>"),
    event(3, CUT - 2 * ONE, "youtube", ["#topic0", "#topic1"], "9", "a video"),
    event(4, CUT - 2 * ONE, "twitter", ["#topic0", "$cash / flow"], "7", "again"),
]
#: Posts of topic0 alone point one way, those of topic1 nearly the same, the rest another.
VECTORS = ([1.0, 0.0, 0.0], [1.0, 0.2, 0.0], [1.0, 0.2, 0.0], [0.0, 0.0, 1.0])
TRUE = {CUT: {1, 5}, CUT + ONE: {0, 11}}


def fill(home: Path, location: LakeLocation | None = None) -> Lake:
    """A lake with three cuts, two of them scored, four events and one training."""
    lake = Lake(location or LakeLocation(home))
    for cut in (CUT, CUT + ONE, CUT + 2 * ONE):
        lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)
    for cut, true in TRUE.items():
        frame = PREDICTION_OUTCOMES.frame(outcomes(cut, true))
        lake.write(PREDICTION_OUTCOMES, frame, cut + 23 * ONE, cut + 24 * ONE)
    raw = [
        {name: row[name] for name in RAW_EVENTS.column_names if name in row}
        | {"format": "x_v2", "raw_data": "{}", "origin": "tweets.jsonl", "collected_at": CUT}
        for row in EVENTS_MADE
    ]
    lake.write(RAW_EVENTS, RAW_EVENTS.frame(raw))
    lake.write(EVENTS, EVENTS.frame(EVENTS_MADE), CUT - 2 * ONE, CUT)
    vectors = [
        {
            "id": made["id"],
            "hour": made["hour"],
            "text_hash": made["id"],
            "model": THREE_NUMBERS.model,
            "embedding": vector,
        }
        for made, vector in zip(EVENTS_MADE, VECTORS, strict=True)
    ]
    lake.write(EVENT_EMBEDDINGS, EVENT_EMBEDDINGS.frame(vectors), CUT - 2 * ONE, CUT)
    activity = [
        {"hour": hour, "topic": topic, "mentions": count, "weighted_mentions": 1.0, "distinct_users": 1}
        for hour, topic, count in (
            (CUT - ONE, "#topic0", 2),
            (CUT - ONE, "#topic1", 1),
            (CUT - 2 * ONE, "#topic0", 2),
            (CUT - 2 * ONE, "#topic1", 1),
            (CUT - 2 * ONE, "$cash / flow", 1),
        )
    ]
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame(activity), CUT - 2 * ONE, CUT)
    label = {"hour": CUT - ONE, "topic": "#topic0", "name": "Topic <zero>", "post_id": "twitter:original:2"}
    label |= {"group_topic": "#topic1", "category": "tech", "confidence": 0.7, "posts": 3}
    later = {**label, "hour": CUT, "topic": "#topic2"}
    lake.write(TOPIC_LABELS, TOPIC_LABELS.frame([label, later]), CUT - ONE, CUT + ONE)
    copy = {"group_id": "00ff", "copies": 2, "users": 2, "repeated": ["#topic0"]}
    copied = {name: EVENTS_MADE[0][name] for name in ("hour", "timestamp")} | {"event_id": EVENTS_MADE[0]["id"]} | copy
    lake.write(NEAR_COPIES, NEAR_COPIES.frame([copied]), CUT - 2 * ONE, CUT)
    lake.write(TRAINING_RUNS, TRAINING_RUNS.frame([training()]))
    checked = {
        "checked_at": CUT,
        "model_version": "tgn-2024-01-01-s1",
        "live_cuts": 24,
        "live_ndcg_at_10": 0.31,
        "held_out_ndcg_at_10": 0.5,
        "input_psi": None,
        "reasons": "live NDCG@10 is 0.310",
    }
    lake.write(DRIFT_CHECKS, DRIFT_CHECKS.frame([checked]))
    looks = [(CUT - ONE, CUT - 2 * ONE, 90_000, 1, "larger_batches", 0)]
    looks += [(CUT, CUT - ONE, 81_000, 2, "embeddings_postponed", 1)]
    lake.write(LOAD_CHECKS, LOAD_CHECKS.frame(looks))
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(collected()))
    lake.write(ALERTS, ALERTS.frame(told()))
    return lake


def told() -> list[dict[str, Any]]:
    """Three delivered alerts and one that no channel took yet, an hour apart; two at the same time."""
    rows = []
    for index, rule in enumerate(("disk_low", "source_late", "source_late", "topic_rising")):
        open_ = index == 1
        rows.append(
            {
                "id": f"{index:032x}",
                "raised_at": CUT + min(index, 2) * ONE,
                "rule": rule,
                "severity": "warning",
                "subject": "#<b>topic0</b>" if rule == "topic_rising" else "twitter",
                "message": "what happened",
                "state": "retrying" if open_ else "delivered",
                "attempts": 3 if open_ else 1,
                "last_attempt_at": CUT + index * ONE,
                "last_error": "webhook:ops: nothing listens at 127.0.0.1:1" if open_ else None,
                "delivered_at": json.dumps({"log": CUT.isoformat()}),
            }
        )
    return rows


def training() -> dict[str, Any]:
    return {
        "run_id": "r1",
        "week": datetime(2024, 1, 1, tzinfo=UTC),
        "status": "succeeded",
        "model_version": "tgn-2024-01-01-s1",
        "lake_snapshot": 1,
        "started_at": CUT,
        "seconds": 3.5,
        "losses": '{"link":[1.2,1.1]}',
        "metrics": '{"tgn":{"bursts":{"ndcg_at_10":0.5}}}',
        "error": None,
    }


def collected() -> list[dict[str, Any]]:
    """Ten hours of X with two missing and one failed; YouTube whole."""
    rows = []
    for index in range(10):
        for source in ("twitter", "youtube"):
            if source == "twitter" and index in {4, 5}:
                continue
            failed = source == "twitter" and index == 8
            rows.append(
                {
                    "hour": CUT - (10 - index) * ONE,
                    "source": source,
                    "status": "failed" if failed else "complete",
                    "events": 0 if failed else index,
                    "rejected": 0,
                    "requests": 1,
                    "finished_at": CUT,
                    "message": "X answered 503" if failed else "",
                }
            )
    return rows


class LoopbackServer(uvicorn.Server):
    """uvicorn in a thread, as in a process of its own but without its signals."""

    def install_signal_handlers(self) -> None:
        pass


@pytest.fixture(scope="session")
def serve() -> Callable[[Settings], Any]:
    """Starts the API of some settings; as a context it gives a client and stops it at the end."""
    from contextlib import contextmanager

    @contextmanager
    def serving(settings: Settings) -> Iterator[httpx.Client]:
        server = LoopbackServer(uvicorn.Config(create_app(settings), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield client
        server.config.app.state.feed.close()
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive()

    return serving


@pytest.fixture
def lake(home: Path) -> Iterator[Lake]:
    """A filled lake of a test's own."""
    lake = fill(home)
    yield lake
    lake.close()


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a filled lake that no test writes."""
    home = tmp_path_factory.mktemp("filled") / "home"
    fill(home).close()
    return home


@pytest.fixture(scope="session")
def client(filled_home: Path, serve: Callable[[Settings], Any]) -> Iterator[httpx.Client]:
    """The API over the filled lake, with no Dagster behind it: nothing listens on port 1."""
    with serve(Settings(home=filled_home, embeddings=THREE_NUMBERS, dagster=DagsterSettings(port=1))) as found:
        yield found
