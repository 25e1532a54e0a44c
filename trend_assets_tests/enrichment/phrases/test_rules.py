"""What is no topic though many say it: parts of phrases and of passed-on texts, words that say little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.phrases.background import hash_of, key_of, mixed, power_of
from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.tracker import Tracker
from trend_assets.enrichment.phrases.window import Hour, Window
from trend_assets.enrichment.phrases.words import Extractor
from trend_assets_tests.enrichment.phrases.test_tracker import FIRST, Post, posts, topics, tracker

BEFORE = ["the", "this", "our", "that", "no", "my", "your", "his", "her", "their", "which", "what"]
AFTER = ["is", "was", "and", "or", "has", "had", "will", "did", "can", "for", "to", "of"]


def said_by(count: int, phrase: str, start: str = "u") -> list[Post]:
    """As many users, each with another word before and behind the phrase."""
    return [(f"{start}{at}", f"{BEFORE[at % 12]} {phrase} {AFTER[(at + at // 12) % 12]} it", []) for at in range(count)]


def born(*rows: Post) -> set[str]:
    return topics(tracker().step(FIRST, posts(*rows)))


def test_a_part_of_a_name_gives_way_to_the_name() -> None:
    assert born(*said_by(8, "Zorblax Quimby")) == {"zorblax quimby"}


def test_a_name_that_stands_alone_as_well_is_a_topic() -> None:
    assert "zorblax" in born(*said_by(4, "Zorblax Quimby"), *said_by(8, "Zorblax", "v"))


def test_what_stands_in_a_template_between_the_same_words_is_none() -> None:
    rows: list[Post] = [(f"u{at}", f"Gadget{at} sells. Blorple Wumpus Frotz now", []) for at in range(5)]
    assert "wumpus" not in born(*rows) and "blorple" not in born(*rows)


@pytest.mark.parametrize(
    ("users", "phrase", "found"), [(5, "board", False), (5, "Neuralink", True), (40, "board", True)]
)
def test_a_word_of_the_dictionary_needs_more_than_a_name(users: int, phrase: str, found: bool) -> None:
    assert (phrase.lower() in born(*said_by(users, phrase))) is found


def test_a_capital_within_a_sentence_makes_a_name_of_a_word_and_one_behind_an_address_does_not() -> None:
    assert "cook" in born(*said_by(5, "Cook"))
    rows: list[Post] = [(f"u{at}", f"{BEFORE[at]} note http://x.y/{at} Cook {AFTER[at]} it", []) for at in range(5)]
    assert "cook" not in born(*rows)


def test_a_word_that_is_mostly_a_tag_is_no_topic_of_those_who_only_say_it() -> None:
    tagged: list[Post] = [(f"u{at}", f"{BEFORE[at % 12]} #share {AFTER[at // 12]}", ["#share"]) for at in range(30)]
    said = tracker().step(FIRST, posts(*tagged, ("x", "a share of it", [])))
    assert 30 not in {one.row for one in said}


@pytest.mark.parametrize(("phrase", "tags", "found"), [
    ("Zorblax shares", ["#zorblax"], False), ("Zorblax shares", [], True), ("Zorblax Quimby", ["#zorblax"], True),
    ("Zorblax quimby", ["#zorblax"], True),
])  # fmt: skip
def test_a_common_word_beside_a_tags_is_no_topic(phrase: str, tags: list[str], found: bool) -> None:
    tagged: list[Post] = [(f"v{at}", f"{BEFORE[at]} #Zorblax {AFTER[at]} it", tags) for at in range(8)]
    assert (phrase.lower() in born(*tagged, *said_by(6, phrase))) is found


def test_a_post_with_many_tags_says_of_none_what_it_is_about() -> None:
    rows: list[Post] = [
        (user, f"{text} $aa $bb $cc $dd", ["$aa", "$bb", "$cc", "$dd"]) for user, text, _ in said_by(8, "Zorblax")
    ]
    assert born(*rows) == {"zorblax"}


def test_a_word_cut_by_its_platform_and_an_amount_are_none() -> None:
    long = "quite a long text about nothing at all that goes on and on until it is cut off where it must be, at "
    rows: list[Post] = [(f"u{at}", f"{BEFORE[at]} {long}zorbl\u2026", []) for at in range(8)]
    assert "zorbl" not in born(*rows)
    assert not born(*said_by(8, "10.4bn"))


def test_what_the_stream_is_about_may_be_as_frequent_as_ever() -> None:
    made = Tracker(Choice())
    for day in range(12):
        said = made.step(FIRST + 24 * day, posts(*said_by(12, "stocks")))
    assert topics(said) == {"stocks"}


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_the_hash_of_two_stems_is_made_of_theirs(left: str, right: str) -> None:
    together = (hash_of(left) * power_of(right) + hash_of(right)) & ((1 << 64) - 1)
    assert mixed(together) == key_of(left + right)


@given(
    st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["Zorblax", "Frotz", "Luty"]))), max_size=40)
)
def test_the_bound_is_never_below_who_says_a_phrase(hours: list[list[tuple[str, str]]]) -> None:
    window, extractor = Window(), Extractor()
    for number, rows in enumerate(hours):
        window.add(Hour.of(number, posts(*((user, text, []) for user, text in rows)), extractor))
        keys = np.unique(np.concatenate([hour.keys for hour in window.hours]))
        said = window.said(keys)
        assert (window.at_most(keys) >= said).all() and (said > 0).all()
