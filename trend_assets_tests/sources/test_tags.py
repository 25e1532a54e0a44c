"""Hashtags and cashtags in plain text."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from trend_assets.sources.tags import cashtags, hashtags
from trend_assets.sources.tweet_parts import unescape


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#One two #three_3", ("One", "three_3")),
        ("#one #one", ("one",)),
        ("a#b &#39; #1 #", ()),
        ("http://x.com/#top http://x.com/a#b", ()),
        ("#UAS/#drone", ("UAS", "drone")),
        ("#yea#nay", ()),
        ("cut #pennyst…", ()),
        ("#whole… goes on", ("whole",)),
        ("#हिन्दी #日本語 #café #русский", ("हिन्दी", "日本語", "café", "русский")),
        ("\N{FULLWIDTH NUMBER SIGN}日本", ("日本",)),
        ("#love❤️ #\ufe0f\u20e3", ("love",)),
        ("", ()),
    ],
)
def test_hashtags(text, found):
    assert hashtags(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$TSLA, $brk.a and ($T)", ("TSLA", "brk.a")),
        ("$5 US$AAPL $TOOLONGX $$", ()),
        ("up: $AAPL… $KO.", ("KO",)),
        ("$ES_F", ("ES_F",)),
        ("none", ()),
    ],
)
def test_cashtags(text, found):
    assert cashtags(text) == found


def test_agrees_with_the_platform_on_real_tweets(shared_data: Path):
    """Where both text and entities are known, nearly all posts give the same tags."""
    total = same_hashtags = same_cashtags = 0
    with gzip.open(shared_data / "tweets" / "2014-06.jsonl.gz") as lines:
        for line in lines:
            tweet = orjson.loads(line)
            if "retweeted_status" in tweet:
                continue
            total += 1
            text, entities = unescape(tweet["text"]), tweet["entities"]
            same_hashtags += set(hashtags(text)) == {item["text"] for item in entities["hashtags"]}
            same_cashtags += set(cashtags(text)) == {item["text"] for item in entities["symbols"]}
    assert total > 1_000
    assert same_hashtags / total > 0.98
    assert same_cashtags / total > 0.99
