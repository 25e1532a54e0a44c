from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.topics import hashtags_of, topics_of
from trend_assets.sources.event import Event
from trend_assets.topic_names import MAX_TOPIC_CHARACTERS, canonical_hashtag, canonical_topic

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
