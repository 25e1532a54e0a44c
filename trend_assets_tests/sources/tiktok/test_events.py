"""Videos and comments of TikTok."""

from __future__ import annotations

from trend_assets.sources.tiktok.events import parse
from trend_assets_tests.sources.archive.samples import REMARK, VIDEO


def test_a_video_is_an_upload_of_its_user() -> None:
    event = parse(VIDEO)
    assert (event.source, event.event_type, event.user_id, event.hashtags) == ("tiktok", "upload", "u", ("ai",))
    assert event.content_id == "7324000000000000001" and event.context == {"country": "US", "music_id": "4"}
    assert {"likes": 1, "views": 9, "retweets": 2, "replies": 3}.items() <= event.features.items()
    assert parse({**VIDEO, "hashtag_names": None}).hashtags == ("ai",)


def test_a_comment_is_of_nobody_and_names_what_it_answers() -> None:
    event = parse(REMARK)
    assert (event.event_type, event.user_id, event.text) == ("comment", None, "nice")
    assert event.context["original_content_id"] == "7324000000000000001"
    answer = parse({**REMARK, "parent_comment_id": 10})
    assert (answer.context["original_content_id"], answer.context["conversation_id"]) == ("10", "7324000000000000001")
