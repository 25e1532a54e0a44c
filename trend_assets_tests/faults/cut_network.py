"""The network to each source is cut: nobody listens, or the line goes dead in the middle of an answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson

from trend_assets.simulator.faults import Faults
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.timeline import Comment, Post
from trend_assets.simulator.world import Volume, World
from trend_assets_tests.benchmarks.live import happened
from trend_assets_tests.faults.deployment import Deployment, Said
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import broken_in
from trend_assets_tests.sources.test_collectors import content_id

_HOUR = timedelta(hours=1)
_SOURCES = ("twitter", "youtube", "google_trends", "bluesky", "mastodon")
_ADVICE = ("cannot be reached", "the answer broke off", "network")


def _settings(source: str, url: str, countries: list[str]) -> tuple[tuple[str, str], ...]:
    """Of one source alone, wide enough that all that the server has is asked for."""
    name = f"TREND_{source.upper()}__"
    address = {"INSTANCES": orjson.dumps([url]).decode()} if source == "mastodon" else {"BASE_URL": url}
    more = {
        "twitter": {"BEARER_TOKEN": "dummy", "QUERIES": '[{"text": "lang:en OR -lang:en"}]',
                    "MONTHLY_POSTS": "100000000"},
        "youtube": {"API_KEY": "dummy", "QUERIES": '[""]', "REGIONS": "[]", "SEARCH_PAGES": "10",
                    "DAILY_UNITS": "100000000"},
        "google_trends": {"REGIONS": orjson.dumps(countries).decode()},
        "bluesky": {"QUERIES": '["*"]'},
        "mastodon": {"TRENDS": "false"},
    }  # fmt: skip
    values = {"ENABLED": "true", **address, **more.get(source, {})}
    return tuple((f"{name}{key}", value) for key, value in values.items())


def _happen(ground: Ground) -> Seen:
    """Collects an hour of each source through the cuts, and once more behind them."""
    seen = Seen()
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    world = World(3, now - 30 * _HOUR, events_per_day=600, volume=Volume(videos=0.035))
    hour = now - 3 * _HOUR
    countries = sorted({event.country for event in world.events("google_trends", hour, now)})  # type: ignore[union-attr]
    for source in _SOURCES:
        faults = Faults(1.0, ("cut",), seed=ground.chance.randrange(1000))
        with MockServer(world, faults=faults) as server:
            sound = replace(ground.deployment(source), settings=_settings(source, server.url, countries))
            nowhere = replace(sound, settings=_settings(source, "http://127.0.0.1:9", countries))
            for deployment in (nowhere, sound):
                said = _collect(deployment, source, hour)
                seen.times += 1
                told = any(word in said.out for word in _ADVICE)
                seen.expect(said.status == 1 and told, f"{source}: {said.status} {said.out[-400:]} {said.err[-200:]}")
            seen.message = next((line for line in said.out.splitlines() if "cannot be" in line), said.out[-200:])
            faults.rate = 0.0
            said = _collect(sound, source, hour)
            seen.expect(said.status == 0, f"{source} is not collected behind it: {said.out[-300:]} {said.err[-300:]}")
            seen.broken += [*broken_in(sound, ground.base), *_missing(sound, world, source, hour)]
    seen.told = "each hour failed with its reason, and was complete once the line was back"
    return seen


def _collect(deployment: Deployment, source: str, hour: datetime) -> Said:
    return deployment.trend("collect", "--source", source, "--hour", f"{hour:%Y-%m-%dT%H:%M}", "--no-embeddings")


def _missing(deployment: Deployment, world: World, source: str, hour: datetime) -> list[str]:
    if source in ("bluesky", "mastodon"):
        posts = world.events(source, hour, hour + _HOUR)  # type: ignore[arg-type]
        wanted = Counter(content_id(post, source) for post in posts if isinstance(post, Post))
    else:
        wanted = happened(world, source, hour, hour + _HOUR)
        # The videos of earlier hours are not known, for those hours were not collected.
        began = hour.timestamp() * 1000
        comments = (one for one in world.events("youtube", hour, hour + _HOUR) if isinstance(one, Comment))
        wanted -= Counter(one.id for one in comments if one.video.milliseconds < began)
    with deployment.lake() as lake:
        query = "SELECT content_id FROM raw_events WHERE source = ? AND hour = ?"
        have = Counter(lake.read(query, [source, hour])["content_id"])
    lost, doubled = wanted.keys() - have.keys(), [key for key, count in have.items() if count > 1]
    return [f"{source}: {len(lost)} of {len(wanted)} lost, {len(doubled)} doubled"] if lost or doubled else []


FAULTS = (Fault("cut_network", "the network to each source is refused, or cut in an answer", _happen),)
