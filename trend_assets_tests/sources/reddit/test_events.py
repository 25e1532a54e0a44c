"""Submissions and comments of Reddit."""

from __future__ import annotations

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.reddit.events import found, parse
from trend_assets_tests.sources.archive.samples import ANSWER, COMMENT, SUBMISSION


def test_a_submission_is_an_event_of_its_author_in_its_community() -> None:
    event = parse(SUBMISSION)
    assert (event.source, event.event_type, event.content_id, event.user_id) == ("reddit", "original", "t3_abc", "u")
    assert (event.text, event.hashtags) == ("A & B #ai\nbody", ("ai",))
    assert event.context == {"community": "ai"}
    assert {"likes": 2, "replies": 1}.items() <= event.features.items()
    assert parse(SUBMISSION["data"]) == event


def test_a_comment_names_what_it_answers_and_the_submission() -> None:
    event = parse(COMMENT)
    assert (event.event_type, event.content_id, event.text) == ("comment", "t1_d1", "yes > no")
    assert event.context == {"original_content_id": "t3_abc", "conversation_id": "t3_abc", "community": "ai"}
    below = parse(ANSWER)
    assert below.context["original_content_id"] == "t1_d1"


def test_who_or_what_was_deleted_is_nobody_and_no_text() -> None:
    event = parse(ANSWER)
    assert (event.user_id, event.text) == (None, "")


def test_a_crosspost_repeats_another_and_a_link_is_kept() -> None:
    event = parse(
        {**SUBMISSION["data"], "crosspost_parent": "t3_old", "is_self": False, "url": "https://x.example?a&amp;b"}
    )
    assert (event.event_type, event.context["original_content_id"]) == ("retweet", "t3_old")
    assert event.context["urls"] == ["https://x.example?a&b"]


def test_html_alone_is_made_text() -> None:
    data = {key: value for key, value in COMMENT["data"].items() if key != "body"}
    assert parse({"kind": "t1", "data": {**data, "body_html": "&lt;p&gt;a &amp;amp; b&lt;/p&gt;"}}).text == "a & b"


def test_pushshifts_parents_in_base_ten_are_not_taken_for_ids() -> None:
    event = parse({**COMMENT["data"], "parent_id": 34567890123})
    assert event.context["original_content_id"] == "t3_abc"


def test_a_deep_thread_is_read_to_its_end() -> None:
    thread = COMMENT
    for number in range(3_000):
        listing = {"kind": "Listing", "data": {"children": [thread]}}
        thread = {"kind": "t1", "data": {**COMMENT["data"], "id": f"n{number}", "replies": listing}}
    payloads = found(thread)
    assert payloads is not None and len(list(payloads)) == 3_003


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"kind": "t2", "data": {"id": "x"}}, "an account"),
        ({"kind": "t3", "data": {"title": "x"}}, "no id"),
        ({"kind": "t3", "data": {"id": "x", "created_utc": None}}, "no timestamp"),
        ({}, "neither a submission nor a comment"),
    ],
)
def test_what_is_neither_is_rejected(payload: dict[str, object], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse(payload)
