from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.gen_z import WEIGHTS, gen_z_score
from trend_assets.sources.event import Event


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
    result = gen_z_score(given_event, hashtags)
    assert set(result.parts) == {part}
    assert result.score == pytest.approx(WEIGHTS[part] * result.parts[part])


def test_what_is_not_known_is_absent() -> None:
    assert gen_z_score(event("Quarterly earnings beat estimates."), []).parts == {}
    assert gen_z_score(event("Dance", hour=23), []).score == 0.0
    assert gen_z_score(event("Dance", features={"likes": 90.0}), []).parts == {}
    assert gen_z_score(event("Dance", features={"likes": 90.0, "views": 0.0}), []).parts == {}


def test_parts_add_up_without_leaving_the_range() -> None:
    one = gen_z_score(event("no cap fr fr this slay bestie"), [])
    two = gen_z_score(event("no cap fr fr this slay bestie \U0001f480\U0001f480\U0001f480"), ["fyp", "tiktok"])
    assert one.score < two.score < 1.0


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5), st.floats(0, 1e12), st.floats(0, 1e12))
def test_the_score_stays_in_range(text: str, hashtags: list[str], likes: float, views: float) -> None:
    result = gen_z_score(event(text, features={"likes": likes, "views": views}), hashtags)
    assert 0.0 <= result.score < 1.0
    assert all(0.0 < value <= 1.0 for value in result.parts.values())
