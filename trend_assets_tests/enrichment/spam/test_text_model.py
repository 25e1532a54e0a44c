"""The model of spam texts: what it reads, what it is made from, how right it is on a file that it has not seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from trend_assets.enrichment.spam.cleaning import normalised, visible
from trend_assets.enrichment.spam.features import LEXICON_FILE, Lexicon, features
from trend_assets.enrichment.spam.labelled import LabelledFileError, read_labelled, read_ordinary
from trend_assets.enrichment.spam.text_model import SHIPPED, SpamModelError, load
from trend_assets.enrichment.spam.training import Labelled, train

LEXICON = Lexicon.read(LEXICON_FILE.read_text(encoding="utf-8"))
SPAM = ["check out my channel", "subscribe to my page please", "earn money http://win.com", "visit our shop now"]
HAM = ["i love this song", "what a great video", "she sings so well", "this was my childhood"]


def small(name: str = "a.csv") -> Labelled:
    texts = [f"{text} {word}" for text in (*SPAM, *HAM) for word in ("today", "again", "now", "ok", "yes")]
    return Labelled(name, texts, np.repeat([1, 0], len(texts) // 2))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("See youtu.be/x AT 2:19!!!!", "see youtu.be/x at  xtime !!"),
        ("a&amp;amp;b<br />c", "a&b c"),
        ("http://www.youtube.com/watch?v=abc", " xurl xyoutubevideo "),
        ("kidsmediausa  . com", "kidsmediausa  . com"),
        ("kidsmediausa. com now", " xurl xkidsmediausa  now"),
        ("follow @me 1,000 times", "follow  xmention  0 times"),
        ("\ufeffFREE\u200b", "free"),
        ("\uff26\uff32\uff25\uff25", "free"),
        ("heyyyyy", "heyy"),
    ],
)
def test_texts_are_read_without_markup_and_particulars(text: str, read: str) -> None:
    assert normalised(visible(text)) == read


def test_words_of_a_class_stand_for_each_other() -> None:
    first, second = (
        set(features([text], LEXICON).grams["classes"].key) for text in ("visit our page", "check my blog")
    )
    assert first == second
    assert set(features(["visit our cat"], LEXICON).grams["classes"].key) != first


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_is_judged_alone_as_among_others(texts: list[str]) -> None:
    model = load()
    together = model.judge(texts)
    assert np.isfinite(together.logit).all() and ((together.known >= 0) & (together.known <= 1)).all()
    alone = [model.judge([text]) for text in texts]
    assert together.logit.tolist() == [each.logit[0] for each in alone]
    assert together.known.tolist() == [each.known[0] for each in alone]


def test_a_file_that_the_fit_had_not_seen(shared_data: Path) -> None:
    files = [read_labelled(file) for file in sorted((shared_data / "youtube_spam").glob("*.csv"))]
    made = train(files[:2])
    logit = made.model.judge(files[2].texts).logit
    assert f1_score(files[2].labels, logit >= 0) > 0.91
    assert average_precision_score(files[2].labels, logit) > 0.97


def test_ordinary_posts_of_other_months_are_not_known(shared_data: Path) -> None:
    texts = read_ordinary([shared_data / "tweets" / "2015-05.jsonl.gz"])
    assert len(texts) > 1000
    verdicts = load().judge(texts)
    assert np.quantile(verdicts.known, 0.9) < 0.2
    assert (verdicts.known * (verdicts.logit + 2.6) > 2.6).mean() < 0.01


def test_a_model_is_stored_and_read_again(tmp_path: Path) -> None:
    made = train([small("a.csv"), small("b.csv")], ["the weather in the north", "shares fell on monday"]).model
    file = tmp_path / "folder" / "spam.safetensors"
    replace(made, origin={"command": "x"}).save(file)
    stored = load(file)
    assert stored.origin == {"command": "x"}
    texts = ["check out my channel", "i love this song"]
    assert stored.judge(texts).logit == pytest.approx(made.judge(texts).logit, abs=0.05)
    assert stored.judge(texts).logit[0] > 0 > stored.judge(texts).logit[1]


def test_training_twice_gives_the_same_model() -> None:
    first, second = (train([small()]).model for _ in range(2))
    assert all((first.tables[name].spam == second.tables[name].spam).all() for name in first.tables)
    assert first.slope == second.slope and (first.familiar == second.familiar).all()


def test_the_shipped_model_is_small_and_says_what_it_is_made_from() -> None:
    assert SHIPPED.stat().st_size < 2_000_000
    card = json.loads(SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))
    assert {name: json.loads(value) for name, value in load().origin.items()} == card
    assert card["command"].startswith("trend spam train") and "CC BY 4.0" in card["origin"]
    assert load().lexicon == LEXICON


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpamModelError, match="cannot be read"):
        load(tmp_path / "none.safetensors")
    (tmp_path / "bad").write_text("text")
    with pytest.raises(SpamModelError, match="cannot be read"):
        load(tmp_path / "bad")


def test_labelled_tables(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('\ufeffID,Text,Label\n1,"two\nlines",spam\n2,fine,0\n', encoding="utf-8")
    read = read_labelled(file)
    assert read.texts == ["two\nlines", "fine"] and read.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("a,b\n1,2\n", "no column of texts"),
        ("text,b\n1,2\n", "no column of labels"),
        ("text,class\nhello,perhaps\n", "line 2: the label 'perhaps'"),
        ("", "no column of texts"),
    ],
)
def test_what_is_no_labelled_table_says_why(tmp_path: Path, table: str, message: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(table, encoding="utf-8")
    with pytest.raises(LabelledFileError, match=message):
        read_labelled(file)


def test_too_few_texts_make_no_model() -> None:
    with pytest.raises(ValueError, match="at least 10 texts"):
        train([Labelled("a.csv", ["x"] * 12, np.array([1] * 9 + [0] * 3))])
