"""Stories and comments of Hacker News."""

from __future__ import annotations

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.hacker_news.events import found, parse
from trend_assets_tests.sources.archive.samples import HIT, ITEM, ROWS


def test_a_story_of_the_search_is_an_event() -> None:
    event = parse(HIT)
    assert (event.source, event.event_type, event.content_id, event.user_id) == ("hacker_news", "original", "1", "a")
    assert (event.text, event.context) == ('Show HN: "x"', {"urls": ["https://x.example"]})
    assert {"likes": 5, "replies": 2}.items() <= event.features.items()


def test_a_comment_is_text_without_markup_and_names_what_it_answers() -> None:
    event = parse(ITEM)
    assert (event.event_type, event.user_id, event.text) == ("comment", "b", "I'm sure\nreally")
    assert event.context == {"original_content_id": "1"}
    hit = {"objectID": "3", "created_at_i": 1705321800, "author": "c", "comment_text": "no", "parent_id": 2,
           "story_id": 1, "story_title": "T", "title": None}  # fmt: skip
    event = parse(hit)
    assert event.context == {"original_content_id": "2", "conversation_id": "1", "title": "T"}


def test_a_row_of_bigquery_without_a_type_is_a_comment_where_it_answers() -> None:
    _, row, _ = ROWS["bigquery"]
    assert parse({**row, "type": None}).event_type == "comment"
    assert parse({**row, "type": None, "parent": None, "title": "T"}).event_type == "original"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "no id"),
        ({"id": 1, "type": "pollopt", "time": 1}, "an option of a poll"),
        ({"id": 1, "type": "story", "time": 1705321800, "deleted": True}, "deleted"),
        ({"id": 1, "type": "story", "title": "x"}, "no time"),
        ({"id": 1, "type": "user", "time": 1}, "an item of type 'user'"),
    ],
)
def test_what_is_neither_is_rejected(payload: dict[str, object], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse(payload)


def test_objects_where_words_are_expected_are_no_error() -> None:
    assert parse({**HIT, "_tags": [{}, "story"], "type": {}}).event_type == "original"
    assert found({**ITEM, "type": {}}) is None
