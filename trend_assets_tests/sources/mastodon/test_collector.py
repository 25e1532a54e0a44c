"""Mastodon: what its timelines need beyond what every collector keeps to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from trend_assets.simulator.faults import Faults
from trend_assets.simulator.mastodon import status_uri
from trend_assets.simulator.server_mastodon import HOST
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.world import World
from trend_assets.sources.collection import Earlier
from trend_assets.sources.registry import parse as parse_stored
from trend_assets_tests.sources.conftest import HOUR, START
from trend_assets_tests.sources.mastodon.test_events import status
from trend_assets_tests.sources.test_collectors import Serve, attempt, collector, happened, received

NOON = START + 12 * HOUR
LATER = NOON + HOUR + timedelta(minutes=10)


def test_trends_are_of_now_and_asked_once(serve: Serve) -> None:
    server = serve(LATER)
    found = attempt(collector("mastodon", server, trends=True, public=False), NOON, server.now)
    assert found.status["status"].item() == "complete"
    assert set(found.raw["event_type"]) == {"trend"} and found.raw.height == 20
    event = parse_stored("mastodon", found.raw["raw_data"][0])
    assert event.timestamp == LATER and event.features["uses"] >= event.features["accounts"] > 0
    earlier = {("mastodon", NOON): Earlier(found.attempts["cursor"].item(), found.raw.height)}
    again = attempt(collector("mastodon", server, trends=True, public=False), NOON, server.now, earlier)
    assert again.raw.is_empty() and len(server.requests) == 1
    missed = attempt(collector("mastodon", server, trends=True), NOON - 3 * HOUR, server.now)
    assert missed.status["status"].item() == "partial" and "keeps no past trends" in missed.status["message"].item()


def test_tags_timelines_are_read_and_no_post_counts_twice(serve: Serve, busy_world: World) -> None:
    server = serve(LATER)
    posts = list(busy_world.events("mastodon", NOON, NOON + HOUR))
    label = next(topic.label for post in posts for topic in post.topics if not topic.label.isascii())
    wanted = {status_uri(post, HOST) for post in posts if any(topic.label == label for topic in post.topics)}
    found = attempt(collector("mastodon", server, public=False, tags=(label[1:],)), NOON, server.now)
    assert set(received(found)) == wanted != set()
    both = attempt(collector("mastodon", server, tags=(label[1:],)), NOON, server.now)
    assert sorted(received(both)) == sorted(happened(busy_world, "mastodon", NOON, NOON + HOUR))


def test_a_limit_that_is_used_up_ends_the_attempt_and_the_next_goes_on(serve: Serve, busy_world: World) -> None:
    server = serve(LATER, Limits(mastodon_requests=1))
    first = attempt(collector("mastodon", server), NOON, server.now)
    assert first.status["status"].item() == "partial" and len(server.requests) == 1
    assert first.attempts["retry_at"].item() == NOON + HOUR + timedelta(minutes=15)
    server.limits.mastodon_requests = 300
    earlier = {("mastodon", NOON): Earlier(first.attempts["cursor"].item(), first.raw.height)}
    second = attempt(collector("mastodon", server), NOON, server.now, earlier)
    ids = received(first) + received(second)
    assert sorted(ids) == sorted(happened(busy_world, "mastodon", NOON, NOON + HOUR))
    assert second.status["events"].item() == len(ids)


def test_requests_are_bounded(serve: Serve) -> None:
    server = serve(LATER)
    found = attempt(collector("mastodon", server, requests=2), NOON, server.now)
    assert len(server.requests) == 2 and found.attempts["failure"].item() == "quota"
    assert "the 2 requests of one run are spent" in found.status["message"].item()
    assert LATER < found.attempts["retry_at"].item() < LATER + HOUR


def test_a_server_that_fails_makes_no_other_one_fail(serve: Serve, busy_world: World) -> None:
    good, closed, dead = serve(LATER), serve(LATER, faults=Faults(1.0, ("401",))), serve(LATER)
    dead.close()
    asked = collector("mastodon", good)
    asked.access = type(asked.access)((closed.url, dead.url, good.url), trends=False)
    found = attempt(asked, NOON, good.now)
    assert sorted(received(found)) == sorted(happened(busy_world, "mastodon", NOON, NOON + HOUR))
    status, message = found.status.select("status", "message").row(0)
    assert status == "partial" and "signed-in users only" in message and "cannot be reached" in message
    assert found.attempts["failure"].item() == "request"


def test_a_post_that_was_heard_of_late_is_in_its_own_hour(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(LATER)
    answer = server.answer
    late = (NOON + HOUR + timedelta(minutes=2)).timestamp()

    def with_hearsay(path: str, parameters: dict[str, str], headers: Any) -> Any:
        given = answer(path, parameters, headers)
        heard = status(
            id=str(int(late * 1000) << 16), created_at="2026-01-05T12:59:59.000Z", uri="https://late.example/1"
        )
        if int(parameters["min_id"]) < int(heard["id"]) < int(parameters["max_id"]):
            body = orjson.dumps([heard, *orjson.loads(given.body)])
            return type(given)(given.status, body, given.headers)
        return given

    monkeypatch.setattr(type(server), "answer", lambda _, *asked: with_hearsay(*asked))
    ids = received(attempt(collector("mastodon", server), NOON, server.now))
    assert "https://late.example/1" in ids
    assert "https://late.example/1" not in received(attempt(collector("mastodon", server), NOON + HOUR, server.now))


def test_credentials_in_an_address_are_not_told(serve: Serve) -> None:
    server = serve(LATER)
    asked = collector("mastodon", server)
    asked.access = type(asked.access)((server.url.replace("//", "//me:sentinel-key-4@"),), trends=True)
    found = attempt(asked, NOON - 3 * HOUR, server.now)
    server.close()
    told = attempt(asked, NOON, server.now)
    assert "past trends" in found.status["message"].item() and "cannot be reached" in told.status["message"].item()
    for frame in (found.raw, found.status, found.attempts, told.status, told.attempts):
        assert "sentinel-key-4" not in repr(frame.rows())
