from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.gen_z import LEXICON_FILE, PARTS, GenZScorer, Lexicon, LexiconError
from trend_assets.sources.event import Event

SCORER = GenZScorer()


def event(text: str = "", hour: int = 12, **given) -> Event:
    return Event(datetime(2024, 5, 1, hour, tzinfo=UTC), "youtube", "comment", "1", text=text, **given)


@pytest.mark.parametrize(
    ("given_event", "hashtags", "part"),
    [
        (event("No cap, that was bussin"), [], "slang"),
        (event("Look \U0001f480\U0001f480"), [], "emoji"),
        (event("i just think they're neat"), [], "lower_case"),
        (event("Dance"), ["fyp"], "short_video"),
        (event("Dance", features={"likes": 90.0, "views": 1000.0}), [], "engagement"),
        (event("Dance", features={"likes": 90.0, "impressions": 1000.0}), [], "engagement"),
        (event("Dance", hour=3, features={"utc_offset_seconds": -18_000.0}), [], "late_evening"),
    ],
)
def test_each_part_is_seen_alone(given_event: Event, hashtags: list[str], part: str) -> None:
    result = SCORER.score(given_event, hashtags)
    assert set(result.parts) == {part}
    assert result.score == pytest.approx(SCORER.lexicon.weights[part] * result.parts[part])


def test_what_is_not_known_is_absent() -> None:
    assert SCORER.score(event("Quarterly earnings beat estimates."), []).parts == {}
    assert SCORER.score(event("Dance", hour=23), []).score == 0.0
    assert SCORER.score(event("Dance", features={"likes": 90.0}), []).parts == {}
    assert SCORER.score(event("Dance", features={"likes": 90.0, "views": 0.0}), []).parts == {}


def test_parts_add_up_without_leaving_the_range() -> None:
    one = SCORER.score(event("no cap fr fr this slay bestie"), [])
    two = SCORER.score(event("no cap fr fr this slay bestie \U0001f480\U0001f480\U0001f480"), ["fyp", "tiktok"])
    assert one.score < two.score < 1.0


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5), st.floats(0, 1e12), st.floats(0, 1e12))
def test_the_score_stays_in_range(text: str, hashtags: list[str], likes: float, views: float) -> None:
    result = SCORER.score(event(text, features={"likes": likes, "views": views}), hashtags)
    assert 0.0 <= result.score < 1.0
    assert all(0.0 < value <= 1.0 for value in result.parts.values())


SHIPPED = json.loads(LEXICON_FILE.read_text(encoding="utf-8"))


def scorer(folder: Path, **changed: Any) -> GenZScorer:
    file = folder / "lexicon.json"
    file.write_text(json.dumps(SHIPPED | changed), encoding="utf-8")
    return GenZScorer(Lexicon.read(file))


def test_a_lexicon_of_ones_own_is_used(tmp_path: Path) -> None:
    german = scorer(tmp_path, version="3", language="de", words=["Digga"], phrases=["auf  Lock"], hashtags=["fürdich"])
    assert (german.lexicon.version, german.lexicon.language) == ("3", "de")
    assert set(german.score(event("Na DIGGA, alles klar?"), []).parts) == {"slang"}
    assert set(german.score(event("Heute auf Lock."), []).parts) == {"slang"}
    assert set(german.score(event("Dance"), ["fürdich"]).parts) == {"short_video"}
    assert german.score(event("No cap, that was bussin"), ["fyp"]).parts == {}


def test_a_part_without_weight_is_not_looked_for(tmp_path: Path) -> None:
    quiet = scorer(tmp_path, weights={**SHIPPED["weights"], "slang": 0})
    assert quiet.score(event("No cap, that was bussin"), []).parts == {}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": {}}, "lacks 'slang'"),
        ({"weights": dict.fromkeys(PARTS, 1.0)}, "not so of slang, emoji"),
        ({"weights": dict.fromkeys(PARTS, "much")}, "could not convert"),
        ({"words": "slay"}, "a list is one text"),
    ],
)
def test_what_is_no_lexicon_says_why(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(LexiconError, match=message):
        scorer(tmp_path, **changed)


def test_a_file_that_is_not_there_or_no_json_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("words: slay")
    for name in ("none.json", "bad.json"):
        with pytest.raises(LexiconError, match=name):
            Lexicon.read(tmp_path / name)
