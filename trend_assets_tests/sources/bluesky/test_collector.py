"""Bluesky: what its search needs beyond what every collector keeps to."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trend_assets.simulator.bluesky import uri
from trend_assets.simulator.faults import Faults
from trend_assets.simulator.serving import Limits
from trend_assets.simulator.world import World
from trend_assets.sources.collection import Earlier
from trend_assets.sources.collector import CollectorError
from trend_assets.sources.event import Payload
from trend_assets_tests.sources.conftest import HOUR, START
from trend_assets_tests.sources.test_collectors import Serve, attempt, collector, happened, received

NOON = START + 12 * HOUR
LATER = NOON + 2 * HOUR


@pytest.mark.parametrize("scrolls", [True, False])
def test_pages_follow_each_other_with_and_without_a_cursor(scrolls: bool, serve: Serve, busy_world: World) -> None:
    server = serve(LATER, Limits(bluesky_page=10, bluesky_scrolls=scrolls))
    found = attempt(collector("bluesky", server), NOON, server.now)
    assert found.status.select("status", "message").rows() == [("complete", "")]
    assert sorted(received(found)) == sorted(happened(busy_world, "bluesky", NOON, NOON + HOUR))
    refused = [parameters for _, parameters in server.requests if "cursor" in parameters]
    assert len(refused) > 3 if scrolls else len(refused) == 1


def test_an_hour_that_was_cut_short_goes_on_below_and_then_above(serve: Serve, busy_world: World) -> None:
    there = happened(busy_world, "bluesky", NOON, NOON + HOUR)
    early = serve(NOON + timedelta(minutes=40), Limits(bluesky_page=10))
    earlier: dict[tuple[str, datetime], Earlier] = {}
    ids: list[str] = []
    for server, requests in ((early, 2), (early, 1), (early, None), (serve(LATER, Limits(bluesky_page=10)), None)):
        found = attempt(collector("bluesky", server, requests=requests), NOON, server.now, earlier)
        ids += received(found)
        earlier = {("bluesky", NOON): Earlier(found.attempts["cursor"].item(), len(ids))}
        assert found.status["events"].item() == len(ids) == len(set(ids))
        status = found.status["status"].item()
        # By the server's clock, too, the hour must be over.
        assert status == ("partial" if server is early else "complete"), found.status["message"].item()
    assert set(ids) == there
    nothing = attempt(collector("bluesky", server), NOON, server.now, earlier)
    assert received(nothing) == [] and nothing.attempts["requests"].item() == 1


def test_tags_are_searched_as_tags(serve: Serve, busy_world: World) -> None:
    server = serve(LATER)
    posts = list(busy_world.events("bluesky", NOON, NOON + HOUR))
    label = next(topic.label for post in posts for topic in post.topics if topic.label.startswith("#"))
    found = attempt(collector("bluesky", server, queries=(), tags=(label[1:],)), NOON, server.now)
    wanted = {uri(post) for post in posts if any(topic.label == label for topic in post.topics)}
    assert set(received(found)) == wanted != set()
    assert server.requests[0][1] | {"q": label, "tag": label[1:]} == server.requests[0][1]


def test_a_rate_limit_says_when_it_ends(serve: Serve) -> None:
    server = serve(LATER, Limits(bluesky_requests=0))
    found = attempt(collector("bluesky", server), NOON, server.now)
    assert found.attempts["retry_at"].item() == LATER + timedelta(minutes=5)
    assert "Bluesky's rate limit is reached" in found.status["message"].item()


def test_nothing_to_search_for_is_told(serve: Serve) -> None:
    server = serve(LATER)
    found = attempt(collector("bluesky", server, queries=()), NOON, server.now)
    assert found.status.select("status", "message").row(0) == (
        "skipped",
        "neither queries nor tags to search for (bluesky.queries)",
    )


def test_what_netrc_knows_of_the_host_is_not_sent(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password sentinel-key-3\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(LATER)
    seen = []
    answer = server.answer

    def listen(path: str, parameters: dict[str, str], headers: Any) -> Any:
        seen.append(headers.get("Authorization"))
        return answer(path, parameters, headers)

    monkeypatch.setattr(type(server), "answer", lambda _, *asked: listen(*asked))
    for source in ("bluesky", "mastodon"):
        attempt(collector(source, server), NOON, server.now)
    assert seen and set(seen) == {None}


def test_a_search_that_is_refused_is_told_without_a_traceback(serve: Serve) -> None:
    server = serve(LATER, faults=Faults(1.0, ("403",)))
    with pytest.raises(CollectorError, match="signed-in users only") as refused:
        list(collector("bluesky", server).collect(NOON, NOON + HOUR))
    assert refused.value.failure == "auth" and refused.value.__cause__ is None
    assert isinstance(next(iter(collector("bluesky", serve(LATER)).collect(NOON, NOON + HOUR))), Payload)
