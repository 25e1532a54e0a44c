"""Google Trends: payloads, and the recorded answers that they are cut from."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from trend_assets.sources.event import Rejected
from trend_assets.sources.google_trends.events import (
    decode,
    parse,
    searches,
    split_interest_over_time,
    split_related_queries,
)

SEEN_AT = datetime(2023, 3, 26, 8, 9, tzinfo=UTC)
TREND = {"term": " Pizza  Hut ", "timestamp": "2023-03-26T08:09:00+00:00", "geo": "US", "traffic": "200K+"}


def bodies(folder: Path, name: str, part: str) -> Iterator[str]:
    """Recorded bodies whose address holds `part`."""
    recorded = yaml.safe_load((folder / "recorded" / "google_trends" / name).read_text())
    for interaction in recorded["interactions"]:
        body = interaction["response"]["body"]["string"]
        if part in interaction["request"]["uri"]:
            yield gzip.decompress(body).decode() if isinstance(body, bytes) else body


def test_trend():
    event = parse(TREND)
    assert event.id == "google_trends:trend:US:pizza hut:2023-03-26T08"
    assert (event.text, event.topics, event.user_id) == ("Pizza Hut", ("Pizza Hut",), None)
    assert event.features == {"traffic": 200_000}
    assert event.context["geo"] == "US"


def test_interest():
    event = parse({"term": "pizza", "timestamp": 1609459200, "value": 100})
    assert event.id == "google_trends:interest:world:pizza:2021-01-01T00"
    assert event.features == {"value": 100}


def test_the_same_hour_is_the_same_event():
    later = {**TREND, "timestamp": "2023-03-26T08:59:00Z", "term": "PIZZA HUT"}
    assert parse(later).id == parse(TREND).id


@pytest.mark.parametrize(
    "changes",
    [
        {"term": " "},
        {"term": None},
        {"timestamp": None},
        {"timestamp": "2023-03-26T08:09:00"},
        {"value": "much"},
    ],
)
def test_rejects(changes):
    with pytest.raises(Rejected):
        parse({**TREND, **changes})


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("200K+", 200_000),
        ("1M+", 1_000_000),
        ("2,000+", 2_000),
        (5, 5),
        ("many", None),
        (None, None),
        ("...", None),
    ],
)
def test_searches(said, count):
    assert searches(said) == count


def test_recorded_interest_over_time(shared_data: Path):
    (body,) = bodies(shared_data, "test_interest_over_time_ok.yaml", "multiline")
    events = [parse(p) for p in split_interest_over_time(decode(body), ["pizza", "bagel"])]
    assert len({event.id for event in events}) == 10
    values = [event.features["value"] for event in events if event.topics == ("pizza",)]
    assert values == [100, 83, 78, 49, 50]
    assert events[0].timestamp == datetime(2021, 1, 1, tzinfo=UTC)


def test_points_that_are_growing_or_empty_are_left_out():
    points = [
        {"time": "1609459200", "value": [1, 2], "hasData": [True, False]},
        {"time": "1609545600", "value": [3, 4], "isPartial": True},
        {"time": "1609632000", "value": None},
    ]
    found = list(split_interest_over_time({"default": {"timelineData": points}}, ["a", "b"], "DE"))
    assert found == [{"term": "a", "timestamp": 1609459200, "geo": "DE", "value": 1}]


def test_recorded_related_queries(shared_data: Path):
    body, _ = bodies(shared_data, "test_related_queries_result_top.yaml", "relatedsearches")
    events = [parse(p) for p in split_related_queries(decode(body), "pizza", SEEN_AT)]
    assert events
    assert all(event.context["related"] == ["pizza"] for event in events)


def test_recorded_error_page_is_no_answer(shared_data: Path):
    (page,) = bodies(shared_data, "test_initial_data.yaml", "explore")
    with pytest.raises(Rejected, match="not an answer of Google Trends"):
        decode(page)


@pytest.mark.parametrize("split", [
    lambda: split_interest_over_time({}, ["a"]),
    lambda: split_related_queries({}, "a", SEEN_AT),
])  # fmt: skip
def test_other_answers(split):
    with pytest.raises(Rejected):
        list(split())
