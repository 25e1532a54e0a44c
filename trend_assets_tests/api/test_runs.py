"""Runs started through a real Dagster webserver."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from trend_assets.automation.instance import dagster_environment, open_instance, prepare_home, workspace_file
from trend_assets.definitions import defs
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.settings import ApiSettings, DagsterSettings, Settings, TwitterSettings
from trend_assets_tests.api.test_keys import KEYS, OPERATE, bearer


@pytest.fixture
def webserver(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A Dagster webserver without a daemon: runs stay queued. Gives its port."""
    monkeypatch.setenv("TREND_TWITTER__ENABLED", "true")
    prepare_home(Settings(home=home))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    workspace = str(workspace_file(Settings(home=home)))
    command = [sys.executable, "-m", "dagster_webserver", "-w", workspace, "-p", str(port)]
    environment = {**os.environ, "DAGSTER_HOME": str(home / "dagster")}
    with (home / "webserver.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/server_info")
                break
            except httpx.TransportError:
                assert process.poll() is None, (home / "webserver.log").read_text()
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def selected(port: int, run_id: str) -> set[str]:
    """Keys of the assets that a run materializes."""
    query = f'{{ runOrError(runId: "{run_id}") {{ ... on Run {{ assetSelection {{ path }} }} }} }}'
    answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}).json()
    return {"/".join(key["path"]) for key in answer["data"]["runOrError"]["assetSelection"]}


#: What the Overview's timeline asks of runs that are over.
TIMELINE = """
    query Timeline($filter: RunsFilter!) {
      runsOrError(filter: $filter, limit: 10) { ... on Runs { results {
        pipelineName tags { key value } repositoryOrigin { repositoryName repositoryLocationName }
      } } }
    }
"""


def test_the_timeline_shows_a_run_of_the_command_line(
    webserver: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=home)
    for name, value in dagster_environment(settings).items():
        monkeypatch.setenv(name, value)
    hour = datetime(2024, 1, 2, 5, tzinfo=UTC)
    with open_instance(settings) as instance:
        materialize_hours(defs(), instance, HourRange(hour, hour + timedelta(hours=1)), ["raw_events"])
    asked = {"statuses": ["SUCCESS", "FAILURE", "CANCELED"], "createdBefore": time.time() + 60}
    query = {"query": TIMELINE, "variables": {"filter": asked}}
    answer = httpx.post(f"http://127.0.0.1:{webserver}/graphql", json=query, timeout=60).json()
    (run,) = answer["data"]["runsOrError"]["results"]
    workspace = httpx.post(
        f"http://127.0.0.1:{webserver}/graphql",
        json={"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"},
        timeout=60,
    ).json()
    (repository,) = workspace["data"]["repositoriesOrError"]["nodes"]
    assert run["repositoryOrigin"] == {
        "repositoryName": repository["name"],
        "repositoryLocationName": repository["location"]["name"],
    }
    assert run["pipelineName"] == "hourly_pipeline"
    assert "trend/command" in {tag["key"] for tag in run["tags"]}


def test_a_run_is_started_once_and_told_of(webserver: int, home: Path, serve: Callable[[Settings], Any]) -> None:
    settings = Settings(
        home=home,
        api=ApiSettings(keys=KEYS),
        dagster=DagsterSettings(port=webserver),
        twitter=TwitterSettings(enabled=True),
    )
    with serve(settings) as client:
        body = {"hour": "2024-01-02T05:30:00Z"}
        first = client.post("/collection/trigger", json=body, headers=bearer(OPERATE))
        assert first.status_code == 202, first.text
        run = first.json()
        assert run["created"] is True and run["partition"] == "2024-01-02-05:00" and run["status"] == "QUEUED"
        again = client.post("/collection/trigger", json={"hour": "2024-01-02T05:59:00Z"}, headers=bearer(OPERATE))
        assert again.json()["run_id"] == run["run_id"] and again.json()["created"] is False
        anew = client.post("/collection/trigger", json=body, headers=bearer(OPERATE) | {"Idempotency-Key": "2"})
        assert anew.json()["run_id"] != run["run_id"]
        one = client.post("/collection/trigger", json={**body, "source": "twitter"}, headers=bearer(OPERATE)).json()
        assert one["created"] is True and one["run_id"] != run["run_id"]
        for started in (run, one):
            assert {"sources/twitter", "raw_events", "nodes"} <= selected(webserver, started["run_id"])
        wrong = client.post("/collection/trigger", json={"source": "youtube"}, headers=bearer(OPERATE))
        assert wrong.status_code == 422 and "'youtube' is no enabled source: enabled are 'twitter'" in wrong.text
        forecast = client.post("/predictions/generate", json={"at": "2024-01-02T06:10:00Z"}, headers=bearer(OPERATE))
        assert forecast.json()["partition"] == "2024-01-02-05:00" and forecast.json()["created"] is True

        told = client.get(first.headers["location"]).json()
        assert told["run_id"] == run["run_id"] and told["job"] == "hourly_pipeline" and told["created_at"]
        assert httpx.get(told["dagster_link"]).status_code == 200
        assert client.get("/runs/nobody").status_code == 404

        status = client.get("/scheduler/status").json()
        assert status["status"] == "ok"
        clocks = {clock["name"]: clock for clock in status["clocks"]}
        assert clocks["hourly_collection"]["cron"] == "10 * * * *"
        assert clocks["hourly_collection"]["status"] == "STOPPED" and clocks["hourly_collection"]["next_tick"] is None
        assert clocks["inbox"]["kind"] == "sensor"
        assert {daemon["name"] for daemon in status["daemons"]} >= {"SENSOR", "SCHEDULER"}
        metrics = client.get("/metrics").text
        assert 'trend_dagster_runs{state="queued"} 4.0' in metrics
        assert 'trend_dagster_runs{state="started"} 0.0' in metrics
        assert len(status["running"]) == 4 and status["failed"] == []
