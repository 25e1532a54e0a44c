"""Delivery from the lake: once, again after failures, never twice, not in quiet hours."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.dispatch import Dispatched, dispatch
from trend_assets.alerting.history import AlertHistory
from trend_assets.alerting.raising import raise_alert
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import ALERTS
from trend_assets.settings import Settings
from trend_assets_tests.alerting.conftest import Configure, MailServer, WebhookServer, mail_server, webhook_server

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATE = Alert("source_late", "twitter", "the newest collected hour ended 2026-02-03 05:00 UTC")
FULL = Alert("disk_low", "/data", "1.0 GB are free")


def hook_section(server: WebhookServer, name: str = "ops", **options: object) -> dict[str, object]:
    return {"webhooks": [{"name": name, "url": server.url}], **options}


def mail_section(server: MailServer) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "sender": "trend@example.org",
        "recipients": ["ann@example.org"],
    }


def rows(lake: Lake) -> list[dict[str, object]]:
    found = lake.read_table(ALERTS).sort("raised_at", "rule").to_dicts()
    return [{**row, "delivered_at": orjson.loads(row["delivered_at"])} for row in found]


def told(server: WebhookServer) -> list[list[str]]:
    """The rules in each message."""
    return [[alert["rule"] for alert in orjson.loads(got.body)["alerts"]] for got in server.received]


def test_an_alert_is_delivered_once_to_every_channel(lake: Lake, configure: Configure, hook: WebhookServer) -> None:
    with mail_server() as mail:
        settings = configure(alerts=hook_section(hook), mail=mail_section(mail))
        assert len(AlertHistory(lake, settings).add([LATE], NOW)) == 1
        assert dispatch(lake, settings, NOW) == Dispatched(delivered=1)
        assert dispatch(lake, settings, NOW + MINUTE) == Dispatched()
    assert told(hook) == [["source_late"]] and len(mail.taken) == 1
    (row,) = rows(lake)
    assert (row["state"], row["attempts"], row["last_error"]) == ("delivered", 2, None)
    assert row["delivered_at"] == dict.fromkeys(("log", "webhook:ops", "email"), NOW.isoformat())


def test_without_a_channel_the_log_is_all(lake: Lake, configure: Configure) -> None:
    settings = configure()
    AlertHistory(lake, settings).add([LATE], NOW)
    (row,) = rows(lake)
    assert row["state"] == "delivered" and list(row["delivered_at"]) == ["log"]
    (line,) = (settings.logs_folder / "alerts.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["kind"] == "source_late"
    assert dispatch(lake, settings, NOW) == Dispatched()


@pytest.mark.parametrize(("script", "attempts"), [([503], 2), ([0, 503], 3)])
def test_a_failure_that_passes_is_tried_again_at_once(
    lake: Lake, configure: Configure, hook: WebhookServer, script: list[int], attempts: int
) -> None:
    """503 is trouble; 0 is no answer within the second that the settings give."""
    hook.script = script
    settings = configure(alerts=hook_section(hook, timeout_seconds=1.0))
    AlertHistory(lake, settings).add([LATE], NOW)
    assert dispatch(lake, settings, NOW) == Dispatched(delivered=1)
    assert told(hook) == [["source_late"]]
    assert rows(lake)[0]["attempts"] == attempts


def test_what_is_not_delivered_is_seen_and_tried_at_the_next_tick(
    lake: Lake, configure: Configure, hook: WebhookServer
) -> None:
    hook.script = [503, 503, 503, 404]
    settings = configure(alerts=hook_section(hook))
    AlertHistory(lake, settings).add([LATE], NOW)
    assert dispatch(lake, settings, NOW) == Dispatched(retrying=1)
    (row,) = rows(lake)
    assert (row["state"], row["attempts"], row["last_attempt_at"]) == ("retrying", 3, NOW)
    assert row["last_error"] == "webhook:ops: 127.0.0.1 has trouble of its own (HTTP 503: no_service)"
    assert dispatch(lake, settings, NOW + timedelta(seconds=20)) == Dispatched(retrying=1)
    assert rows(lake)[0]["attempts"] == 3, "tried again too soon"
    assert dispatch(lake, settings, NOW + MINUTE) == Dispatched(retrying=1)
    assert "knows no such address" in str(rows(lake)[0]["last_error"])
    assert dispatch(lake, settings, NOW + 2 * MINUTE) == Dispatched(delivered=1)
    assert (rows(lake)[0]["state"], rows(lake)[0]["attempts"]) == ("delivered", 5)
    assert told(hook) == [["source_late"]]


def test_a_channel_that_fails_holds_up_no_other(lake: Lake, configure: Configure, hook: WebhookServer) -> None:
    with webhook_server() as other:
        hook.script = [404, 404]
        webhooks = [{"name": "a", "url": hook.url}, {"name": "b", "url": other.url}]
        settings = configure(alerts={"webhooks": webhooks})
        AlertHistory(lake, settings).add([LATE, FULL], NOW)
        assert dispatch(lake, settings, NOW) == Dispatched(retrying=2)
        assert sorted(told(other)) == [["disk_low"], ["source_late"]] and told(hook) == []
        assert dispatch(lake, settings, NOW + MINUTE) == Dispatched(delivered=2)
        assert len(other.received) == 2 and len(hook.received) == 2


def test_after_a_day_it_is_given_up(lake: Lake, configure: Configure) -> None:
    settings = configure(alerts={"webhooks": [{"name": "ops", "url": "https://no-such-host.invalid/"}]})
    AlertHistory(lake, settings).add([LATE], NOW)
    dispatch(lake, settings, NOW)
    assert dispatch(lake, settings, NOW + timedelta(hours=25)) == Dispatched(given_up=1)
    (row,) = rows(lake)
    assert row["state"] == "given_up" and "no-such-host.invalid is not known" in str(row["last_error"])
    assert dispatch(lake, settings, NOW + timedelta(hours=26)) == Dispatched()


def test_the_same_is_raised_once_a_window(lake: Lake, configure: Configure) -> None:
    settings = configure(alerts={"repeat_hours": 6, "muted": ["drift"]})
    history = AlertHistory(lake, settings)
    assert len(history.add([LATE, LATE, FULL, Alert("drift", "tgn", "less accurate")], NOW)) == 2
    assert history.add([Alert("source_late", "twitter", "other words")], NOW + timedelta(hours=5)) == []
    assert len(history.add([Alert("source_late", "youtube", "late too")], NOW + timedelta(hours=5))) == 1
    assert len(history.add([LATE], NOW + timedelta(hours=7))) == 1
    assert len(rows(lake)) == 4


_PROCESS = """
import sys
from datetime import UTC, datetime
from trend_assets.alerting.alert import Alert
from trend_assets.alerting.history import AlertHistory
from trend_assets.alerting.dispatch import dispatch
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import load_settings
settings = load_settings()
lake = Lake(lake_location(settings))
print("ready", flush=True)
sys.stdin.readline()
now = datetime.now(UTC)
AlertHistory(lake, settings).add([Alert("source_late", "twitter", "late"), Alert("disk_low", "/", "full")], now)
dispatch(lake, settings, now)
"""


def test_many_processes_raise_and_deliver_it_once(
    lake: Lake, configure: Configure, hook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREND_ALERTS__WEBHOOKS", orjson.dumps([{"name": "ops", "url": hook.url}]).decode())
    command = [sys.executable, "-c", _PROCESS]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    settings = configure(alerts=hook_section(hook))
    dispatch(lake, settings, datetime.now(UTC))
    assert sorted(told(hook)) == [["disk_low"], ["source_late"]]
    assert [row["state"] for row in rows(lake)] == ["delivered", "delivered"]
    assert len((settings.logs_folder / "alerts.jsonl").read_bytes().splitlines()) == 2


def test_quiet_hours_hold_back_all_but_the_critical_and_end_in_one_message(
    lake: Lake, configure: Configure, hook: WebhookServer
) -> None:
    """12:00 UTC is 21:00 in Tokyo."""
    settings = configure(alerts=hook_section(hook, quiet_hours="21:00-06:30", timezone="Asia/Tokyo"))
    rising = Alert("topic_rising", "#a", "will burst")
    AlertHistory(lake, settings).add([LATE, rising, FULL], NOW)
    assert dispatch(lake, settings, NOW) == Dispatched(delivered=1, held=2)
    assert told(hook) == [["disk_low"]]
    assert [row["state"] for row in rows(lake)] == ["delivered", "held", "held"]
    assert dispatch(lake, settings, NOW + timedelta(hours=9)) == Dispatched(held=2)
    assert dispatch(lake, settings, NOW + timedelta(hours=9, minutes=30)) == Dispatched(delivered=2)
    assert [sorted(rules) for rules in told(hook)] == [["disk_low"], ["source_late", "topic_rising"]]


def test_many_at_once_are_one_message(lake: Lake, configure: Configure, hook: WebhookServer) -> None:
    settings = configure(alerts=hook_section(hook))
    AlertHistory(lake, settings).add([Alert("topic_rising", f"#{number}", "rises") for number in range(9)], NOW)
    assert dispatch(lake, settings, NOW) == Dispatched(delivered=9)
    assert [len(rules) for rules in told(hook)] == [9]


def test_no_secret_reaches_a_row_a_log_or_the_home(
    lake: Lake, configure: Configure, hook: WebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    hook.script = [404]
    webhooks = [
        {"name": "ops", "url": hook.url, "secret": "shared-S3CRET"},
        {"name": "gone", "url": "https://no-such-host.invalid/T0K3N-in-the-path", "secret": "shared-S3CRET"},
    ]
    mail = {
        **mail_section(MailServer(port=1)),
        "host": "mail.invalid",
        "security": "starttls",
        "username": "ann",
        "password": "S3CRET-word",
    }
    settings = configure(alerts={"webhooks": webhooks}, mail=mail)
    AlertHistory(lake, settings).add([LATE], NOW)
    with caplog.at_level(logging.DEBUG):
        dispatch(lake, settings, NOW)
    kept = b"".join(path.read_bytes() for path in settings.home.rglob("*") if path.is_file())
    written = "\n".join(record.getMessage() for record in caplog.records)
    assert "POST http://127.0.0.1" in written, "the library's own log is looked at too"
    for text in (repr(rows(lake)), repr(settings), written):
        assert "S3CRET" not in text and "T0K3N" not in text
    assert b"S3CRET" not in kept and b"T0K3N" not in kept


def test_what_raises_an_alert_goes_on_without_a_lake_to_write(lake: Lake, configure: Configure) -> None:
    settings: Settings = configure()
    reader = Lake(lake_location(settings), read_only=True)
    raise_alert(reader, settings, "model_refused", "tgn", "weights.safetensors is truncated")
    reader.close()
    assert rows(lake) == []
    (line,) = (settings.logs_folder / "alerts.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["message"] == "weights.safetensors is truncated"
