from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from trend_assets.enrichment.event_handler import EventHandler, count_copies, json_text
from trend_assets.lake.tables import EVENTS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.registry import parse as parse_payload

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
COLLECTED = datetime(2024, 6, 1, tzinfo=UTC)


def parse(format_name: str, raw_data: str) -> Event:
    """A small wire format of these tests: the event's fields as JSON."""
    fields = orjson.loads(raw_data)
    if "refuse" in fields:
        raise Rejected(fields["refuse"])
    fields["timestamp"] = datetime.fromisoformat(fields["timestamp"])
    for name in ("hashtags", "topics"):
        fields[name] = tuple(fields.get(name, ()))
    return Event(**fields)


def raw_row(content_id: str, when: datetime = NOON, event_type: str = "original", **fields) -> dict:
    payload = {"timestamp": when.isoformat(), "source": "twitter", "event_type": event_type}
    payload |= {"content_id": content_id} | fields
    return {
        "id": f"twitter:{event_type}:{content_id}",
        "hour": when.replace(minute=0, second=0, microsecond=0),
        "timestamp": when,
        "source": "twitter",
        "event_type": event_type,
        "content_id": content_id,
        "user_id": fields.get("user_id"),
        "format": "fields",
        "raw_data": json.dumps(payload),
        "origin": "test",
        "collected_at": COLLECTED,
    }


@pytest.fixture
def handler() -> EventHandler:
    return EventHandler(parse, now=lambda: COLLECTED)


def copies(count: int, when: datetime = NOON, **fields) -> list[dict]:
    text = "Buy now: a very special offer for everybody"
    return [
        raw_row(f"{when:%H}-{place}", when, user_id=f"u{place}", text=f"{text} http://t.co/{place}", **fields)
        for place in range(count)
    ]


def test_one_event(handler: EventHandler) -> None:
    row = raw_row(
        "7",
        user_id="u",
        text="$AAPL to the moon #Stocks",
        language="en",
        context={"z": 1, "a": {"c": [1]}},
        features={"followers": 5.0},
    )
    events, rejected = handler.handle(RAW_EVENTS.frame([row]))
    event = events.row(0, named=True)
    assert rejected.is_empty()
    assert (event["id"], event["hour"], event["user_id"]) == ("twitter:original:7", NOON, "u")
    assert (event["hashtags"], event["topics"]) == (["stocks"], ["#stocks", "$aapl"])
    assert event["context"] == '{"a":{"c":[1]},"z":1}'
    assert json.loads(event["features"]) == {"followers": 5.0, "spam": {}, "gen_z": {}}
    assert event["edge_weight"] == pytest.approx(1 - event["spam_score"])


def test_a_range_equals_its_hours_one_by_one(handler: EventHandler) -> None:
    rows = [row for hour in range(4) for row in copies(2 + hour, NOON + timedelta(hours=hour))]
    rows += [raw_row("x", NOON + timedelta(minutes=30), text="hi"), raw_row("bad", refuse="no time")]
    raw = RAW_EVENTS.frame(rows)
    whole, whole_rejected = handler.handle(raw.sample(fraction=1.0, shuffle=True, seed=3))
    parts = [handler.handle(part) for part in raw.partition_by("hour")]
    assert_frame_equal(whole, pl.concat([events for events, _ in parts]).sort("hour", "timestamp", "id"))
    assert_frame_equal(whole_rejected, pl.concat([rejected for _, rejected in parts]))
    assert_frame_equal(whole, whole.sort("hour", "timestamp", "id"))


def test_copies_are_counted_within_the_hour_only(handler: EventHandler) -> None:
    split = copies(2) + copies(2, NOON + timedelta(hours=1))
    together = copies(4)
    apart, _ = handler.handle(RAW_EVENTS.frame(split))
    joined, _ = handler.handle(RAW_EVENTS.frame(together))
    assert not apart["features"].str.contains("copy_paste").any()
    assert joined["features"].str.contains("copy_paste").all()
    assert joined["spam_score"].min() > apart["spam_score"].max()


