from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.topics import (
    MAX_TOPIC_CHARACTERS,
    canonical_hashtag,
    canonical_topic,
    cashtags_in,
    hashtags_in,
    hashtags_of,
    topics_of,
)
from trend_assets.sources.event import Event

WHEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


def event(source: str = "twitter", event_type: str = "original", **given) -> Event:
    return Event(WHEN, source, event_type, "1", **given)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("#StockMarket", "#stockmarket"),
        ("$AAPL", "$aapl"),
        ("\uff03\uff34\uff41\uff47", "#tag"),
        ("Stra\u00dfe", "strasse"),
        ("  two\t\n words ", "two words"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("bell\x07", "bell"),
        ("half \ud83d", "half"),
        ("cafe\u0301", "caf\u00e9"),
        ("maths > Diophantine Approximation", "maths > diophantine approximation"),
        ("\u30ab\uff9e\u30ad\uff9e", "\u30ac\u30ae"),
        ("#", None),
        ("$ #", None),
        ("\u3164\u200b", None),
        ("", None),
    ],
)
def test_canonical_spelling(written: str, canonical: str | None) -> None:
    assert canonical_topic(written) == canonical


def test_named_topics_stay_apart_unless_case_or_width_is_all_that_differs() -> None:
    assert canonical_topic("lean4 > \u2714 FFI to Rust/C++") != canonical_topic("lean4 > FFI to Rust/C++")
    assert canonical_topic("new-members > Hello") == canonical_topic("new-members > hello")
    assert canonical_topic("triage > PR #13280: a, b") != canonical_topic("triage > PR #13281: a, b")


@given(st.text(max_size=300))
def test_the_canonical_spelling_is_its_own(text: str) -> None:
    topic = canonical_topic(text)
    if topic is not None:
        assert canonical_topic(topic) == topic
        assert 0 < len(topic) <= MAX_TOPIC_CHARACTERS
        assert topic == " ".join(topic.split())
        assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in topic)
        topic.encode("utf-8")


@given(st.text(max_size=150))
def test_case_width_and_composition_do_not_matter(text: str) -> None:
    topic = canonical_topic(text)
    assert canonical_topic(text.casefold()) == topic
    for form in ("NFD", "NFKC", "NFKD"):
        assert canonical_topic(unicodedata.normalize(form, text)) == topic


@given(st.text(max_size=100))
def test_hashtags_are_one_word_without_sign(text: str) -> None:
    tag = canonical_hashtag(text)
    if tag is not None:
        assert not re.search(r"\s", tag)
        assert not tag.startswith(("#", "$"))
        assert canonical_hashtag(tag) == tag
        assert canonical_hashtag("#" + tag) == tag


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("I #love (#AI) and #C++, #1direction", ["love", "AI", "C", "1direction"]),
        (
            "#\u65e5\u672c\u8a9e \u3068 #\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
            ["\u65e5\u672c\u8a9e", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629"],
        ),
        ("#\u0939\u093f\u0928\u094d\u0926\u0940!", ["\u0939\u093f\u0928\u094d\u0926\u0940"]),
        ("hot #\U0001f525\U0001f525 now", ["\U0001f525\U0001f525"]),
        ("\uff03\uff34\uff41\uff47", ["\uff34\uff41\uff47"]),
        ("it&#39;s &#x27; fine", []),
        ("#123 #2024 #_", []),
        ("see http://a.b/#section www.x.org/#y a.com/b#c", []),
        ("x#no a#b #a#b", []),
        ("key #\ufe0f\u20e3 cap", []),
        ("cut off here #GROUPONM\u2026", []),
        ("no sign", []),
    ],
)
def test_hashtags_in_text(text: str, tags: list[str]) -> None:
    assert hashtags_in(text) == tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("$AAPL, $goog $BRK.B. $BF_a", ["AAPL", "goog", "BRK.B", "BF_a"]),
        ("$5 $10M $1,000 US$ $$$ U$D", []),
        ("$TOOLONGX ($MSFT) $A1 x$FB", []),
        ("\u3000\uff04TSLA\u3002", ["TSLA"]),
        ("cut $T\u2026", []),
        ("http://x.com/?q= $AMZN", ["AMZN"]),
    ],
)
def test_cashtags_in_text(text: str, tags: list[str]) -> None:
    assert cashtags_in(text) == tags


@given(st.text(alphabet="#$ ab\u0939\u093f1.&;/:\U0001f525", max_size=60))
def test_what_is_found_in_a_text_is_a_part_of_it(text: str) -> None:
    assert all("#" + tag in text for tag in hashtags_in(text))
    assert all("$" + tag in text for tag in cashtags_in(text))


def test_topics_are_listed_once_in_order_and_hashtags_first() -> None:
    listed = event(text="#x $Y", hashtags=("Stocks", "STOCKS", "ai"), topics=("$AAPL", "$aapl", "$MSFT"))
    assert hashtags_of(listed) == ["stocks", "ai"]
    assert topics_of(listed) == ["#stocks", "#ai", "$aapl", "$msft"]


def test_the_text_is_searched_where_the_source_lists_nothing() -> None:
    assert topics_of(event(text="Buy $AAPL #Now")) == ["#now", "$aapl"]
    assert topics_of(event("youtube", "comment", text="#Dance")) == ["#dance"]
    assert topics_of(event("archive", "post", text="#Dance $AAPL")) == ["#dance", "$aapl"]


def test_a_named_topic_of_an_archive_is_not_searched() -> None:
    thread = "lean4 > #eval, #check and $PATH"
    assert topics_of(event("archive", "reply", text=thread, topics=(thread,))) == ["lean4 > #eval, #check and $path"]


def test_search_terms_keep_their_words() -> None:
    assert topics_of(event("google_trends", "trend", topics=("World  Cup",))) == ["world cup"]


def test_text_search_agrees_with_the_entities_of_real_tweets(shared_data) -> None:
    import gzip

    import orjson

    with gzip.open(shared_data / "tweets" / "2014-03.jsonl.gz") as lines:
        tweets = [orjson.loads(line) for line in lines]
    whole = [tweet for tweet in tweets if not tweet["text"].endswith("\u2026")]
    same = sum(
        hashtags_in(tweet["text"]) == [tag["text"] for tag in tweet["entities"]["hashtags"]]
        and cashtags_in(tweet["text"]) == [tag["text"] for tag in tweet["entities"]["symbols"]]
        for tweet in whole
    )
    assert len(whole) > 2000
    assert same / len(whole) > 0.99
