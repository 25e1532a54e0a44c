"""Messages of Discord."""

from __future__ import annotations

from typing import Any

import pytest

from trend_assets.sources.discord.events import parse
from trend_assets.sources.event import Rejected
from trend_assets_tests.sources.archive.samples import DISCORD


def message(number: int, **changes: Any) -> dict[str, Any]:
    told = {key: DISCORD[key] for key in ("guild", "channel")}
    return {**told, "message": {**DISCORD["messages"][number], **changes}}


def test_messages_and_answers_are_events() -> None:
    event = parse(message(0))
    assert (event.source, event.event_type, event.content_id, event.user_id) == ("discord", "original", "3", "5")
    assert (event.text, event.hashtags) == ("hi #ai", ("ai",))
    assert {"community": "g", "channel": "c", "username": "n", "mentions": ["m"]}.items() <= event.context.items()
    assert {"reactions": 2, "bot": 0, "media_count": 0, "mention_count": 1}.items() <= event.features.items()
    answer = parse(message(1))
    assert (answer.event_type, answer.context["original_content_id"]) == ("reply", "3")
    forward = parse(message(1, content="", forwardedMessage={"content": "news #ai"}))
    assert (forward.event_type, forward.text) == ("retweet", "news #ai")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (message(2), "Discord wrote itself"),
        (message(0, id=None), "no message id"),
        (message(0, timestamp=None), "timestamp"),
    ],
)
def test_what_is_no_post_is_rejected(payload: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        parse(payload)