def test_what_is_no_copy() -> None:
    def event(user: str | None, text: str, event_type: str = "original", topics=()) -> Event:
        return Event(NOON, "twitter", event_type, f"{user}", user, text, topics=topics)

    long_text = "exactly the same long sentence"
    assert count_copies([event(user, long_text) for user in "abc"]) == [3, 3, 3]
    assert count_copies([event(user, f"@{user} {long_text.upper()}  http://t.co/{user}") for user in "abc"]) == [3] * 3
    assert count_copies([event("a", long_text)] * 3) == [1, 1, 1]
    assert count_copies([event(user, "good morning") for user in "abc"]) == [0, 0, 0]
    assert count_copies([event(user, long_text, "retweet") for user in "abc"]) == [0, 0, 0]
    assert count_copies([event(user, long_text, topics=(long_text,)) for user in "abc"]) == [0, 0, 0]
    assert count_copies([event(None, long_text)] * 3) == [0, 0, 0]


def test_equal_ids_give_one_event_the_first_collected(handler: EventHandler) -> None:
    first, second = raw_row("1", text="first"), raw_row("1", text="second")
    second["collected_at"] += timedelta(hours=1)
    events, _ = handler.handle(RAW_EVENTS.frame([second, first]))
    assert events["text"].to_list() == ["first"]


def test_what_cannot_be_read_is_rejected_with_its_reason(handler: EventHandler) -> None:
    broken = raw_row("2") | {"raw_data": "{nonsense"}
    rows = [raw_row("1", text="fine"), broken, raw_row("3", refuse="no content id")]
    events, rejected = handler.handle(RAW_EVENTS.frame(rows))
    REJECTED_EVENTS.conform(rejected)
    assert events["content_id"].to_list() == ["1"]
    assert rejected["reason"].to_list()[1] == "no content id"
    assert rejected["reason"].to_list()[0].startswith("the fields parser failed: JSONDecodeError")
    assert rejected["raw_data"].to_list()[0] == "{nonsense"
    again = handler.handle(RAW_EVENTS.frame(rows))[1]
    assert again["id"].to_list() == rejected["id"].to_list()


def test_no_rows_give_empty_frames(handler: EventHandler) -> None:
    events, rejected = handler.handle(RAW_EVENTS.frame())
    assert_frame_equal(events, EVENTS.frame())
    assert_frame_equal(rejected, REJECTED_EVENTS.frame())


def test_odd_json_values_survive() -> None:
    assert json_text({"big": 2**80, "half": "\ud83d"}) == '{"big":1208925819614629174706176,"half":"\\ud83d"}'
    assert json_text({"b": NOON, "a": {1}}) == '{"a":[1],"b":"2024-05-01T12:00:00+00:00"}'


def test_half_a_character_cannot_stop_an_hour() -> None:
    def half(format_name: str, raw_data: str) -> Event:
        return Event(NOON, "twitter", "original", "1", text="a \ud83d b #x\ud83d", topics=("\ud83d y",))

    events, _ = EventHandler(half).handle(RAW_EVENTS.frame([raw_row("1")]))
    assert events["text"].to_list() == ["a \ufffd b #x\ufffd"]
    assert events["topics"].to_list() == [["#x", "y"]]


def test_real_tweets_keep_their_topics(shared_data: Path) -> None:
    with gzip.open(shared_data / "tweets" / "2014-01.jsonl.gz", "rt", encoding="utf-8") as lines:
        payloads = [line for line, _ in zip(lines, range(1500), strict=False)]
    rows = []
    for payload in payloads:
        event = parse_payload("twitter_v1", payload)
        rows.append(
            raw_row(event.content_id, event.timestamp, event.event_type)
            | {"user_id": event.user_id, "format": "twitter_v1", "raw_data": payload}
        )
    raw = RAW_EVENTS.frame(rows)
    events, rejected = EventHandler().handle(raw)
    assert (events.height, rejected.height) == (len(payloads), 0)
    expected = {
        tweet["id_str"]: {f"#{tag['text'].lower()}" for tag in tweet["entities"]["hashtags"]}
        | {f"${tag['text'].lower()}" for tag in tweet["entities"]["symbols"]}
        for tweet in map(orjson.loads, payloads)
        if not tweet["text"].endswith("\u2026")
    }
    found = {row["content_id"]: set(row["topics"]) for row in events.iter_rows(named=True)}
    same = sum(found[content_id] == topics for content_id, topics in expected.items())
    assert same / len(expected) > 0.995
    again, _ = EventHandler().handle(raw.reverse())
    assert_frame_equal(again, events)
