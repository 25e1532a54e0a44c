"""Rows of 4CAT and items of Zeeschuimer."""

from __future__ import annotations

from typing import Any

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.fourcat import tables, zeeschuimer
from trend_assets.sources.wire import notes
from trend_assets_tests.sources.archive.samples import (
    CAPTURED,
    FOURCAT_ROW,
    LOADED,
    PERSON,
    STATUS,
    TWEET,
    TWEET_ID,
    UNIX,
    captured,
)

ROW = {"id": "5", "thread_id": "5", "author": "n", "body": "<p>hi #ai</p>", "timestamp": "2024-01-15 12:30:00"}


def test_a_message_of_telegram_counts_within_its_chat() -> None:
    event = tables.parse(tables.payloads({**FOURCAT_ROW, "author_forwarded_from_name": " "})[0])
    assert (event.source, event.content_id, event.user_id) == ("telegram", "chan/5", "user9")
    assert event.timestamp.timestamp() == UNIX and event.features["views"] == 7
    answer = tables.parse({**FOURCAT_ROW})
    assert (answer.event_type, answer.context["original_content_id"]) == ("reply", "chan/4")


@pytest.mark.parametrize(
    ("more", "source", "event_type", "content_id"),
    [
        ({"tiktok_url": "https://tiktok.com/@n/video/5"}, "tiktok", "upload", "5"),
        ({"url": "https://www.instagram.com/p/5"}, "instagram", "original", "5"),
        ({"link": "https://x.com/n/status/5", "is_retweet": "yes"}, "twitter", "retweet", "5"),
        ({"link": "https://x.com/n/status/5", "is_quote_tweet": "yes"}, "twitter", "quote", "5"),
        ({"image_md5": "x", "thread_id": "4", "board": "pol"}, "4chan", "reply", "pol/5"),
        ({"subreddit": "ai", "thread_id": "4"}, "reddit", "comment", "5"),
        ({"url": "https://forum.example/5"}, "archive", "original", "5/5"),
    ],
)
def test_the_platform_is_told_by_columns_and_addresses(
    more: dict[str, Any], source: str, event_type: str, content_id: str
) -> None:
    event = tables.parse({**ROW, **more})
    assert (event.source, event.event_type, event.content_id) == (source, event_type, content_id)


def test_html_is_made_text_and_a_time_without_a_zone_is_noted() -> None:
    event = tables.parse({**ROW, "hashtags": "ai,climate", "url": "http://["})
    assert (event.text, event.hashtags) == ("hi #ai", ("ai", "climate"))
    assert event.notes == (notes.NO_ZONE,)
    assert tables.parse({**ROW, "timestamp": str(UNIX)}).notes == ()


def test_whoever_is_anonymous_is_nobody() -> None:
    assert tables.parse({**ROW, "author": "Anonymous", "image_md5": "x"}).user_id is None
    assert tables.parse({**ROW, "author": "[deleted]", "subreddit": "ai"}).user_id is None


def test_a_video_that_was_captured() -> None:
    event = zeeschuimer.parse(CAPTURED)
    assert (event.source, event.event_type, event.user_id, event.hashtags) == ("tiktok", "upload", "u", ("ai",))
    assert {"likes": 1, "views": 9}.items() <= event.features.items()
    remark = captured("tiktok.com", {"cid": "c", "text": "x", "create_time": UNIX, "aweme_id": "v", "reply_id": "0"})
    assert zeeschuimer.parse(remark).context["original_content_id"] == "v"


def test_a_tweet_that_was_captured_is_read_as_one() -> None:
    event = zeeschuimer.parse(captured("twitter.com", LOADED))
    assert (event.source, event.event_type, event.content_id, event.user_id) == ("twitter", "original", TWEET_ID, "5")
    assert (event.text, event.features["followers"]) == ("hi #ai", 3)
    original = {"tweet": {**LOADED, "rest_id": "1746872353000000000", "core": {"user_results": PERSON}}}
    repeated = {
        **LOADED,
        "legacy": {**TWEET, "full_text": "RT @a: hi", "retweeted_status_result": {"result": original}},
    }
    event = zeeschuimer.parse(captured("x.com", repeated))
    assert (event.event_type, event.context["original_content_id"]) == ("retweet", "1746872353000000000")
    assert event.context["original_user_id"] == "5"
    long = {**LOADED, "note_tweet": {"note_tweet_results": {"result": {"text": "very long #note"}}}}
    assert zeeschuimer.parse(captured("x.com", long)).text == "very long #note"


def test_posts_in_mastodons_form_are_of_their_own_network() -> None:
    event = zeeschuimer.parse(captured("truthsocial.com", STATUS))
    assert (event.source, event.text, event.hashtags) == ("truth_social", "hi #ai", ("ai",))


def test_what_is_not_read_says_what_helps() -> None:
    with pytest.raises(Rejected, match=r"an item of 'linkedin\.com'.*let 4CAT export it as CSV"):
        zeeschuimer.parse(captured("linkedin.com", {}))
