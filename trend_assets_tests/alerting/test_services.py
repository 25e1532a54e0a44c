"""Alerts through Apprise, to a real HTTP server by its `json://` service."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from pydantic import ValidationError

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.channel import NotDelivered
from trend_assets.alerting.dispatch import channels, dispatch
from trend_assets.alerting.history import AlertHistory, Entry
from trend_assets.alerting.services import Service
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import ALERTS
from trend_assets.settings import ServiceSettings
from trend_assets_tests.alerting.conftest import Configure, WebhookServer

pytest.importorskip("apprise", reason="apprise is not installed: pip install apprise")

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
ENTRY = Entry(Alert("source_late", "twitter", "the newest hour <@here> & that is late"), "a1", NOW)
DISK = Entry(Alert("disk_low", "/data", "1.0 GB are free"), "d", NOW)


def address(server: WebhookServer) -> str:
    return f"json://127.0.0.1:{server.port}/hook/T0K3N-in-the-path"


def service(url: str, seconds: float = 5) -> Service:
    return Service(ServiceSettings(name="phone", url=url), seconds)  # type: ignore[arg-type]


def why(channel: Service) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        channel.send([ENTRY])
    assert "T0K3N" not in str(caught.value)
    return caught.value


def test_a_service_gets_title_text_and_severity(hook: WebhookServer) -> None:
    assert service(address(hook)).send([ENTRY]) == "JSON took it"
    service(address(hook)).send([ENTRY, DISK])
    one, both = (orjson.loads(got.body) for got in hook.received)
    assert hook.received[0].path == "/hook/T0K3N-in-the-path"
    assert (one["title"], one["type"]) == ("Source late: twitter", "warning")
    assert one["message"] == "the newest hour <@here> & that is late"
    assert (both["title"], both["type"]) == ("2 alerts", "failure")
    assert both["message"].startswith("02-03 12:00 UTC, Disk low, /data")


def test_what_is_not_taken_is_told_without_the_secret(hook: WebhookServer) -> None:
    hook.script = [403]
    refused = why(service(address(hook)))
    assert refused.passing and "403" in str(refused)
    hook.script = [0]
    assert "127.0.0.1" in str(why(service(address(hook), seconds=0.3)))
    assert "127.0.0.1" in str(why(service("json://127.0.0.1:1/T0K3N")))


def test_a_redirect_is_not_followed(hook: WebhookServer) -> None:
    hook.script = [302]
    assert "302" in str(why(service(address(hook))))
    assert hook.received == []


def test_an_address_of_no_service_is_refused(hook: WebhookServer) -> None:
    refused = why(service("nonsense://T0K3N"))
    assert not refused.passing and "cannot read the address nonsense://…" in str(refused)
    with pytest.raises(ValidationError, match="SERVICE://") as caught:
        service("T0K3N")
    assert "T0K3N" not in caught.value.errors()[0]["msg"]


def test_an_open_alert_reaches_the_service_once(lake: Lake, configure: Configure, hook: WebhookServer) -> None:
    settings = configure(alerts={"services": [{"name": "phone", "url": address(hook)}]})
    assert [channel.name for channel in channels(settings)] == ["apprise:phone"]
    AlertHistory(lake, settings).add([ENTRY.alert], NOW)
    for _ in range(2):
        dispatch(lake, settings, NOW)
    assert len(hook.received) == 1
    (row,) = lake.read_table(ALERTS).rows(named=True)
    assert row["state"] == "delivered" and row["last_error"] is None
    twice = [{"name": "phone", "url": address(hook)}] * 2
    with pytest.raises(ValueError, match="two services have the same name"):
        configure(alerts={"services": twice})
