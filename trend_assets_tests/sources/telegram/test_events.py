"""Messages of Telegram, exported by its application and read from its API."""

from __future__ import annotations

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.telegram import api, desktop
from trend_assets.sources.wire import notes
from trend_assets_tests.sources.archive.samples import CHAT, MESSAGE, TELETHON

ROOM = {"id": 1, "name": "chan", "type": "public_channel"}


def message(**changes: object) -> dict[str, object]:
    return {"chat": ROOM, "message": {**MESSAGE, **changes}}


def test_a_message_is_an_event_within_its_chat() -> None:
    event = desktop.parse(message())
    assert (event.source, event.event_type, event.content_id, event.user_id) == ("telegram", "reply", "1/2", "channel1")
    assert (event.text, event.hashtags) == ("look #ai!", ("ai",))
    assert event.context["original_content_id"] == "1/1" and event.context["community"] == "chan"
    assert event.features["reactions"] == 3 and event.notes == ()


def test_the_same_number_in_two_chats_is_two_messages() -> None:
    other = {**CHAT, "id": 2}
    ids = [desktop.parse({"chat": {"id": chat["id"]}, "message": MESSAGE}).id for chat in (CHAT, other)]
    assert len(set(ids)) == 2


def test_what_is_forwarded_and_what_answers_another_chat() -> None:
    forwarded = desktop.parse(message(forwarded_from="Other", forwarded_from_id="channel7"))
    assert (forwarded.event_type, forwarded.context["original_user_id"]) == ("retweet", "channel7")
    elsewhere = desktop.parse(message(reply_to_peer_id="channel7"))
    assert elsewhere.context["original_content_id"] == "7/1"
    assert desktop.parse(message(reply_to_message_id=None)).event_type == "original"


def test_parts_of_a_text_tell_links_mentions_and_cashtags() -> None:
    parts = [
        {"type": "cashtag", "text": "$AAPL"}, {"type": "hashtag", "text": "#a@chan"},
        {"type": "mention", "text": "@bob"}, {"type": "text_link", "text": "here", "href": "https://x.example"}, " #no",
    ]  # fmt: skip
    event = desktop.parse(message(text=parts))
    assert (event.hashtags, event.topics) == (("a",), ("$AAPL",))
    assert event.context["mentions"] == ["bob"] and event.context["urls"] == ["https://x.example"]
    whole = desktop.parse(message(text="look #ai", text_entities=[]))
    assert (whole.text, whole.hashtags) == ("look #ai", ("ai",))


def test_the_question_of_a_poll_is_its_text() -> None:
    assert desktop.parse(message(text="", text_entities=[], poll={"question": "Which?"})).text == "Which?"


def test_a_time_without_a_zone_is_read_as_utc_and_noted() -> None:
    event = desktop.parse(message(date_unixtime=None))
    assert event.timestamp.isoformat() == "2024-01-15T13:30:00+00:00"
    assert event.notes == (notes.NO_ZONE,)


def test_a_message_of_the_api_is_an_event_within_its_channel() -> None:
    event = api.parse(TELETHON)
    assert (event.event_type, event.content_id, event.user_id, event.hashtags) == ("retweet", "1/7", "user9", ("ai",))
    assert event.context == {"original_content_id": "3/4", "original_user_id": "channel3"}
    assert {"views": 5, "retweets": 2}.items() <= event.features.items()
    plain = {key: value for key, value in TELETHON.items() if key not in ("fwd_from", "from_id")}
    answer = api.parse({**plain, "reply_to": {"reply_to_msg_id": 6}})
    assert (answer.event_type, answer.context["original_content_id"], answer.user_id) == ("reply", "1/6", "channel1")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (message(type="service"), "a service message"),
        (message(id=None), "no id of the chat"),
        ({"chat": {}, "message": MESSAGE}, "no id of the chat"),
        (message(date_unixtime=None, date="soon"), "timestamp"),
    ],
)
def test_what_is_no_post_is_rejected(payload: dict[str, object], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        desktop.parse(payload)
    with pytest.raises(Rejected, match="a service message"):
        api.parse({**TELETHON, "_": "MessageService"})
