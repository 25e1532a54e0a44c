"""What the world sends is what the platforms send: names, types, ids, offsets, counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from trend_assets.simulator.collector import SimulatedCollector
from trend_assets.simulator.identifiers import SNOWFLAKE_EPOCH, snowflake
from trend_assets.simulator.twitter import tweet_page
from trend_assets.simulator.world import World
from trend_assets.simulator.youtube import video_resource
from trend_assets.sources import registry
from trend_assets.sources.event import EVENT_TYPES, Payload

DAYS = 5
Shape = set[tuple[str, str]]

#: Not in the recorded answers, which hold no cashtag: X's data dictionary, "entities.cashtags".
DOCUMENTED_BY_X: Shape = {
    ("entities.cashtags[].start", "int"),
    ("entities.cashtags[].end", "int"),
    ("entities.cashtags[].tag", "str"),
}


@pytest.fixture(scope="module")
def payloads(world: World, start: datetime) -> dict[str, list[Payload]]:
    end = start + timedelta(days=DAYS)
    return {
        source: list(SimulatedCollector(source, world).collect(start, end))
        for source in ("twitter", "youtube", "google_trends")
    }


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf's path and type."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from shape(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from shape(inner, f"{path}[]")
    else:
        yield path, type(value).__name__


def json_values(text: str) -> Iterator[Any]:
    """The JSON values that follow each other in a text; what cannot be read is passed over."""
    decoder = json.JSONDecoder()
    for line in text.splitlines():
        position = 0
        while position < len(line):
            try:
                value, position = decoder.raw_decode(line, position)
            except json.JSONDecodeError:
                break
            yield value


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_payload_is_the_event_that_happened(
    payloads: dict[str, list[Payload]], world: World, start: datetime
) -> None:
    for source, found in payloads.items():
        happened = list(world.events(source, start, start + timedelta(days=DAYS)))
        assert len(found) == len(happened) > 100
        assert {payload.event.event_type for payload in found} <= set(EVENT_TYPES[source])
        assert len({payload.event.id for payload in found}) == len(found)
        for payload, occurrence in zip(found, happened, strict=True):
            assert payload.event == registry.parse(payload.format, payload.raw_data)
            assert payload.event.source == source
            assert payload.event.timestamp == datetime.fromtimestamp(occurrence.milliseconds // 1000, UTC)
    kinds = Counter(payload.event.event_type for payload in payloads["twitter"])
    assert set(kinds) == {"original", "retweet", "reply", "quote"}
    assert {payload.event.event_type for payload in payloads["youtube"]} == {"upload", "comment"}


def test_parsers_find_the_topics_that_the_world_meant(
    payloads: dict[str, list[Payload]], world: World, start: datetime
) -> None:
    posts = world.events("twitter", start, start + timedelta(days=DAYS))
    for payload, post in zip(payloads["twitter"], posts, strict=True):
        found = {f"#{tag}" for tag in payload.event.hashtags} | set(payload.event.topics)
        assert found == {topic.label for topic in post.topics}
    assert all(payload.event.topics for payload in payloads["google_trends"])


def test_x_fields_exist_in_recorded_answers(payloads: dict[str, list[Payload]], shared_data: Path) -> None:
    tweets: Shape = set(DOCUMENTED_BY_X)
    users: Shape = set()
    for file in sorted((shared_data / "recorded" / "x").glob("*.jsonl")):
        for page in json_values(file.read_text()):
            if not isinstance(page, dict):
                continue
            included = page.get("includes", {})
            for tweet in [*as_list(page.get("data", page)), *included.get("tweets", [])]:
                tweets.update(shape(tweet))
            for user in included.get("users", []):
                users.update(shape(user))
    assert len(tweets) > 40 and len(users) > 12
    sent = [orjson.loads(payload.raw_data) for payload in payloads["twitter"]]
    assert _shapes(page["data"] for page in sent) - tweets == set()
    assert _shapes(tweet for page in sent for tweet in page["includes"].get("tweets", [])) - tweets == set()
    assert _shapes(user for page in sent for user in page["includes"]["users"]) - users == set()
    assert all(set(page) == {"data", "includes"} for page in sent)


def test_comment_fields_exist_in_recorded_answers(payloads: dict[str, list[Payload]], shared_data: Path) -> None:
    recorded: Shape = set()
    for file in sorted((shared_data / "recorded" / "youtube").glob("comment_threads*.json")):
        recorded.update(_shapes(json.loads(file.read_text())["items"]))
    assert recorded and _shapes(_resources(payloads, "youtube#commentThread")) - recorded == set()


def test_video_snippets_exist_in_recorded_answers(payloads: dict[str, list[Payload]], shared_data: Path) -> None:
    recorded: Shape = set()
    for file in sorted((shared_data / "recorded" / "youtube").glob("videos_*.json")):
        recorded.update(_shapes(json.loads(file.read_text())["items"]))
    sent = _shapes(_resources(payloads, "youtube#video"))
    unknown = {leaf for leaf in sent - recorded if not leaf[0].startswith(("statistics.", "contentDetails."))}
    assert recorded and unknown == set()


@pytest.mark.parametrize(("kind", "schema"), [("youtube#video", "Video"), ("youtube#commentThread", "CommentThread")])
def test_youtube_resources_follow_the_discovery_document(
    payloads: dict[str, list[Payload]], kind: str, schema: str
) -> None:
    discovery_cache = pytest.importorskip("googleapiclient.discovery_cache", reason="no discovery document")
    document = Path(discovery_cache.__file__).parent / "documents" / "youtube.v3.json"
    schemas = json.loads(document.read_text())["schemas"]
    resources = list(_resources(payloads, kind))
    assert len(resources) > 30
    for resource in resources:
        _follow(schemas, {"$ref": schema}, resource, kind)


def test_tweet_ids_tell_the_time_and_offsets_point_at_the_words(payloads: dict[str, list[Payload]]) -> None:
    signs = {
        "hashtags": ("#", "tag"),
        "cashtags": ("$", "tag"),
        "mentions": ("@", "username"),
        "urls": ("", "url"),
    }
    pointed: Counter[str] = Counter()
    for payload in payloads["twitter"]:
        page = orjson.loads(payload.raw_data)
        for tweet in [page["data"], *page["includes"].get("tweets", [])]:
            made = ((int(tweet["id"]) >> 22) + SNOWFLAKE_EPOCH) // 1000
            assert datetime.fromtimestamp(made, UTC) == datetime.fromisoformat(tweet["created_at"])
            for kind, entities in tweet.get("entities", {}).items():
                sign, name = signs[kind]
                for entity in entities:
                    assert tweet["text"][entity["start"] : entity["end"]] == sign + entity[name]
                    pointed[kind] += 1
    assert set(pointed) == set(signs)


def test_references_are_included(payloads: dict[str, list[Payload]]) -> None:
    kinds: Counter[str] = Counter()
    for payload in payloads["twitter"]:
        page = orjson.loads(payload.raw_data)
        data, includes = page["data"], page["includes"]
        users = {user["id"]: user for user in includes["users"]}
        assert data["author_id"] in users
        assert datetime.fromisoformat(users[data["author_id"]]["created_at"]) < payload.event.timestamp
        for reference in data.get("referenced_tweets", []):
            kinds[reference["type"]] += 1
            (tweet,) = (tweet for tweet in includes["tweets"] if tweet["id"] == reference["id"])
            assert tweet["author_id"] in users and tweet["created_at"] <= data["created_at"]
            if reference["type"] == "replied_to":
                assert data["in_reply_to_user_id"] == tweet["author_id"]
                assert data["conversation_id"] == tweet["conversation_id"]
            if reference["type"] == "retweeted":
                assert data["text"].startswith(f"RT @{users[tweet['author_id']]['username']}: ")
                assert len(data["text"]) <= 140
    assert set(kinds) == {"replied_to", "retweeted", "quoted"}


def test_counts_are_those_of_the_hour_and_never_of_later(world: World, start: datetime) -> None:
    end = start + timedelta(days=DAYS)
    posts = list(world.events("twitter", start, end))
    retweets = Counter(post.parent.id for post in posts if post.kind == "retweet" and post.parent is not None)
    popular = next(post for post in posts if retweets[post.id] >= 5)
    hour = (popular.milliseconds // 3_600_000 + 1) * 3_600_000
    by_then = sum(post.parent is popular and post.kind == "retweet" and post.milliseconds < hour for post in posts)
    at_first = tweet_page(popular, hour)["data"]["public_metrics"]
    at_last = tweet_page(popular, int(end.timestamp() * 1000))["data"]["public_metrics"]
    assert at_first["retweet_count"] == by_then < at_last["retweet_count"] == retweets[popular.id]
    assert at_first["like_count"] <= at_last["like_count"]

    video = next(v for v in world.events("youtube", start, end) if hasattr(v, "comments") and len(v.comments) > 2)
    fresh, old = (video_resource(video, at)["statistics"] for at in (video.milliseconds, video.milliseconds + 10**9))
    assert fresh["commentCount"] == "0" and int(old["commentCount"]) == len(video.comments)
    assert int(fresh["viewCount"]) < int(old["viewCount"])


def test_snowflakes_rise_with_time_and_differ_within_a_millisecond() -> None:
    now = SNOWFLAKE_EPOCH + 10**9
    assert int(snowflake(now, 5)) < int(snowflake(now, 6)) < int(snowflake(now + 1, 0))
    assert snowflake(SNOWFLAKE_EPOCH - 1, 5) == "10005"


def _shapes(values: Iterable[Any]) -> Shape:
    return {leaf for value in values for leaf in shape(value)}


def _resources(payloads: dict[str, list[Payload]], kind: str) -> Iterator[dict[str, Any]]:
    for payload in payloads["youtube"]:
        resource = orjson.loads(payload.raw_data)
        if resource["kind"] == kind:
            yield resource


def _follow(schemas: dict[str, Any], schema: dict[str, Any], value: Any, path: str) -> None:
    """Fail where ``value`` has a property that the schema lacks, or one of another type."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    kind = schema.get("type", "any")
    assert kind == "any" or isinstance(value, kinds[kind]), f"{path}: {value!r} is not of type {kind}"
    if isinstance(value, dict):
        for name, inner in value.items():
            assert name in schema["properties"], f"{path}.{name} is not in the discovery document"
            _follow(schemas, schema["properties"][name], inner, f"{path}.{name}")
    if isinstance(value, list):
        for inner in value:
            _follow(schemas, schema["items"], inner, f"{path}[]")
    if "enum" in schema:
        assert value in schema["enum"], f"{path}: {value!r} is not one of {schema['enum']}"
