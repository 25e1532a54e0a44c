"""What people read: numbers that say what happened, and nothing that hides a fall."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.labels import LABELS
from trend_assets.words import (
    COUNTING,
    DEFAULT_LABEL,
    MADE,
    TITLES,
    Decision,
    ahead,
    chance_of,
    change,
    comes_true,
    counted,
    counted_because,
    expected_mentions,
    forecast_in_words,
    forecaster,
    is_counting,
    kind_of,
    label_ahead,
    likely,
    list_title,
    no_chance,
    outcome,
    outlook,
    verdict,
    waits_for,
)

COUNTS = st.integers(0, 100_000)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (25, 46, "25 → 46 ▲ 84 %"),
        (93, 11, "93 → 11 ▼ 88 %"),
        (0, 11, "0 → 11 ▲"),
        (7, 7, "7 → 7 ="),
        (1200, 1500, "1,200 → 1,500 ▲ 25 %"),
    ],
)
def test_a_change_is_told_in_numbers_and_direction(before: int, after: int, told: str) -> None:
    assert change(before, after) == told


@given(COUNTS, COUNTS, st.floats(0, 1e4), st.sampled_from(LABELS))
def test_no_outcome_hides_that_mentions_fell(before: int, after: int, usual: float, label: str) -> None:
    told = outcome(label, before, after, usual)
    assert ("▼" in told) == (after < before) and ("▲" in told) == (after > before)


def test_an_unusual_height_is_told_beside_what_is_usual() -> None:
    assert outcome("bursts", 93, 11, 0.0) == "11 mentions, usual 0 (93 → 11 ▼ 88 %)"
    assert outcome("bursts", 0, 1, 0.4) == "1 mention, usual 0 (0 → 1 ▲)"
    assert outcome("emerges", 25, 46, 3.0) == "25 → 46 ▲ 84 %"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (25, 49.2, "25 → about 50"),
        (2, 19, "2 → about 19"),
        (110, 246, "110 → about 250"),
        (25, 20, "25 → about 20"),
        (25, 25, "25 → about 25"),
        (22, 22, "22 → about 20"),
        (25, 0, "25 → about 0"),
    ],
)
def test_growth_is_told_as_a_size(before: int, after: float, told: str) -> None:
    growth = math.log1p(after) - math.log1p(before)
    assert outlook(before, expected_mentions(before, growth)) == told


def test_rounding_crosses_no_size_that_is_needed() -> None:
    growth = math.log1p(21) - math.log1p(17)
    assert expected_mentions(17, growth) == 20
    assert [expected_mentions(17, growth, needed) for needed in (21, 22)] == [21, 20]


def test_without_an_estimate_no_size_is_told() -> None:
    assert expected_mentions(25, None) is None


@given(COUNTS, st.floats(-5, 5))
def test_an_expected_size_is_near_what_was_estimated_and_on_its_side(before: int, growth: float) -> None:
    expected = expected_mentions(before, growth)
    real = max((1 + before) * math.exp(growth) - 1, 0)
    assert expected is not None and expected >= 0
    assert abs(expected - real) <= max(2.5, 0.06 * real)
    assert (expected > before) == (real >= before + 0.5)


@given(st.floats(0, 1))
def test_a_chance_is_told_in_words(confidence: float) -> None:
    told = likely(confidence)
    assert told.endswith(" such should come true")
    assert ("5 in 10" in told) == (0.45 <= confidence < 0.55) and ("not quite" in told) <= (confidence < 0.5)


def test_a_chance_of_four_fifths_means_eight_of_ten() -> None:
    assert likely(0.81) == "likely: about 8 in 10 such should come true"
    assert likely(0.46) == "possible: not quite 5 in 10 such should come true"
    assert [likely(confidence).split(": ")[1][:13] for confidence in (0.25, 0.75)] == ["about 3 in 10", "about 8 in 10"]
    assert no_chance("baseline:mentions_24h") == "no chance given: ranked by counting"
    assert no_chance("tgn-2015-01-05-s17") == "no chance given: the model could not be calibrated for this"
    assert forecast_in_words("bursts", 25, 0.67, 0.81, 24) == (
        "unusually high for this topic (chance 81 %): 25 → about 50 mentions in 24 h"
    )


def test_a_label_is_named_with_its_horizon_and_known_again() -> None:
    assert [label_ahead("emerges", hours, 24) for hours in (6, 24, 48, 168)] == [
        "emerges_6h",
        "emerges",
        "emerges_2d",
        "emerges_7d",
    ]
    assert label_ahead("emerges", 24, 12) == "emerges_24h"
    assert all(kind_of(label_ahead(kind, hours, 24)) == kind for kind in LABELS for hours in range(1, 169))
    assert [ahead(hours) for hours in (6, 24, 30, 168)] == ["6 h", "24 h", "30 h", "7 days"]
    assert forecast_in_words("emerges_7d", 25, None, None, 168) == "will grow: 25 mentions in 7 days"
    assert forecast_in_words("emerges_7d", 25, None, None, 168, model_version="baseline:mentions_7d") == (
        "for the next 7 days, ranked by counting: most mentions in 7 days; 25 mentions in the 7 days before"
    )


def test_a_list_is_called_what_it_is() -> None:
    told = [list_title(kind, 24, "tgn-2015-01-05-s17") for kind in TITLES]
    assert told == [
        "Likeliest to grow in 24 h",
        "Likeliest to be unusually high in 24 h",
        "New, and likeliest to rise in 24 h",
    ]
    counting = list_title("emerges_7d", 168, "baseline:mentions_3h")
    assert counting == "For the next 7 days, ranked by counting: most mentions in 3 h"


def test_what_a_forecast_needs_to_come_true() -> None:
    told = [comes_true(kind, 24, 8, 4, 2.0) for kind in LABELS]
    assert told == [
        "at least 8 mentions in 24 h, and 2 times as many as at the same hours of the weeks before",
        "at least 8 mentions in 24 h of a topic first seen in the day before",
        "at least 8 mentions in 24 h, and 4 more than in the 24 h before",
    ]
    assert comes_true("emerges", 168, 20, 10, 2.0).endswith("in 7 days, and 10 more than in the 7 days before")


def test_every_label_has_words_and_growth_is_the_default() -> None:
    assert set(TITLES) == set(LABELS)
    assert DEFAULT_LABEL == "emerges"
    assert [verdict(value) for value in (True, False, None)] == ["came true", "did not come true", "not due yet"]
    due = datetime(2015, 1, 6, 10, tzinfo=UTC)
    told = [waits_for(due, newest and due - newest) for newest in (None, timedelta(hours=2), timedelta(minutes=2))]
    assert told == ["not known: the posts end before", "not known: the posts end before", "not scored yet"]
    assert set(MADE) == {"late", "backfill", "revised", "unrecorded"}


def test_counting_is_named_by_what_it_counts() -> None:
    assert set(COUNTING) == {ranking.name for ranking in counting_rankings()}
    assert forecaster("baseline:mentions_24h") == "counting: most mentions in 24 h"
    assert forecaster("tgn-2015-01-05-s17") == "tgn-2015-01-05-s17"
    assert is_counting("baseline:ewma_3d") and not is_counting("tgn-2015-01-05-s17")


@pytest.mark.parametrize(
    ("confidence", "told"),
    [(1.0, ">99%"), (0.995, ">99%"), (0.994, "99%"), (0.864, "86%"), (0.004, "<1%"), (0.0, "<1%")],
)
def test_nothing_is_told_to_be_certain(confidence: float, told: str) -> None:
    assert chance_of(confidence) == told


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (None, "no model has been trained for this hour yet, so "),
        (Decision("tgn-1", "refused", "no better than counting"), "no better than counting. More history helps most"),
        (Decision("tgn-1", "withdrawn", "rolled back by hand"), "the trained model tgn-1 was withdrawn, so topics are"),
        (Decision("tgn-1", "promoted", "better"), "tgn-1 was not used at this hour, so "),
    ],
)
def test_why_counting_ranks_is_one_sentence_with_what_is_missing(decision: Decision | None, told: str) -> None:
    assert told in counted_because((), decision)
    assert "so topics are ranked by the count that did best" in counted_because((), decision)


def test_where_nothing_was_compared_no_count_is_said_to_have_done_best() -> None:
    told = counted_because(compared=False)
    assert "ranked by their mentions in 24 h (too little lies before" in told and "did best" not in told


def test_of_a_further_horizon_its_own_gate_tells_why() -> None:
    refused = Decision("tgn-1", "refused", "of the main horizon")
    assert counted_because(["too few cuts"], refused).endswith("no chance is given: too few cuts")
    assert counted_because([None]).endswith("it has not learnt this horizon")


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 mentions"), (1, "1 mention"), (1.0, "1 mention"), (2.5, "2.5 mentions"), (1234567, "1,234,567 mentions")],
)
def test_a_number_of_things_is_told_whole(number: float, told: str) -> None:
    assert counted(number, "mention") == told
