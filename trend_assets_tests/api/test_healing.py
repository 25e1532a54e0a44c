"""What users see while the lake's catalog is away, and that all heals by itself when it is back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from trend_assets.lake.connection import LakeError, LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTIONS
from trend_assets.settings import DagsterSettings, LakeSettings, Settings
from trend_assets_tests.api.conftest import CUT, ONE, fill, forecasts
from trend_assets_tests.postgres_server import PostgresServer, binaries

ROUTES = ("/predictions/top", "/topics", "/accuracy", "/collection/status", "/events/stats", "/training/status")


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server of our own that can be stopped and started."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql (Debian's package postgresql)")
    server = PostgresServer(programs)
    server.start()
    yield server
    server.remove()


def eventually(answered: Callable[[], bool], seconds: float = 20) -> float:
    """Seconds until it did."""
    began = time.monotonic()
    while not answered():
        assert time.monotonic() - began < seconds, "it did not heal"
        time.sleep(0.1)
    return time.monotonic() - began


def is_told(client: httpx.Client, path: str, secrets: list[str]) -> None:
    """The problem is a sentence, and names neither files nor hosts nor passwords."""
    answer = client.get(path)
    assert answer.status_code == 503, (path, answer.text)
    told = answer.json()
    if path == "/health":
        told = {"detail": told["reasons"][0]}
    else:
        assert answer.headers["content-type"] == "application/problem+json" and answer.headers["retry-after"]
    assert told["detail"].startswith(("the lake cannot be", "there is no lake")), told
    assert not [secret for secret in secrets if secret in answer.text], answer.text


def write(lake: Lake, hours: int) -> None:
    cut = CUT + hours * ONE
    lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)


def newest(client: httpx.Client) -> str:
    return str(client.get("/predictions/top").json().get("cut"))


def test_a_postgres_catalog_that_goes_and_comes_back(
    postgres: PostgresServer, home: Path, serve: Callable[[Settings], Any], caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres.create("lake").replace("trend@", "trend:secretword@")
    location = LakeLocation(home, catalog_url=url, data_path=f"{home / 'files'}/")
    lake = fill(home, location)
    settings = Settings(
        home=home,
        lake=LakeSettings(catalog_url=url, data_path=location.data_path),
        dagster=DagsterSettings(port=1),
    )
    secrets = ["secretword", str(postgres.port), "127.0.0.1", str(home)]
    with serve(settings) as client:
        for path in ("/health", *ROUTES):
            assert client.get(path).status_code == 200, path
        assert newest(client).startswith("2024-01-02T02")
        postgres.stop()
        time.sleep(0.3)
        for path in ("/health", *ROUTES):
            is_told(client, path, secrets)
        with pytest.raises((LakeError, duckdb.Error)) as failed:
            write(lake, 3)
        assert "secretword" not in str(failed.value) and "Connection refused" in str(failed.value)
        postgres.start()
        eventually(lambda: client.get("/health").status_code == 200)
        assert newest(client).startswith("2024-01-02T02"), "nothing half written"
        # The writer goes on with the same hold on the lake.
        write(lake, 3)
        eventually(lambda: newest(client).startswith("2024-01-02T03"), 5)
        # Back before anybody asked: connections that died meanwhile are not noticed by users.
        postgres.stop()
        postgres.start()
        eventually(lambda: all(client.get(path).status_code == 200 for path in ROUTES), 5)
    lake.close()
    assert "Connection refused" in caplog.text and "secretword" not in caplog.text


def test_a_folder_that_goes_and_comes_back_and_a_stream_that_tells_of_it(
    home: Path, serve: Callable[[Settings], Any]
) -> None:
    fill(home).close()
    away = home.parent / "away"
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as client:
        known = client.get("/topics")
        with client.stream("GET", "/stream") as stream:
            lines = (line for line in stream.iter_lines() if line.startswith("data:"))
            assert '"status":"ok"' in next(lines)
            shutil.move(home, away)
            time.sleep(0.3)
            for path in ("/health", *ROUTES):
                is_told(client, path, [str(home)])
            assert '"status":"unavailable"' in next(line for line in lines if '"status"' in line and '"ok"' not in line)
            shutil.move(away, home)
            assert '"status":"ok"' in next(line for line in lines if '"ok"' in line)
        seconds = eventually(lambda: client.get("/topics").status_code == 200, 5)
        assert timedelta(seconds=seconds) < timedelta(seconds=2)
        again = client.get("/topics", headers={"If-None-Match": known.headers["etag"]})
        assert again.status_code == 304, "what the client knows is still good"
        assert any(home.iterdir())
