from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.spam.scorer import SpamScorer, edge_weight
from trend_assets.sources.event import Event

WHEN = datetime(2024, 5, 1, 12, tzinfo=UTC)
SCORER = SpamScorer()


def event(text: str = "a walk in the park", **given) -> Event:
    return Event(WHEN, "youtube", "comment", "1", "u", text, **given)


@given(
    st.text(max_size=500),
    st.integers(0, 1000),
    st.dictionaries(
        st.sampled_from(["followers", "following", "statuses", "account_age_days", "verified", "default_profile"]),
        st.floats(0, 1e9),
    ),
)
def test_scores_signals_and_weights_stay_in_range(text: str, copies: int, features: dict[str, float]) -> None:
    result = SCORER.score(event(text, features=features), copies)
    assert 0.0 <= result.score <= 1.0
    assert 0.2 <= edge_weight(result.score) <= 1.0
    assert all(0.0 <= value <= 1.0 for value in result.signals.values())


SPAM = "Hey guys check out my new channel and please subscribe!!"
HAM = "I love this song so much, best music video ever"
UNKNOWN = "Завтра выходит новый фильм, все билеты уже проданы"


def test_a_text_like_those_of_the_training_is_judged_by_its_words() -> None:
    assert SCORER.score(event(SPAM)).score > 0.9
    assert SCORER.score(event(HAM)).score < 0.1
    signals = SCORER.score(event(SPAM)).signals
    assert signals["text"] > 0.9 and signals["text_known"] == 1.0


@pytest.mark.parametrize(
    "text",
    [
        UNKNOWN,
        "今天的天气非常好我们去公园散步",
        "هذا فيديو جميل جدا شكرا لكم",
        "Das neue Album ist am Freitag erschienen und gefällt mir sehr gut",
        "Je viens de voir le match, quelle victoire incroyable",
        "Hoy es un día muy bonito para pasear por el parque con mi familia",
    ],
)
def test_of_other_languages_the_model_says_next_to_nothing(text: str) -> None:
    assert SCORER.score(event(text)).score == pytest.approx(SCORER.score(event("")).score, abs=0.02)


def test_a_busy_account_with_tags_and_one_link_is_ordinary() -> None:
    features = {"statuses": 80_000.0, "account_age_days": 400.0, "default_profile": 1.0}
    text = "Quarterly results are out $AAPL $GOOG $MSFT $AMZN $FB http://t.co/a"
    ordinary = SCORER.score(Event(WHEN, "twitter", "original", "1", "u", text, features=features))
    assert "links" not in ordinary.signals and "posting_rate" in ordinary.signals
    assert ordinary.score < 0.5
    assert SCORER.score(Event(WHEN, "twitter", "original", "1", "u", f"{text} http://t.co/b")).signals["links"] == 0.5


def test_an_unknown_text_counts_by_its_shape() -> None:
    unknown = SCORER.score(event(f"{UNKNOWN} http://a.ru http://b.ru"))
    assert unknown.score > SCORER.score(event(UNKNOWN)).score


def test_a_score_does_not_depend_on_the_other_events() -> None:
    events = [event(text) for text in (SPAM, HAM, UNKNOWN, "", "http://bit.ly/2x", "a walk in the park")] * 200
    together = SCORER.score_all(events, [0] * len(events))
    assert together[:6] == [SCORER.score(each) for each in events[:6]] == together[-6:]


def test_missing_features_are_neutral() -> None:
    ordinary = {
        "followers": 300.0,
        "following": 300.0,
        "statuses": 900.0,
        "account_age_days": 900.0,
        "verified": 0.0,
        "default_profile": 0.0,
        "default_profile_image": 0.0,
    }
    assert SCORER.score(event(features=ordinary)) == SCORER.score(event())


@pytest.mark.parametrize(
    ("features", "signal"),
    [
        ({"account_age_days": 1.0}, "young_account"),
        ({"followers": 3.0, "following": 2000.0}, "few_followers"),
        ({"statuses": 90_000.0, "account_age_days": 400.0}, "posting_rate"),
        ({"default_profile": 1.0}, "default_profile"),
        ({"default_profile_image": 1.0}, "default_picture"),
    ],
)
def test_account_signals_raise_the_score(features: dict[str, float], signal: str) -> None:
    result = SCORER.score(event(features=features))
    assert set(result.signals) - set(SCORER.score(event()).signals) == {signal}
    assert result.score > SCORER.score(event()).score


def test_verified_accounts_score_lower() -> None:
    assert SCORER.score(event(features={"verified": 1.0})).score < SCORER.score(event()).score


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("look http://a.com and http://b.com please", "links"),
        ("http://bit.ly/2x", "bare_link"),
        ("check out my channel", "text"),
        ("@a @b @c @d hello there", "mentions"),
        ("nooooooo way", "repetition"),
        ("THIS IS THE BEST SONG EVER", "capitals"),
        ("call 0049 123 456 789", "digits"),
        ("$A $B $C $D $E $F $G", "tags"),
        ("word " * 60, "length"),
    ],
)
def test_content_signals(text: str, signal: str) -> None:
    assert signal in SCORER.score(event(text)).signals


def test_copies_count_from_three_users() -> None:
    assert "copy_paste" not in SCORER.score(event(), 2).signals
    few, many = SCORER.score(event(), 3), SCORER.score(event(), 8)
    assert few.signals["copy_paste"] < many.signals["copy_paste"]
    assert SCORER.score(event()).score < few.score < many.score


def test_a_text_that_only_names_its_topic_says_nothing() -> None:
    title = "check out my channel http://a.com"
    assert SCORER.score(event(title, topics=(title,))) == SCORER.score(event(""))


def test_edge_weight_is_never_below_a_fifth() -> None:
    assert edge_weight(0.0) == 1.0
    assert edge_weight(0.3) == pytest.approx(0.7)
    assert edge_weight(0.95) == 0.2
