"""`trend alerts` as people start it."""

from __future__ import annotations

from pathlib import Path

import orjson

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.history import AlertHistory
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings
from trend_assets_tests.alerting.conftest import MailServer, mail_server, webhook_server
from trend_assets_tests.alerting.test_dispatch import NOW
from trend_assets_tests.commands.conftest import Trend, one_sentence


def mail_variables(server: MailServer) -> dict[str, str]:
    return {
        "TREND_MAIL__HOST": "127.0.0.1",
        "TREND_MAIL__PORT": str(server.port),
        "TREND_MAIL__SECURITY": "none",
        "TREND_MAIL__SENDER": "trend@example.org",
        "TREND_MAIL__RECIPIENTS": '["ann@example.org"]',
    }


def test_a_test_alert_goes_through_every_channel(trend: Trend) -> None:
    with webhook_server() as hook, mail_server() as mail:
        webhooks = orjson.dumps([{"name": "ops", "url": hook.url, "format": "slack"}]).decode()
        run = trend("alerts", "test", TREND_ALERTS__WEBHOOKS=webhooks, **mail_variables(mail))
    assert run.returncode == 0, run.stdout + run.stderr
    log, first, second = run.stdout.splitlines()
    assert log.startswith("log: written to ") and Path(log.removeprefix("log: written to ")).is_file()
    assert first == "webhook:ops: delivered: 127.0.0.1 answered 200"
    assert second == "email: delivered: 127.0.0.1 took it for 1 of 1 recipients"
    assert orjson.loads(hook.received[0].body)["text"].startswith("*Test: ")
    assert b"A test of the alerts of" in mail.taken[0].content


def test_a_bad_address_is_named_and_the_status_is_1(trend: Trend) -> None:
    hooks = [
        {"name": "typo", "url": "https://hooks.slack.invalid/services/T0K3N"},
        {"name": "closed", "url": "http://127.0.0.1:1/T0K3N"},
    ]
    run = trend("alerts", "test", TREND_ALERTS__WEBHOOKS=orjson.dumps(hooks).decode())
    assert run.returncode == 1 and run.stderr == ""
    assert run.stdout.splitlines()[1:] == [
        "webhook:typo: not delivered: the name hooks.slack.invalid is not known: check the address",
        "webhook:closed: not delivered: nothing listens at 127.0.0.1:1 (connection refused)",
    ]


def test_without_channels_it_says_so(trend: Trend) -> None:
    run = trend("alerts", "test")
    assert run.returncode == 0 and "alerts go to the log alone" in " ".join(run.stdout.split())


def test_an_address_that_is_none_is_refused_without_showing_it(trend: Trend) -> None:
    run = trend("alerts", "test", TREND_ALERTS__WEBHOOKS='[{"name": "x", "url": "hooks.slack.com/T0K3N"}]')
    said = one_sentence(run)
    assert "the address must look like https://HOST/PATH" in said and "T0K3N" not in said
    run = trend("alerts", "test", TREND_ALERTS__TIMEZONE="Berlin", TREND_ALERTS__QUIET_HOURS="22:00-07:00")
    assert "there is no time zone 'Berlin': write it like Europe/Berlin" in one_sentence(run)


def test_the_history_is_shown_and_filtered(trend: Trend, folder: Path) -> None:
    settings = Settings(home=folder / "home")
    lake = Lake(lake_location(settings))
    run = trend("alerts", "list")
    assert run.returncode == 0 and "no alert yet" in run.stdout
    AlertHistory(lake, settings).add(
        [Alert("disk_low", "/data", "1.0 GB are free [b]"), Alert("drift", "tgn", "w")], NOW
    )
    lake.close()
    run = trend("alerts", "list", "--rule", "disk_low")
    assert "1.0 GB are free [b]" in run.stdout and "drift" not in run.stdout and "delivered" in run.stdout
    assert "no alert fits" in trend("alerts", "list", "--state", "retrying").stdout
