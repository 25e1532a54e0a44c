"""Webhooks: what is posted, how it is signed, and how failures are told."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from datetime import UTC, datetime

import orjson
import pytest

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.channel import NotDelivered
from trend_assets.alerting.history import Entry
from trend_assets.alerting.webhook import Webhook
from trend_assets.settings import WebhookSettings
from trend_assets_tests.alerting.conftest import WebhookServer, webhook_server

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
ENTRY = Entry(Alert("source_late", "twitter", "the newest collected hour ended <@channel> & that is late"), "a1", NOW)


def hook_to(url: str, seconds: float = 5, **options: str) -> Webhook:
    return Webhook(WebhookSettings(name="ops", url=url, **options), seconds)  # type: ignore[arg-type]


def why(webhook: Webhook) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        webhook.send([ENTRY])
    assert "T0K3N" not in str(caught.value)
    return caught.value


def test_json_has_every_field_and_is_signed(hook: WebhookServer) -> None:
    before = datetime.now(UTC).timestamp()
    said = hook_to(hook.url, secret="shared secret").send([ENTRY])
    assert said == "127.0.0.1 answered 200"
    (got,) = hook.received
    assert got.path == "/hook/T0K3N-in-the-path"
    assert orjson.loads(got.body) == {
        "alerts": [
            {
                "id": "a1",
                "raised_at": "2026-02-03T12:00:00+00:00",
                "rule": "source_late",
                "severity": "warning",
                "subject": "twitter",
                "message": ENTRY.alert.message,
            }
        ]
    }
    timestamp = got.headers["X-Trend-Timestamp"]
    assert before - 1 <= int(timestamp) <= datetime.now(UTC).timestamp()
    expected = hmac.new(b"shared secret", f"{timestamp}.".encode() + got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-Trend-Signature"] == f"sha256={expected}"
    assert b"shared secret" not in got.body + repr(got.headers).encode()


def test_without_a_secret_nothing_is_signed_and_the_delivery_is_named_alike_again(hook: WebhookServer) -> None:
    webhook = hook_to(hook.url)
    webhook.send([ENTRY])
    webhook.send([ENTRY])
    first, second = hook.received
    assert "X-Trend-Signature" not in first.headers
    assert first.headers["X-Trend-Delivery"] == second.headers["X-Trend-Delivery"]


def test_slack_and_discord_get_their_payloads_and_nobody_is_mentioned(hook: WebhookServer) -> None:
    for form in ("slack", "discord"):
        hook_to(hook.url, format=form).send([ENTRY])
    slack, discord = (orjson.loads(got.body) for got in hook.received)
    assert slack == {
        "text": "*Source late: twitter*\nthe newest collected hour ended &lt;@channel&gt; &amp; that is late"
    }
    assert discord["content"].startswith("Source late: twitter\n")
    assert discord["allowed_mentions"] == {"parse": []}


def test_a_digest_is_cut_to_what_discord_takes_and_the_urgent_stands_first(hook: WebhookServer) -> None:
    entries = [Entry(Alert("topic_rising", f"#topic{number}", "x" * 90), f"{number}", NOW) for number in range(60)]
    entries.append(Entry(Alert("disk_low", "/data", "1.0 GB are free"), "d", NOW))
    hook_to(hook.url, format="discord").send(entries)
    hook_to(hook.url, format="slack").send(entries)
    content, text = (next(iter(orjson.loads(got.body).values())) for got in hook.received)
    assert len(content) == 2000 and content.startswith("61 alerts\n02-03 12:00 UTC, Disk low, /data: 1.0 GB are free")
    assert len(text) <= 3500


@pytest.mark.parametrize(
    ("status", "words", "passing"),
    [
        (400, "does not accept the message: check alerts.webhooks.format (HTTP 400: no_service)", False),
        (401, "refuses us: the address or its token is not, or no longer, valid (HTTP 401", False),
        (403, "refuses us", False),
        (404, "knows no such address: check that it is complete (HTTP 404", False),
        (410, "the address is gone: make a new webhook", False),
        (418, "refuses the message (HTTP 418", False),
        (429, "was asked too often", True),
        (500, "has trouble of its own (HTTP 500: endless endless", True),
        (503, "has trouble of its own (HTTP 503: no_service)", True),
        (302, "sends us elsewhere: put the final address into the settings", False),
    ],
)
def test_a_refusal_is_named(hook: WebhookServer, status: int, words: str, passing: bool) -> None:
    hook.script = [status]
    error = why(hook_to(hook.url))
    assert str(error).startswith("127.0.0.1 ") and words in str(error)
    assert error.passing is passing
    assert hook.received == []


def test_a_name_that_nobody_knows_is_named() -> None:
    error = why(hook_to("https://no-such-host.invalid/T0K3N"))
    assert str(error) == "the name no-such-host.invalid is not known: check the address"


def test_a_closed_port_and_a_slow_server_are_named(hook: WebhookServer) -> None:
    error = why(hook_to("http://127.0.0.1:1/T0K3N"))
    assert str(error) == "nothing listens at 127.0.0.1:1 (connection refused)" and error.passing
    hook.script = [0]
    slow = why(hook_to(hook.url, seconds=0.2))
    assert str(slow) == f"127.0.0.1:{hook.port} did not answer within 0.2 s" and slow.passing


def test_a_certificate_that_nobody_vouches_for_is_named(certificate: ssl.SSLContext) -> None:
    with webhook_server(certificate) as server:
        error = why(hook_to(server.url))
    assert str(error).startswith("the certificate of 127.0.0.1 is not trusted (unable to get local issuer")
    assert not error.passing and server.received == []


def test_a_trusted_certificate_is_taken(certificate: ssl.SSLContext, authority_trusted: None) -> None:
    with webhook_server(certificate) as server:
        hook_to(server.url).send([ENTRY])
    assert len(server.received) == 1


def test_tls_to_a_server_without_it_is_named(hook: WebhookServer) -> None:
    error = why(hook_to(hook.url.replace("http:", "https:")))
    assert f"127.0.0.1:{hook.port} does not speak TLS as expected" in str(error)
