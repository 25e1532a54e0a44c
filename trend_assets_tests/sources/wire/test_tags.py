"""Hashtags and cashtags in plain text."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.sources.twitter.parts import unescape
from trend_assets.sources.wire.tags import cashtags, hashtags


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
        ("I #love (#AI) and #C++, #1direction", ("love", "AI", "C", "1direction")),
        ("#\u65e5\u672c\u8a9e \u3068 #\u0627\u0644\u0639\u0631\u0628\u064a\u0629", ("日本語", "العربية")),
        (
            "hot #\U0001f525\U0001f525 now #\U0001f525hot #hot\U0001f525",
            ("\U0001f525\U0001f525", "\U0001f525hot", "hot"),
        ),
        ("\uff03\uff34\uff41\uff47", ("\uff34\uff41\uff47",)),
        ("it&#39;s &#x27; fine #123 #2024 #_", ()),
        ("see http://a.b/#section www.x.org/#y a.com/b#c", ()),
        ("x#no a#b #a#b", ()),
        ("cut off here #GROUPONM\u2026 \n", ()),
        ("#first \u2026", ("first",)),
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
        ("$AAPL, $goog $BRK.B. $BF_a", ("AAPL", "goog", "BRK.B", "BF_a")),
        ("$10M $1,000 US$ $$$ U$D $A1 x$FB", ()),
        ("\u3000\uff04TSLA\u3002", ("TSLA",)),
        ("http://x.com/?q= $AMZN http://x.com/?q=$FB", ("AMZN",)),
    ],
)
def test_cashtags(text, found):
    assert cashtags(text) == found


@given(st.text(alphabet="#$ ab\u0939\u093f1.&;/:\U0001f525", max_size=60))
def test_what_is_found_in_a_text_is_a_part_of_it(text: str) -> None:
    assert all("#" + tag in text for tag in hashtags(text))
    assert all("$" + tag in text for tag in cashtags(text))


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
    assert same_hashtags / total > 0.99
    assert same_cashtags / total > 0.99
