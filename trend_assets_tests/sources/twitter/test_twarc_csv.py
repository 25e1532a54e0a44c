"""Tables of twarc-csv."""

from __future__ import annotations

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.twitter.twarc_csv import is_table, payloads
from trend_assets.sources.twitter.v2 import parse_v2
from trend_assets_tests.sources.archive.samples import ROWS


def test_a_row_is_the_tweet_that_it_was_made_of() -> None:
    _, row, _ = ROWS["twarc"]
    (tweet,) = payloads({**row, "conversation_id": "", "reply_settings": None})
    event = parse_v2(tweet)
    assert (event.event_type, event.user_id, event.hashtags) == ("retweet", "12", ("ai",))
    assert event.context["original_content_id"] == "1746868000000000000" and event.context["username"] == "n"
    assert (event.text, event.features["likes"]) == ("[RT] hi", 3)
    assert (event.features["verified"], event.features["followers"]) == (1, 4)


def test_ids_that_a_spreadsheet_has_rounded_are_refused() -> None:
    _, row, _ = ROWS["twarc"]
    with pytest.raises(Rejected, match="is not a whole number"):
        parse_v2(payloads({**row, "id": "1.74687E+18"})[0])


def test_columns_that_contradict_each_other_are_left_out() -> None:
    assert payloads({"id": "1", "author": "x", "author.id": "5", "entities.urls": "[broken"}) == [
        {"id": "1", "author": "x", "entities": {"urls": "[broken"}}
    ]
    assert not is_table(["id", "text", "author_id"])
