"""The daemon's minute: what holds is raised, and what is open is delivered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import orjson
import pytest
from dagster import DagsterInstance

from trend_assets.alerting.raising import raise_alert
from trend_assets.automation.alerts import alerts_sensor
from trend_assets.lake.io_manager import LakeResource
from trend_assets.settings import load_settings


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    """Alerts that a webhook of the settings got."""
    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.extend(orjson.loads(self.rfile.read(int(self.headers["content-length"])))["alerts"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    hook = {"name": "ops", "url": f"http://127.0.0.1:{server.server_address[1]}/"}
    monkeypatch.setenv("TREND_ALERTS__WEBHOOKS", orjson.dumps([hook]).decode())
    yield got
    server.shutdown()
    thread.join()
    server.server_close()


def tick(instance: DagsterInstance) -> str:
    settings = load_settings()
    with dg.build_sensor_context(instance=instance) as context:
        result = alerts_sensor(context, lake=LakeResource(settings), settings=settings)
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def test_a_tick_raises_what_holds_and_delivers_it_once(
    home: Path, instance: DagsterInstance, received: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tick(instance) == "0 new alerts; nothing to deliver"
    raise_alert(LakeResource(load_settings()).lake, load_settings(), "drift", "tgn-1", "live NDCG@10 is 0.1")
    monkeypatch.setenv("TREND_ALERTS__DISK_LOW_GB", "1e9")
    assert tick(instance) == "1 new alerts; 2 delivered"
    assert tick(instance) == "0 new alerts; nothing to deliver"
    assert [(alert["rule"], alert["severity"]) for alert in received] == [
        ("disk_low", "critical"),
        ("drift", "warning"),
    ]
