"""What is X's, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.twitter.marks import found

#: Made at 2024-01-15 12:12:41 UTC, as its id says.
ID = 1746868000000000001
V1: dict[str, Any] = {
    "created_at": "Mon Jan 15 12:12:41 +0000 2024", "id": ID, "id_str": str(ID), "text": "hi #ai",
    "user": {"id": 5, "id_str": "5", "screen_name": "a"}, "entities": {"hashtags": [], "user_mentions": []},
}  # fmt: skip
V2: dict[str, Any] = {"id": str(ID), "text": "hi", "created_at": "2024-01-15T12:12:41.000Z", "author_id": "5"}
WEIBO = {
    "created_at": "Mon Jan 15 20:30:00 +0800 2024", "id": 4990000000000001, "idstr": "4990000000000001",
    "mid": "4990000000000001", "text": "x", "user": {"id": 1, "screen_name": "x"}, "retweeted_status": {"id": 1},
}  # fmt: skip
THREADS = {"id": "18050206876707110", "media_type": "TEXT_POST", "text": "x", "timestamp": "2024-01-15T12:30:00+0000"}


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key not in keys}


def kinds(value: dict[str, Any]) -> list[str] | None:
    payloads = found(value)
    return None if payloads is None else [format if isinstance(format, str) else str(format) for format, _ in payloads]


@pytest.mark.parametrize(
    "value",
    [
        V1,
        without(V1, "user", "entities"),
        without(V1, "id_str"),
        without(V1, "created_at"),
        {**without(V1, "text"), "full_text": "hi"},
        {**V1, "created_at": "2024-01-15T12:20:00Z"},
        {**V1, "id": 20, "id_str": "20", "created_at": "Tue Mar 21 20:50:14 +0000 2006"},
        {"tweet": without(V1, "user")},
    ],
)
def test_tweets_of_version_1_are_known_by_their_marks(value: dict[str, Any]) -> None:
    assert kinds(value) == ["twitter_v1"]


@pytest.mark.parametrize(
    "value",
    [
        V2,
        without(V2, "created_at"),
        without(V2, "author_id"),
        {"id": str(ID), "text": "hi", "edit_history_tweet_ids": [str(ID)]},
        {"id": "20", "text": "hi", "author_id": "12", "conversation_id": "20", "created_at": "2006-03-21T20:50:14Z"},
        {"data": V2},
        {"data": [V2], "meta": {"result_count": 1}},
        {"data": [{"id": str(ID), "text": "hi"}], "meta": {"newest_id": str(ID)}},
        {"data": {"id": str(ID), "text": "hi"}, "matching_rules": [{"id": "1"}]},
    ],
)
def test_tweets_of_version_2_are_known_by_their_marks(value: dict[str, Any]) -> None:
    assert kinds(value) == ["x_v2"]


@pytest.mark.parametrize(
    "value",
    [
        WEIBO,
        without(WEIBO, "idstr", "mid"),
        {**V1, "id": 18050206876707110, "id_str": "18050206876707110"},
        {**V1, "created_at": "Mon Jan 15 20:12:41 +0800 2024"},
        {**V1, "id": 7323456789012345678, "id_str": "7323456789012345678"},
        {"id": 1, "created_at": "2024-01-15T12:30:00+00:00", "text": "hi #ai", "user": {"id": 4}},
        {"id": str(ID), "text": "hi"},
        {"id": str(ID), "text": "hi", "created_at": "2024-01-17T12:12:41Z"},
        {**V2, "created_at": "2021-01-15T12:12:41Z"},
        {**V2, "id": "1.746868E+18"},
        THREADS,
        {"data": [THREADS], "paging": {}},
        {"data": [{"id": "17990206876707111", "text": "x"}]},
        {"data": []},
        {"statuses": [{"id": "1", "uri": "https://m.example/1"}]},
        {},
    ],
)
def test_what_lacks_them_or_disagrees_is_not_xs(value: dict[str, Any]) -> None:
    assert kinds(value) is None


def test_on_a_page_of_xs_an_id_that_disagrees_is_rejected_and_the_others_are_read() -> None:
    page = {"data": [V2, {**V2, "id": "18050206876707110"}], "meta": {"result_count": 2}}
    assert kinds(page) == ["x_v2", "an id that tells another time than created_at: not a tweet of X"]
    search = {"statuses": [V1, {**V1, "id_str": "18050206876707110"}]}
    assert kinds(search) == ["twitter_v1", "an id that tells another time than created_at: not a tweet of X"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"delete": {"status": {}}}, "a tweet was deleted"),
        ({"like": {"tweetId": "1"}}, "a like, not a post"),
        ({"data": [], "meta": {"result_count": 0}}, "a page without tweets"),
        ({"tweet": {**V1, "deleted_at": "Mon Jan 15 12:12:41 +0000 2024"}}, "its author deleted"),
    ],
)
def test_what_x_writes_beside_tweets_is_named(value: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        found(value)
