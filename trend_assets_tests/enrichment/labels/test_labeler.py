"""Topics are named, grouped and told what they are about, and stay so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trend_assets.enrichment.embedder import RealtimeTextEmbedder
from trend_assets.enrichment.labels.categories import CATEGORIES_FILE, OTHER, Categories, CategoriesError
from trend_assets.enrichment.labels.grouping import Topic, groups
from trend_assets.enrichment.labels.labeler import TopicLabeler
from trend_assets.enrichment.labels.naming import Phrases
from trend_assets.lake.tables import TOPIC_LABELS

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
TITLES = json.loads((Path(__file__).parent / "titles.json").read_text(encoding="utf-8"))
POSTS_SCHEMA = {
    "topic": pl.String, "id": pl.String, "timestamp": pl.Datetime("us", "UTC"), "text": pl.String,
    "embedding": pl.List(pl.Float32),
}  # fmt: skip


@pytest.fixture(scope="module")
def embedder() -> RealtimeTextEmbedder:
    return RealtimeTextEmbedder()


@pytest.fixture(scope="module")
def categories(embedder: RealtimeTextEmbedder) -> Categories:
    return Categories.read(CATEGORIES_FILE, embedder.embed)


def posts(texts: dict[str, list[str]], embed: Callable | None = None) -> pl.DataFrame:
    """Posts a minute apart; equal texts of two topics are one post."""
    every = list(dict.fromkeys(text for own in texts.values() for text in own))
    vectors = np.asarray(embed(every)).tolist() if embed else [None] * len(every)
    rows = [
        (topic, f"p{every.index(text)}", NOON + timedelta(minutes=every.index(text)), text, vectors[every.index(text)])
        for topic, own in texts.items()
        for text in own
    ]
    return pl.DataFrame(rows, schema=POSTS_SCHEMA, orient="row")


WORLD = {
    "#castamleak": [
        "The Castam camera leak is real, look at this phone",
        "Is the Castam camera leak a fake? #CastamLeak",
        "Castam camera leak: battery and chip of the phone #CastamLeak",
    ],
    "castam leak": ["castam leak phone camera", "castam leak today", "the castam leak"],
    "$abc": [
        "Shares of Abacus Bank fell after weak earnings $ABC $XYZ",
        "Abacus Bank cut its dividend, stock drops $ABC",
        "Why I sold Abacus Bank stock today $ABC $SPY",
    ],
    "#rare": ["one post", "another post"],
}


def test_names_say_what_posts_say() -> None:
    phrases = Phrases(WORLD)
    assert phrases.name("#castamleak").casefold() == "castam camera leak"
    assert phrases.name("$abc") == "Abacus Bank"
    assert phrases.name("$none") == "NONE" and phrases.name("#TwoWords") == "Two Words"


def test_a_name_stays_while_it_tells() -> None:
    phrases = Phrases(WORLD)
    assert phrases.name("$abc", before="Bank") in ("Bank", "Abacus Bank")
    assert phrases.name("$abc", before="Abacus Bank") == "Abacus Bank"
    assert phrases.name("$abc", before="Something Else") == "Abacus Bank"


def favourites(topic: str, extra: Sequence[str] = ("",) * 3) -> list[str]:
    """Posts that say the same of everything."""
    return [f"everyone's favourite way{at} {topic}. {more}" for at, more in enumerate(extra)]


#: Beside which the favourites are rare.
OTHERS = {"#others": [f"something else {at}" for at in range(60)]}


def test_topics_of_different_groups_have_different_names() -> None:
    tea = favourites("#Tea", ("", "", "", ""))
    phrases = Phrases({"#tea": tea, "#iceCream": favourites("#IceCream"), "#chai": favourites("#Chai"), **OTHERS})
    alone = {"#tea": "#tea", "#iceCream": "#iceCream", "#chai": "#chai"}
    assert phrases.name("#chai") == phrases.name("#tea") == "everyone's favourite"
    assert phrases.names(alone, {}) == {"#tea": "everyone's favourite", "#iceCream": "Ice Cream", "#chai": "Chai"}
    had = phrases.names({**alone, "#chai": "#iceCream"}, {"#chai": "everyone's favourite"})
    assert had == {"#tea": "Tea", "#iceCream": "everyone's favourite", "#chai": "everyone's favourite"}


def test_a_topic_whose_best_phrase_is_anothers_is_called_by_its_next_best() -> None:
    chai = favourites("#Chai", ("Darjeeling Blend",) * 3 + ("", ""))
    phrases = Phrases({"#tea": favourites("#Tea"), "#chai": chai, **OTHERS})
    assert phrases.name("#chai") == "everyone's favourite"
    names = phrases.names({"#tea": "#tea", "#chai": "#chai"}, {"#tea": "everyone's favourite"})
    assert names == {"#tea": "everyone's favourite", "#chai": "Darjeeling Blend"}


def test_no_topic_is_called_by_anothers_spelling() -> None:
    texts = {"#mug": [f"my Ice Cream {word} #Mug" for word in ("one", "two", "six")], "icecream": ["it melts"] * 3}
    assert Phrases(texts).names({"#mug": "#mug"}, {})["#mug"] == "Ice Cream"
    assert Phrases(texts).names({"#mug": "#mug", "icecream": "icecream"}, {})["#mug"] != "Ice Cream"


def test_topics_that_are_spelled_alike_or_stand_together_are_one_group() -> None:
    one, other = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    topics = {
        "#cup": Topic([f"p{n}" for n in range(10)], one),
        "#final": Topic([f"p{n}" for n in range(6, 10)], one),
        "#tea": Topic([f"p{n}" for n in range(6, 10)], other),
        "world cup": Topic(["a", "b", "c"], None),
        "#worldcup": Topic(["d"], None),
    }
    assert groups(topics) == {
        "#cup": "#cup",
        "#final": "#cup",
        "#tea": "#tea",
        "world cup": "world cup",
        "#worldcup": "world cup",
    }


def test_a_group_keeps_its_leader_and_its_members() -> None:
    middle = np.array([1, 0], np.float32)
    half = [f"p{n}" for n in range(8)]
    small, large = [*half[4:], "x", "y", "z", "u"], half + ["v"] * 3
    before = {"#a": Topic(half, middle), "#b": Topic(small, middle)}
    assert groups(before) == {"#a": "#a", "#b": "#b"}
    after = {"#a": Topic(half, middle, "#a"), "#b": Topic(small, middle, "#a"), "#c": Topic(large, middle)}
    assert groups(after) == {"#a": "#a", "#b": "#a", "#c": "#a"}


def test_labels_of_an_hour(embedder: RealtimeTextEmbedder, categories: Categories) -> None:
    labels = TopicLabeler(categories).label(NOON, posts(WORLD, embedder.embed), TOPIC_LABELS.frame())
    found = {row["topic"]: row for row in labels.iter_rows(named=True)}
    assert set(found) == {"#castamleak", "castam leak", "$abc"}
    assert found["$abc"]["category"] == "finance" and found["$abc"]["confidence"] > 0.5
    assert found["#castamleak"]["category"] == "tech"
    assert {found[topic]["group_topic"] for topic in ("#castamleak", "castam leak")} == {"#castamleak"}
    assert found["$abc"]["post_id"] in {"p6", "p7", "p8"}
    again = TopicLabeler(categories).label(NOON + timedelta(hours=6), posts(WORLD, embedder.embed), labels)
    assert again.drop("hour").equals(labels.drop("hour"))


def test_without_vectors_nothing_is_said_of_categories(categories: Categories) -> None:
    labels = TopicLabeler(categories).label(NOON, posts(WORLD), TOPIC_LABELS.frame())
    assert set(labels["category"]) == {OTHER} and set(labels["confidence"]) == {0.0}
    assert TopicLabeler(categories).label(NOON, posts({}), TOPIC_LABELS.frame()).is_empty()


def test_titles_that_were_not_used_in_choosing(embedder: RealtimeTextEmbedder, categories: Categories) -> None:
    told = [(name, title) for name, titles in TITLES.items() if name != "about" for title in titles[4:]]
    answers = categories.told(np.asarray(embedder.embed([title for _, title in told])), [None] * len(told))
    said = [(name, answer) for (name, _), (answer, _) in zip(told, answers, strict=True) if answer != OTHER]
    assert np.mean([name == answer for name, answer in said]) > 0.9
    assert np.mean([name == answer for (name, _), (answer, _) in zip(told, answers, strict=True)]) > 0.8


def test_a_category_stays_while_it_is_nearly_as_likely() -> None:
    prototypes = {"a": ["1", "2", "3"], "b": ["4", "5", "6"]}
    vectors = np.repeat(np.eye(2, dtype=np.float32), 3, axis=0)
    made = Categories(prototypes, lambda texts: vectors)
    between = np.array([[0.7035, 0.7107]], np.float32)
    assert made.told(between, [None])[0][0] == "b"
    assert made.told(between, ["a"])[0][0] == "a"
    assert made.told(np.array([[0.1, 0.995]], np.float32), ["a"])[0][0] == "b"


@pytest.mark.parametrize("text", ["", "{}", '{"categories": {}}', '{"categories": {"a": ["one"]}}', "[]"])
def test_what_is_no_list_of_categories_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(CategoriesError, match=r"c\.json"):
        Categories.read(tmp_path / "c.json", lambda texts: np.zeros((len(texts), 2)))
