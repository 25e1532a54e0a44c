"""Keys, scopes and limits, by real HTTP."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from trend_assets.settings import ApiKey, ApiSettings, DagsterSettings, Settings

READ, OPERATE = "read-key-of-much-entropy", "operate-key-of-much-entropy"


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


KEYS = [
    ApiKey(name="reader", sha256=hashed(READ), scopes=["read"]),
    ApiKey(name="operator", sha256=hashed(OPERATE), scopes=["read", "operate"]),
]
READS = (
    "/health",
    "/predictions",
    "/predictions/top",
    "/topics",
    "/topics/%23topic0",
    "/events/stats",
    "/collection/status",
    "/training/status",
    "/accuracy",
    "/export",
    "/metrics",
    "/runs/abc",
    "/scheduler/status",
)
STARTS = ("/predictions/generate", "/collection/trigger")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def guarded(filled_home: Path, serve: Callable[[Settings], Any], closed_port: int) -> Any:
    """An API whose reads need a key too, and whose Dagster is down."""
    settings = Settings(
        home=filled_home,
        api=ApiSettings(keys=KEYS, open_reads=False, cors_origins=["https://good.example"]),
        dagster=DagsterSettings(port=closed_port),
    )
    with serve(settings) as client:
        yield client


@pytest.mark.parametrize("path", READS)
def test_reading_needs_a_key_where_the_settings_say_so(guarded: httpx.Client, path: str) -> None:
    for headers in ({}, bearer("wrong"), {"Authorization": "Basic cmVhZA=="}, bearer(hashed(READ))):
        refused = guarded.get(path, headers=headers)
        assert refused.status_code == 401, headers
        assert refused.headers["www-authenticate"] == "Bearer"
        assert refused.headers["content-type"] == "application/problem+json"
    expected = {"/runs/abc": 503}.get(path, 200)
    assert guarded.get(path, headers=bearer(READ)).status_code == expected
    # An answer kept for one who may read is not given to one who may not.
    assert guarded.get(path).status_code == 401


@pytest.mark.parametrize("path", STARTS)
def test_starting_a_run_needs_the_scope_operate(guarded: httpx.Client, client: httpx.Client, path: str) -> None:
    refused = guarded.post(path)
    assert refused.status_code == 401 and "`trend api-key NAME --operate` makes one" in refused.json()["detail"]
    assert client.post(path).status_code == 401, "without any key in the settings nobody may start runs"
    refused = guarded.post(path, headers=bearer(READ))
    assert refused.status_code == 403 and "'reader' may read only" in refused.json()["detail"]
    down = guarded.post(path, headers=bearer(OPERATE))
    assert down.status_code == 503 and "trend up" in down.json()["detail"]
    for body in ({"hour": "1999-01-01T00:00:00Z", "at": "1999-01-01T00:00:00Z"}, {"hour": 5, "at": "x"}, [1]):
        assert guarded.post(path, headers=bearer(OPERATE), json=body).status_code == 422, body


def test_the_scheduler_says_when_dagster_is_down(guarded: httpx.Client) -> None:
    status = guarded.get("/scheduler/status", headers=bearer(READ)).json()
    assert status["status"] == "unavailable" and "does not answer" in status["reason"]


def test_bodies_are_bounded(guarded: httpx.Client) -> None:
    headers = bearer(OPERATE)
    large = guarded.post("/predictions/generate", headers=headers, content=b" " * 70_000)
    assert large.status_code == 413
    chunked = guarded.post("/predictions/generate", headers=headers, content=(b" " * 10_000 for _ in range(8)))
    assert chunked.status_code == 413


def test_only_listed_origins_may_read(guarded: httpx.Client) -> None:
    for origin, allowed in (("https://good.example", "https://good.example"), ("https://evil.example", None)):
        answer = guarded.get("/topics", headers={**bearer(READ), "Origin": origin})
        assert answer.headers.get("access-control-allow-origin") == allowed


def test_too_many_requests_are_refused_and_forgiven(filled_home: Path, serve: Callable[[Settings], Any]) -> None:
    settings = Settings(home=filled_home, api=ApiSettings(requests_per_minute=60))
    with serve(settings) as client:
        answers = [client.get("/topics").status_code for _ in range(75)]
        assert answers[:60] == [200] * 60
        refused = client.get("/topics") if 429 not in answers else None
        assert 429 in answers or (refused and refused.status_code == 429)
        time.sleep(1.1)
        assert client.get("/topics").status_code == 200


def test_a_made_key_opens_and_is_kept_nowhere(filled_home: Path, serve: Callable[[Settings], Any]) -> None:
    import yaml

    from trend_assets.cli import app

    printed = CliRunner().invoke(app, ["api-key", "analyst", "--operate"]).output
    key = printed.splitlines()[0].rsplit(" ", 1)[1]
    entry = yaml.safe_load(printed)["api"]["keys"][0]
    assert len(key) >= 40 and key not in str(entry)
    settings = Settings(home=filled_home, api=ApiSettings(keys=[ApiKey(**entry)], open_reads=False))
    with serve(settings) as client:
        assert client.get("/topics", headers=bearer(key)).status_code == 200
        assert client.get("/topics", headers=bearer(key[:-1])).status_code == 401
