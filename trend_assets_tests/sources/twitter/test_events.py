"""Tweets of both wire formats."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trend_assets.sources.event import Rejected
from trend_assets.sources.twitter.pages import split_v2_page
from trend_assets.sources.twitter.v1 import parse_v1
from trend_assets.sources.twitter.v2 import parse_v2

USER_V1 = {
    "id_str": "7",
    "screen_name": "ann",
    "created_at": "Tue Dec 31 00:00:48 +0000 2013",
    "followers_count": 5,
}
TWEET_V1 = {
    "created_at": "Wed Jan 01 00:00:48 +0000 2014",
    "id": 100,
    "id_str": "100",
    "text": "AT&amp;T up #Stocks $T",
    "user": USER_V1,
    "lang": "en",
    "entities": {
        "hashtags": [{"text": "Stocks"}],
        "symbols": [{"text": "T"}],
        "urls": [],
        "user_mentions": [{"screen_name": "bob", "id": 12}],
    },
}
TWEET_V2 = {
    "id": "1380242611781386245",
    "text": "hello #World",
    "author_id": "7",
    "created_at": "2021-04-08T19:34:16.000Z",
    "entities": {"hashtags": [{"tag": "World"}]},
}


def v1(**changes):
    return parse_v1({**TWEET_V1, **changes})


def v2(includes=None, **changes):
    return parse_v2({"data": {**TWEET_V2, **changes}, "includes": includes or {}})


def test_v1_original():
    event = v1()
    assert event.id == "twitter:original:100"
    assert event.timestamp == datetime(2014, 1, 1, 0, 0, 48, tzinfo=UTC)
    assert (event.user_id, event.language) == ("7", "en")
    assert event.text == "AT&T up #Stocks $T"
    assert event.hashtags == ("Stocks",)
    assert event.topics == ("$T",)
    assert (event.context["mentions"], event.context["mentioned_user_ids"]) == (["bob"], ["12"])
    assert event.features["followers"] == 5
    assert event.features["account_age_days"] == 1
    assert event.features["mention_count"] == 1
    assert "likes" not in event.features and "verified" not in event.features


def test_v1_types_by_precedence():
    original = {**TWEET_V1, "id_str": "50", "user": {"id_str": "9"}}
    reply = {"in_reply_to_status_id_str": "40", "in_reply_to_user_id_str": "8"}
    quote = {"quoted_status_id_str": "30", "is_quote_status": True}
    retweet = v1(retweeted_status=original, **reply, **quote)
    assert (retweet.event_type, retweet.context["original_content_id"]) == ("retweet", "50")
    assert retweet.context["original_user_id"] == "9"
    both = v1(**reply, **quote)
    assert (both.event_type, both.context["original_content_id"]) == ("reply", "40")
    assert both.context["quoted_content_id"] == "30"
    only_quote = v1(**quote)
    assert (only_quote.event_type, only_quote.context["original_content_id"]) == ("quote", "30")
    assert "original_content_id" not in v1(is_quote_status=True).context
    assert v1(is_quote_status=True).event_type == "quote"
    assert v1(in_reply_to_user_id_str="8").event_type == "original"


def test_v1_quoted_id_from_the_quoted_tweet():
    assert v1(quoted_status={"id": 30}).context["original_content_id"] == "30"


def test_v1_cut_retweet_has_the_originals_tags_and_its_own_text():
    original = {
        **TWEET_V1,
        "extended_tweet": {
            "full_text": "long #One $TSLA",
            "entities": {"hashtags": [{"text": "One"}], "symbols": None},
        },
    }
    event = v1(text="RT @bob: long #O…", entities={"hashtags": [], "symbols": []}, retweeted_status=original)
    assert event.text == "RT @bob: long #O…"
    assert event.hashtags == ("One",)
    assert event.topics == ("$TSLA",)


def test_v1_whole_retweet_has_its_own_tags():
    event = v1(text="RT @bob: hi #Mine", entities={"hashtags": [{"text": "Mine"}]}, retweeted_status=TWEET_V1)
    assert event.hashtags == ("Mine",)


@pytest.mark.parametrize("entities", [None, {}, {"hashtags": None, "symbols": None}, [], "x", {"urls": []}])
def test_v1_tags_from_the_text_where_entities_are_missing(entities):
    event = v1(text="go #Go $AAPL &amp; #Ünï", entities=entities)
    assert event.hashtags == ("Go", "Ünï")
    assert event.topics == ("$AAPL",)


def test_v1_listed_but_empty_entities_are_believed():
    assert v1(text="#no", entities={"hashtags": [], "symbols": []}).hashtags == ()


def test_v1_extended_text():
    extended = {"full_text": "all of it", "entities": {"hashtags": [{"text": "x"}]}}
    event = v1(truncated=True, text="all…", extended_tweet=extended)
    assert (event.text, event.hashtags) == ("all of it", ("x",))
    assert v1(text=None, full_text="whole").text == "whole"


def test_v1_withheld_tweet_without_a_profile():
    event = v1(user={"id": 3}, text="withheld", withheld_in_countries=["DE"])
    assert event.user_id == "3"
    assert event.context["withheld_in"] == ["DE"]
    assert "followers" not in event.features


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None, "id_str": None},
        {"id": 1.5e18, "id_str": None},
        {"id": True, "id_str": ""},
        {"created_at": None},
        {"created_at": "Wed Foo 01 00:00:48 +0000 2014"},
        {"created_at": "Mon Jan 01 00:00:00 +0000 0001"},
        {"created_at": "Fri Dec 31 23:59:59 +0000 9999"},
        {"created_at": ["2014"]},
    ],
)
def test_v1_rejects(changes):
    with pytest.raises(Rejected):
        v1(**changes)


@pytest.mark.parametrize("wrong", [None, 5, "x", [], [None], [5], {"a": 1}, True])
@pytest.mark.parametrize(
    "key",
    ["user", "entities", "retweeted_status", "quoted_status", "place", "extended_tweet", "lang", "text"],
)
def test_v1_values_of_the_wrong_type_are_left_out(key, wrong):
    assert v1(**{key: wrong}).content_id == "100"


def test_v2_author_and_place_from_includes():
    includes = {
        "users": [{"id": "7", "username": "ann", "verified": True, "created_at": "2021-04-07T19:34:16.000Z",
                   "public_metrics": {"followers_count": 12}}],
        "places": [{"id": "p", "full_name": "Ulm", "country_code": "DE"}],
    }  # fmt: skip
    event = v2(includes, geo={"place_id": "p"}, public_metrics={"like_count": 3})
    assert event.id == "twitter:original:1380242611781386245"
    assert event.hashtags == ("World",)
    assert event.context["username"] == "ann"
    assert (event.context["place"], event.context["country"]) == ("Ulm", "DE")
    assert event.features["followers"] == 12
    assert event.features["likes"] == 3
    assert event.features["verified"] == 1
    assert event.features["account_age_days"] == 1


def test_v2_types_by_precedence():
    quoted, replied, retweeted = (
        {"type": kind, "id": number} for kind, number in (("quoted", "1"), ("replied_to", "2"), ("retweeted", "3"))
    )
    assert v2(referenced_tweets=[quoted]).event_type == "quote"
    both = v2(referenced_tweets=[quoted, replied])
    assert (both.event_type, both.context["original_content_id"]) == ("reply", "2")
    assert both.context["quoted_content_id"] == "1"
    assert v2(referenced_tweets=[quoted, replied, retweeted]).event_type == "retweet"
    assert v2(referenced_tweets=None).event_type == "original"


def test_v2_reply_told_by_the_conversation():
    event = v2(in_reply_to_user_id="9", conversation_id="5")
    assert event.event_type == "reply"
    assert "original_content_id" not in event.context
    assert v2(in_reply_to_user_id="9", conversation_id=TWEET_V2["id"]).event_type == "original"


def test_v2_retweet_told_by_its_prefix_where_no_fields_were_asked_for():
    bare = {"id": TWEET_V2["id"], "text": "RT @ann: hello"}
    assert parse_v2({"data": bare}).event_type == "retweet"
    assert parse_v2({"data": {**bare, "author_id": "7"}}).event_type == "original"


def test_v2_cut_retweet_has_the_originals_tags():
    original = {
        "id": "3",
        "author_id": "8",
        "text": "a #b",
        "entities": {"hashtags": [{"tag": "b"}], "cashtags": [{"tag": "KO"}]},
    }
    changes = {"text": "RT @x: a…", "entities": {"mentions": [{"username": "x"}]}}
    references = [{"type": "retweeted", "id": "3"}]
    event = v2({"tweets": [original]}, referenced_tweets=references, **changes)
    assert event.text == "RT @x: a…"
    assert (event.hashtags, event.topics) == (("b",), ("$KO",))
    assert event.context["original_user_id"] == "8"
    flattened = parse_v2({**TWEET_V2, **changes, "referenced_tweets": [{**references[0], **original}]})
    assert (flattened.hashtags, flattened.topics) == (("b",), ("$KO",))
    assert v2(referenced_tweets=references, **changes).hashtags == ()


def test_v2_tags_from_the_text_where_entities_are_missing():
    event = parse_v2({"data": {"id": TWEET_V2["id"], "text": "#a $KO"}})
    assert (event.hashtags, event.topics) == (("a",), ("$KO",))
    assert "url_count" not in event.features


def test_v2_time_told_by_the_id():
    event = parse_v2({"data": {"id": "1380242611781386245", "text": "x"}})
    assert abs((event.timestamp - datetime(2021, 4, 8, 19, 34, 16, tzinfo=UTC)).total_seconds()) < 1


def test_v2_long_post():
    event = v2(note_tweet={"text": "all of it #x", "entities": {"hashtags": [{"tag": "x"}]}})
    assert (event.text, event.hashtags) == ("all of it #x", ("x",))


def test_v2_edits_are_events_of_their_own():
    first, second = (v2(id=number, edit_history_tweet_ids=["1", "2"]) for number in ("1", "2"))
    assert first.id != second.id
    assert first.context["edit_history"] == ["1", "2"]
    assert "edit_history" not in v2(edit_history_tweet_ids=["1"]).context


def test_v2_withheld():
    assert v2(withheld={"country_codes": ["TR"]}).context["withheld_in"] == ["TR"]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"start": "a", "end": "b", "tweet_count": 5}, "count of tweets"),
        ({"id": "1", "name": "l", "member_count": 5}, "list of accounts"),
        ({"id": "1", "username": "u"}, "a user"),
        ({"id": "1"}, "no text"),
        ({"id": "1", "text": "x"}, "created_at"),
        ({"text": "x", "created_at": "2021-04-08T19:34:16Z"}, "no tweet id"),
        ({"id": "1", "text": "x", "created_at": "2021-04-08T19:34:16"}, "time zone"),
        ([], "no tweet"),
    ],
)
def test_v2_rejects_saying_what_it_looks_like(item, reason):
    with pytest.raises(Rejected, match=reason):
        parse_v2({"data": item})


def test_page_is_cut_into_what_each_tweet_refers_to():
    page = {
        "data": [
            {"id": "1", "author_id": "a", "referenced_tweets": [{"type": "quoted", "id": "9"}],
             "attachments": {"media_keys": ["m"]}, "geo": {"place_id": "p"},
             "entities": {"mentions": [{"username": "CC"}]}},
            {"id": "2", "author_id": "b"},
        ],
        "includes": {
            "users": [{"id": key, "username": key * 2} for key in "abcd"],
            "tweets": [{"id": "9", "author_id": "d"}, {"id": "8", "author_id": "b"}],
            "media": [{"media_key": "m"}, {"media_key": "n"}],
            "places": [{"id": "p"}, {"id": "q"}],
        },
        "__twarc": {"version": "2"},
    }  # fmt: skip
    first, second = split_v2_page(page)
    assert {user["id"] for user in first["includes"]["users"]} == {"a", "c", "d"}
    assert [tweet["id"] for tweet in first["includes"]["tweets"]] == ["9"]
    assert first["includes"]["media"] == [{"media_key": "m"}]
    assert first["includes"]["places"] == [{"id": "p"}]
    assert second["includes"] == {"users": [{"id": "b", "username": "bb"}]}
    assert first["__twarc"] == {"version": "2"}


@pytest.mark.parametrize("includes", [None, [], {"users": None}, {"users": [None, {"id": None}]}, "x"])
def test_page_with_unusable_includes(includes):
    (payload,) = split_v2_page({"data": [TWEET_V2], "includes": includes})
    assert parse_v2(payload).content_id == TWEET_V2["id"]
