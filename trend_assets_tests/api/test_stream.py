"""Server-sent events over a lake that grows."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from trend_assets.lake.tables import EVENTS, PREDICTIONS
from trend_assets.settings import Settings
from trend_assets.settings.attention import AttentionSettings
from trend_assets_tests.api.conftest import CUT, ONE, TOPICS, event, fill, forecasts


def events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = {}
    for line in answer.iter_lines():
        if not line and found:
            yield found
            found = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = json.loads(value) if name == "data" else value


def test_new_forecasts_arrive_and_what_was_missed_is_told(home: Path, serve: Callable[[Settings], Any]) -> None:
    lake = fill(home)
    spam = {**event(31, CUT, "twitter", [TOPICS[2]], "7", "buy"), "spam_score": 0.9}
    lake.write(EVENTS, EVENTS.frame([spam]), CUT, CUT + ONE)
    shown = [topic for topic in TOPICS if topic not in TOPICS[1:3]][:10]
    with serve(Settings(home=home, attention=AttentionSettings(muted=[TOPICS[1]]))) as client:
        with client.stream("GET", "/stream") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            told = events(answer)
            status = next(told)
            assert status["event"] == "status" and status["data"]["status"] == "ok"
            assert next(told)["data"]["cut"].startswith("2024-01-02T02:00")
            time.sleep(1.2)
            cut = CUT + 3 * ONE
            lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)
            assert next(told)["event"] == "status"
            news = next(told)
            assert news["event"] == "predictions" and news["data"]["cut"].startswith("2024-01-02T03:00")
            assert [row["topic"] for row in news["data"]["labels"]["emerges"]] == shown
            assert int(news["id"]) == lake.snapshot()
        for hours in (4, 5):
            cut = CUT + hours * ONE
            lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)
        time.sleep(0.3)
        with client.stream("GET", "/stream", headers={"Last-Event-ID": news["id"]}) as answer:
            told = events(answer)
            assert next(told)["event"] == "status"
            assert [next(told)["data"]["cut"][11:13] for _ in range(2)] == ["04", "05"]
        with client.stream("GET", "/stream", headers={"Last-Event-ID": "999999"}) as answer:
            assert next(events(answer))["event"] == "status"
        assert client.get("/stream", headers={"Last-Event-ID": "soon"}).status_code == 422
    lake.close()


def test_a_server_that_stops_does_not_wait_for_listeners(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "api.app:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    process = subprocess.Popen(command)
    try:
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{port}/openapi.json")
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        with httpx.stream("GET", f"http://127.0.0.1:{port}/stream", timeout=20) as answer:
            told = events(answer)
            assert next(told)["data"]["status"] == "unavailable"
            process.send_signal(signal.SIGTERM)
            # What was on its way may still come, and then the stream ends.
            assert all(event["event"] == "status" for event in told)
        assert process.wait(10) in (0, -signal.SIGTERM)
    finally:
        process.kill()
