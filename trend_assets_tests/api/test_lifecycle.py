"""The API as a process of its own, over a lake that comes, grows and goes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTIONS
from trend_assets_tests import catalog_log
from trend_assets_tests.api.conftest import CUT, ONE, fill, forecasts

#: Longer than the API believes a snapshot's number.
_STALE_SECONDS = 0.25


@pytest.fixture
def server(home: Path) -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:app", "--port", str(port), "--log-level", "info"]
    with (home.parent / "api.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            for _ in range(300):
                try:
                    client.get("/openapi.json")
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        assert process.wait(15) in (0, -15)


def test_it_says_what_to_do_heals_and_serves_while_the_pipeline_writes(server: httpx.Client, home: Path) -> None:
    answer = server.get("/health")
    assert answer.status_code == 503
    assert "there is no lake" in answer.json()["reasons"][0]
    problem = server.get("/predictions/top")
    assert problem.status_code == 503
    assert problem.headers["content-type"] == "application/problem+json"
    assert "trend import" in problem.json()["detail"]
    assert "trend_lake_readable 0.0" in server.get("/metrics").text

    lake = Lake(LakeLocation(home))
    time.sleep(_STALE_SECONDS)
    answer = server.get("/health")
    assert answer.status_code == 503
    assert "no events yet" in answer.json()["reasons"][0]
    for path in ("/predictions/top", "/topics", "/collection/status", "/training/status", "/accuracy"):
        page = server.get(path)
        assert page.status_code == 200, path
        assert page.json()["reason"], path
    assert server.get("/export", params={"format": "csv"}).text.startswith('"cut","label"')

    lake.close()
    lake = fill(home)
    assert server.get("/health").json()["status"] == "ok"
    for index in range(5):
        cut = CUT + (index + 3) * ONE
        lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)
        time.sleep(_STALE_SECONDS)
        page = server.get("/predictions/top").json()
        assert page["cut"] == cut.isoformat().replace("+00:00", "Z")
    lake.close()
    assert catalog_log.is_free(lake.location), "the API's connections hold a transaction"

    away = home.parent / "away"
    shutil.move(home, away)
    time.sleep(_STALE_SECONDS)
    lost = server.get("/topics", params={"prefix": "#new"})
    assert lost.status_code == 503
    assert str(home) not in lost.text or "there is no lake" in lost.text
    shutil.move(away, home)
    time.sleep(_STALE_SECONDS)
    assert server.get("/topics", params={"prefix": "topic0"}).json()["items"][0]["mentions"] == 4

    server.get("/topics", params={"prefix": "secretword"})
    log = (home.parent / "api.log").read_text()
    assert "GET /topics HTTP" in log and "secretword" not in log and "Traceback" not in log


def test_a_query_that_takes_too_long_is_a_problem(filled_home: Path) -> None:
    from api.reading.lake import LakeReader
    from api.reading.pool import QueryTooLarge
    from trend_assets.settings import ApiSettings, Settings

    reader = LakeReader(Settings(home=filled_home, api=ApiSettings(query_seconds=0.3)))
    began = time.monotonic()
    with pytest.raises(QueryTooLarge, match=r"longer than 0\.3 s"):
        reader.read("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")
    assert timedelta(seconds=time.monotonic() - began) < timedelta(seconds=5)
    assert reader.read("SELECT 1 AS one")["one"][0] == 1
    greedy = LakeReader(Settings(home=filled_home, api=ApiSettings(memory_limit="100MB")))
    with pytest.raises(QueryTooLarge, match="memory"):
        greedy.read("SELECT list(range) AS all FROM range(50000000)")
    reader.close()
    greedy.close()


def test_the_lake_cannot_be_written_through_the_reader(filled_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.reading.lake import LakeReader
    from trend_assets.lake.connection import LakeError
    from trend_assets.settings import load_settings

    monkeypatch.setenv("TREND_HOME", str(filled_home))
    reader = LakeReader(load_settings())
    for statement in ("DELETE FROM predictions", "DROP TABLE predictions", "CREATE TABLE lake.main.t (a INT)"):
        with pytest.raises(LakeError):
            reader.read(statement)
    assert reader.read("SELECT count(*) AS n FROM predictions")["n"][0] == 36
    reader.close()
