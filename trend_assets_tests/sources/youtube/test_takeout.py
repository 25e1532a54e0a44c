"""What Google Takeout holds of an account on YouTube."""

from __future__ import annotations

from trend_assets.sources.youtube.takeout import parse
from trend_assets_tests.sources.archive.samples import ROWS, SEARCHED, WATCHED


def test_what_was_watched_is_an_event_of_nobody_that_names_the_video() -> None:
    event = parse(WATCHED)
    assert (event.source, event.event_type, event.user_id) == ("youtube", "watch", None)
    assert (event.text, event.hashtags) == ("A video #ai", ("ai",))
    assert event.context == {
        "original_content_id": "abc", "username": "C", "channel_id": "UC1", "product": "YouTube",
    }  # fmt: skip
    again = parse({**WATCHED, "time": "2024-01-16T12:30:00Z"})
    assert again.id != event.id


def test_what_was_searched_for_is_a_topic() -> None:
    event = parse(SEARCHED)
    assert (event.event_type, event.text, event.topics) == ("search", "cats and dogs", ("cats and dogs",))


def test_a_comments_parts_are_joined() -> None:
    _, row, _ = ROWS["comments"]
    event = parse(row)
    assert (event.event_type, event.user_id, event.text, event.hashtags) == ("comment", "UC1", "so #ai", ("ai",))
    assert event.context["original_content_id"] == "v"
    assert parse({**row, "Comment Text": "{not json"}).text == "{not json"
