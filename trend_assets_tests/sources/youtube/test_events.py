"""Resources of YouTube's Data API v3."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.youtube.events import parse, split_response

VIDEO = {
    "kind": "youtube#video",
    "id": "vid",
    "snippet": {
        "publishedAt": "2019-12-05T19:00:10.000Z",
        "channelId": "chan",
        "channelTitle": "Ann",
        "title": "A &amp; B #Surf",
        "description": "more #waves",
        "tags": ["surfing", "sea"],
        "defaultAudioLanguage": "en",
    },
    "statistics": {"viewCount": "12", "likeCount": "3"},
    "contentDetails": {"duration": "PT1H2M3S"},
}
REPLY = {
    "kind": "youtube#comment",
    "id": "t.r",
    "snippet": {
        "textDisplay": "yes<br>&#39;no&#39; <a href='x'>there</a>",
        "parentId": "t",
        "publishedAt": "2019-12-07T00:00:00Z",
    },
}
THREAD = {
    "kind": "youtube#commentThread",
    "id": "t",
    "snippet": {
        "videoId": "vid",
        "totalReplyCount": 1,
        "topLevelComment": {
            "kind": "youtube#comment",
            "id": "t",
            "snippet": {
                "textOriginal": "nice #one",
                "authorChannelId": {"value": "u"},
                "likeCount": 4,
                "publishedAt": "2019-12-06T00:00:00Z",
            },
        },
    },
    "replies": {"comments": [REPLY]},
}


def test_video():
    event = parse(VIDEO)
    assert event.id == "youtube:upload:vid"
    assert event.timestamp == datetime(2019, 12, 5, 19, 0, 10, tzinfo=UTC)
    assert event.user_id == "chan"
    assert event.text == "A &amp; B #Surf\nmore #waves"
    assert event.hashtags == ("Surf", "waves")
    assert event.context["tags"] == ["surfing", "sea"]
    assert event.features["views"] == 12
    assert event.features["duration_seconds"] == 3723
    assert "comments" not in event.features


def test_search_result_is_unescaped():
    found = {**VIDEO, "kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": "vid"}}
    event = parse(found)
    assert event.id == "youtube:upload:vid"
    assert event.text.startswith("A & B")


@pytest.mark.parametrize(("kind", "name"), [("youtube#channel", "a channel"), ("youtube#playlist", "a playlist")])
def test_search_result_that_is_no_video(kind, name):
    with pytest.raises(Rejected, match=f"{name} found by a search"):
        parse({**VIDEO, "kind": "youtube#searchResult", "id": {"kind": kind, "channelId": "x"}})


def test_thread_and_its_replies():
    top, reply = map(parse, split_response({"items": [THREAD]}))
    assert (top.id, top.user_id, top.text) == ("youtube:comment:t", "u", "nice #one")
    assert top.context["original_content_id"] == "vid"
    assert (top.features["likes"], top.features["replies"]) == (4, 1)
    assert top.hashtags == ("one",)
    assert reply.id == "youtube:comment:t.r"
    assert reply.text == "yes\n'no' there"
    assert reply.context == {"original_content_id": "vid", "parent_id": "t"}
    assert reply.user_id is None


def test_reply_without_its_video_answers_its_parent():
    assert parse(REPLY).context["original_content_id"] == "t"


def test_replies_are_not_kept_twice():
    top, _ = split_response({"items": [THREAD]})
    assert "replies" not in top


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"kind": "youtube#videoCategory", "id": "1", "snippet": {"title": "x"}}, "a video category"),
        ({"kind": "youtube#new"}, "youtube#new"),
        ({}, "neither a video nor a comment"),
        ({"kind": "youtube#video", "id": "x"}, "part=snippet"),
        ({"kind": "youtube#video", "snippet": {"title": "x"}}, "no video id"),
        ({"kind": "youtube#comment", "snippet": {"title": "x"}}, "no comment id"),
        ({"kind": "youtube#commentThread", "id": "t", "snippet": {"videoId": "v"}}, "top-level"),
        ({"kind": "youtube#searchResult", "id": None}, "found by a search"),
        ({**VIDEO, "snippet": {**VIDEO["snippet"], "publishedAt": "0001-01-01T00:00:00Z"}}, "out of range"),
        ({**VIDEO, "snippet": {**VIDEO["snippet"], "publishedAt": None}}, "no timestamp"),
    ],
)
def test_rejects(payload, reason):
    with pytest.raises(Rejected, match=reason):
        parse(payload)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (
            {"error": {"code": 403, "message": "no", "errors": [{"reason": "quotaExceeded"}]}},
            "403 no quotaExceeded",
        ),
        ({"kind": "youtube#videoListResponse", "items": []}, "without items"),
        ({"items": None}, "without items"),
    ],
)
def test_rejects_answers(response, reason):
    with pytest.raises(Rejected, match=reason):
        list(split_response(response))


@pytest.mark.parametrize(("said", "seconds"), [("PT4M13S", 253), ("P1DT1S", 86401), ("P0D", 0)])
def test_durations(said, seconds):
    assert parse({**VIDEO, "contentDetails": {"duration": said}}).features["duration_seconds"] == seconds


@pytest.mark.parametrize("said", ["", "P", "4:13", None, 5, "PT" + "9" * 100 + "S"])
def test_durations_that_are_none(said):
    assert "duration_seconds" not in parse({**VIDEO, "contentDetails": {"duration": said}}).features


@pytest.mark.parametrize("markup", ["<![", "<![foo[x]]>", "<!", "&#xFFFFFFFF;", "<a <b", "a < b"])
def test_odd_markup_is_still_a_comment(markup):
    snippet = {**REPLY["snippet"], "textDisplay": markup}
    assert parse({**REPLY, "snippet": snippet}).content_id == "t.r"
