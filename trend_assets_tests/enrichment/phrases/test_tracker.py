"""Which phrases become topics, hour by hour."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.significance import PhraseBaseline, significance
from trend_assets.enrichment.phrases.states import pack, unpack
from trend_assets.enrichment.phrases.tracker import TopicMention, Tracker

FIRST = 480_000
_COLUMNS = {"source": pl.String, "user_id": pl.String, "text": pl.String, "language": pl.String,
            "topics": pl.List(pl.String)}  # fmt: skip
Post = tuple[str, str, list[str]]
#: What is said every day by everybody.
SMALL_TALK: list[Post] = [(f"u{user}", "nothing but the usual weather chatter", []) for user in range(4)]


def posts(*rows: Post) -> pl.DataFrame:
    return pl.DataFrame([("twitter", user, text, "en", tags) for user, text, tags in rows], _COLUMNS, orient="row")


def tracker(choice: Choice = Choice(), days: int = 3) -> Tracker:  # noqa: B008
    """One that has seen days of small talk; its next hour is `FIRST`."""
    made = Tracker(choice)
    for hour in range(FIRST - 24 * days, FIRST, 6):
        assert not list(made.step(hour, posts(*SMALL_TALK)))
    return made


def topics(said: list[TopicMention]) -> set[str]:
    return {one.topic for one in said}


NEWS: list[Post] = [
    ("a", "Neuralink implants its first chip", []),
    ("b", "what is Neuralink doing there", []),
    ("c", "my thoughts on the Neuralink trial", []),
]


def test_what_enough_users_say_far_more_than_usual_becomes_a_topic_of_the_hours_posts() -> None:
    said = list(tracker().step(FIRST, posts(*NEWS)))
    assert topics(said) == {"neuralink"} and {one.row for one in said} == {0, 1, 2}


def test_two_users_or_one_user_often_are_not_enough() -> None:
    one = [("a", text, tags) for _, text, tags in NEWS]
    for rows in (NEWS[:2], one):
        assert not list(tracker().step(FIRST, posts(*rows)))


def test_the_users_of_the_last_24_hours_count_together_and_earlier_posts_stay_without_it() -> None:
    made = tracker()
    assert not list(made.step(FIRST, posts(NEWS[0])))
    assert not list(made.step(FIRST + 9, posts(NEWS[1])))
    assert [one.row for one in made.step(FIRST + 23, posts(NEWS[2]))] == [0]
    later = tracker()
    later.step(FIRST, posts(*NEWS[:2]))
    assert not list(later.step(FIRST + 24, posts(NEWS[2])))


def test_what_is_said_every_day_is_no_topic_however_many_say_it() -> None:
    assert not list(tracker(days=12).step(FIRST, posts(*SMALL_TALK)))


def test_rare_words_of_every_day_are_topics_where_the_settings_say_so() -> None:
    shop: list[Post] = [(user, text, []) for user, text in (
        ("a", "my sourdough again"), ("b", "which flour for sourdough"), ("c", "sourdough never fails me"),
        ("d", "another sourdough question"),
    )]  # fmt: skip
    found = {}
    for steady in (False, True):
        made = Tracker(Choice(steady=steady))
        for hour in range(FIRST - 24 * 12, FIRST, 24):
            made.step(hour, posts(*SMALL_TALK, *shop))
        found[steady] = topics(made.step(FIRST, posts(*SMALL_TALK, *shop)))
    assert found == {False: set(), True: {"sourdough"}}


def test_on_the_first_day_nothing_is_known_to_be_unusual() -> None:
    made = Tracker(Choice())
    assert not list(made.step(FIRST, posts(*NEWS)))


def test_phrases_of_the_same_posts_are_one_topic_named_by_the_longest() -> None:
    rows = [("a", "Luty Transfer done", []), ("b", "so the Luty Transfer it is", []), ("c", "a Luty Transfer, wow", [])]
    assert topics(list(tracker().step(FIRST, posts(*rows)))) == {"luty transfer"}


@pytest.mark.parametrize("phrase", ["Luty transfer", "LutyTransfer"])
def test_a_phrase_that_is_spelled_like_a_tag_is_that_tag(phrase: str) -> None:
    rows: list[Post] = [
        ("a", "#LutyTransfer is near", ["#lutytransfer"]),
        ("b", "oh #LutyTransfer", ["#lutytransfer"]),
        ("c", f"is the {phrase} true", []),
    ]
    said = list(tracker().step(FIRST, posts(*rows)))
    assert [(one.row, one.topic) for one in said] == [(2, "#lutytransfer")]


UNTAGGED: Post = ("f", "who saw Gravelotte", [])


def tagged(tag: str, users: str) -> list[Post]:
    """Posts of these users with Gravelotte, and with this tag behind it."""
    before = ("the", "this", "our", "that", "no")
    return [
        (user, f"{word} Gravelotte {user * 3} #{tag}", [f"#{tag}"]) for user, word in zip(users, before, strict=False)
    ]


def test_a_phrase_that_always_comes_with_a_tag_is_that_tag() -> None:
    said = tracker().step(FIRST, posts(*tagged("storm", "abcde"), UNTAGGED))
    assert [(one.row, one.topic) for one in said] == [(5, "#storm")]


def test_a_phrase_that_comes_with_another_tag_later_is_no_longer_the_first_ones() -> None:
    made = tracker()
    assert topics(made.step(FIRST, posts(*tagged("storm", "abcde"), UNTAGGED))) == {"#storm"}
    said = made.step(FIRST + 5, posts(*tagged("concert", "ghijk"), UNTAGGED))
    assert not topics(said) & {"#storm", "#concert"} and 5 in {one.row for one in said}


def test_a_part_of_a_tags_phrase_that_another_tag_has_too_is_neithers() -> None:
    rows: list[Post] = [
        (user, text.replace("Gravelotte", f"Gravelotte {word}"), tags)
        for word, users in (("storm", "abcde"), ("vote", "ghij"))
        for user, text, tags in tagged(f"gravelotte{word}", users)
    ]
    said = tracker().step(FIRST, posts(*rows, UNTAGGED))
    assert [one.topic for one in said if one.row == len(rows)] == ["gravelotte"]


def test_a_post_with_a_tag_of_its_own_borrows_none_from_a_phrase() -> None:
    made = tracker()
    made.step(FIRST, posts(*tagged("storm", "abcde"), UNTAGGED))
    said = made.step(FIRST + 1, posts(("x", "so Gravelotte it was #music", ["#music"]), UNTAGGED))
    assert [(one.row, one.topic) for one in said] == [(1, "#storm")]


def test_a_word_of_the_dictionary_is_no_cashtag() -> None:
    rows: list[Post] = [(user, f"buy $CAT {user * 4}", ["$cat"]) for user in "abc"]
    said = list(tracker().step(FIRST, posts(*rows, *((f"x{at}", f"a cat number{at} sleeps", []) for at in range(9)))))
    assert "$cat" not in topics(said)


def test_a_topic_ends_when_it_is_no_longer_unusual_and_keeps_its_name_when_it_returns() -> None:
    made = tracker(Choice(days=2))
    list(made.step(FIRST, posts(*NEWS)))
    assert topics(list(made.step(FIRST + 30, posts(NEWS[0])))) == {"neuralink"}
    for hour in range(FIRST + 48, FIRST + 24 * 30, 24):
        list(made.step(hour, posts(*SMALL_TALK)))
    assert not list(made.step(FIRST + 24 * 30, posts(NEWS[0])))
    again = [(user, text.upper(), tags) for user, text, tags in NEWS]
    assert topics(list(made.step(FIRST + 24 * 31, posts(*again)))) == {"neuralink"}


def test_blocked_phrases_stopped_topics_and_synonyms_are_as_the_settings_say() -> None:
    for choice in (Choice(block=("neuralink",)), Choice(stop=frozenset({"neuralink"})), Choice(least_users=4)):
        assert not list(tracker(choice).step(FIRST, posts(*NEWS)))
    named = Choice(synonyms={"neuralink": "#brainchips"})
    assert topics(list(tracker(named).step(FIRST, posts(*NEWS)))) == {"#brainchips"}


def test_a_watched_phrase_is_a_topic_from_its_first_post() -> None:
    choice = Choice(watch=("the usual",))
    said = list(Tracker(choice).step(FIRST, posts(("a", "The usual, please", []))))
    assert [(one.topic, one.row) for one in said] == [("the usual", 0)]


def test_tags_are_chosen_by_kind_stop_list_and_synonym() -> None:
    told = ["#fyp", "#gop", "$spy", "chat > thread"]
    assert Choice().tags(told) == told
    assert Choice(kinds=frozenset({"hashtags", "named"})).tags(told) == ["#fyp", "#gop", "chat > thread"]
    choice = Choice.of(["hashtags"], ["#FYP"], {"#GOP": "#Republicans"}, [], [], 3, 3.0, 7)
    assert choice.tags([*told, "#republicans"]) == ["#republicans"]


def test_another_choice_that_decides_otherwise_has_another_digest() -> None:
    assert Choice().digest() == Choice(stop=frozenset({"#a"})).digest()
    choices = (Choice(), Choice(sigma=4.0), Choice(watch=("a b",)), Choice(steady=True))
    assert len({choice.digest() for choice in choices}) == len(choices)


WORDS = ["Neuralink", "Gravelotte", "storm", "#Luty", "Luty", "chip", "weather", "the", "Zorblax"]
hours_of_posts = st.lists(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from(WORDS), max_size=4)), max_size=8),
    min_size=30,
    max_size=60,
)


@settings(max_examples=25, deadline=None)
@given(hours_of_posts, st.integers(1, 2))
def test_taken_up_from_a_state_it_goes_on_as_if_it_had_never_stopped(
    hours: list[list[tuple[str, list[str]]]], day: int
) -> None:
    frames = [
        posts(*((user, " ".join(words), [w.lower() for w in words if w[0] == "#"]) for user, words in hour))
        for hour in hours
    ]
    whole = Tracker(Choice())
    expected = [list(whole.step(FIRST + at, frame)) for at, frame in enumerate(frames)]
    cut = min(24 * day, len(frames))
    first = Tracker(Choice())
    for at in range(cut):
        list(first.step(FIRST + at, frames[at]))
    first.advance((FIRST + cut) // 24) if cut % 24 == 0 else None
    if cut % 24:
        return
    resumed = unpack(pack(first), Choice())
    for at in range(max(0, cut - 24), cut):
        resumed.fill(FIRST + at, frames[at])
    assert [list(resumed.step(FIRST + at, frames[at])) for at in range(cut, len(frames))] == expected[cut:]


def test_no_user_and_no_text_is_in_a_state() -> None:
    made = tracker()
    list(made.step(FIRST, posts(*[(f"secret-{user}", text + " hushhush", tags) for user, text, tags in NEWS[:2]])))
    made.advance(FIRST // 24 + 1)
    import zstandard

    raw = zstandard.decompress(pack(made))
    assert b"secret" not in raw and b"hushhush" not in raw and b"implants" not in raw


@pytest.mark.parametrize("state", [b"", b"nonsense", bytes(100)])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError, match="no state of the phrases"):
        unpack(state, Choice())


def test_the_past_of_a_steady_phrase_is_its_rate_from_the_first_day_on() -> None:
    past, key = PhraseBaseline(), np.array([12345], np.uint64)
    for _ in range(20):
        past.add_day(key, np.array([10.0]))
        mean, variance = past.of(key)
        assert mean[0] == pytest.approx(10, rel=1e-3) and 10 <= variance[0] <= 20.1
    assert significance(np.array([12.0]), mean, variance)[0] < 3 < significance(np.array([40.0]), mean, variance)[0]


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(1, 50)), unique_by=lambda pair: pair[0], max_size=200))
def test_hashing_never_makes_a_phrase_rarer_than_it_is(counts: list[tuple[int, int]]) -> None:
    past = PhraseBaseline()
    keys = np.array([key for key, _ in counts], np.uint64)
    users = np.array([count for _, count in counts], np.float64)
    past.add_day(keys, users)
    assert (past.of(keys)[0] >= users * (1 - 1e-5)).all()
