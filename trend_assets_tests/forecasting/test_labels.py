from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.history import HOUR, MENTIONS_SCHEMA, History, to_epoch
from trend_assets.forecasting.labels import FurtherHorizon, LabelSettings, make_cut, outcomes

CUT = datetime(2024, 3, 4, tzinfo=UTC)
SETTINGS = LabelSettings()


def history_of(rows: dict[str, list[tuple[float, int]]], start: datetime | None = None) -> History:
    """Mentions by topic: (hours from the cut, how many)."""
    frame = pl.DataFrame(
        [
            (CUT + timedelta(hours=hour), topic, "u", 1.0)
            for topic, mentions in rows.items()
            for hour, number in mentions
            for _ in range(number)
        ],
        schema=MENTIONS_SCHEMA,
        orient="row",
    )
    return History.from_mentions(frame, start, CUT + timedelta(hours=48))


def judged(rows: dict[str, list[tuple[float, int]]], start: datetime | None = None) -> dict[str, dict[str, bool]]:
    history = history_of(rows, start)
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    result = outcomes(history, cut, SETTINGS).labels
    names = [history.topics[topic] for topic in cut.topics]
    return {label: dict(zip(names, values.tolist(), strict=True)) for label, values in result.items()}


WEEK = 168
OLD = (-40 * 24, 1)  # seen long ago, so that the topic is not newborn and the history reaches back


def test_bursts_needs_twice_the_usual_of_four_weeks() -> None:
    usual_four = [(-week * WEEK + 1, 4) for week in (1, 2, 3, 4)]
    found = judged(
        {
            "twice": [OLD, *usual_four, (-1, 1), (0, 8)],
            "less": [OLD, *usual_four, (-WEEK, 1), (-1, 1), (23.9, 8)],
            "few": [OLD, (-1, 1), (0, 7)],
            "too late": [OLD, (-1, 1), (0, 7), (24, 5)],
        }
    )
    assert found["bursts"] == {"twice": True, "less": False, "few": False, "too late": False}


def test_a_week_before_birth_counts_as_zero_but_one_before_the_history_is_left_out() -> None:
    # Eight mentions last week: 8 / 4 = 2 a week, or 8 alone where the history is younger than two weeks.
    topic = {"a": [(-WEEK + 2, 8), (-1, 1), (3, 8)]}
    assert judged(topic | {"b": [OLD]})["bursts"]["a"] is True
    assert judged(topic, start=CUT - timedelta(days=13))["bursts"]["a"] is False


@pytest.mark.parametrize(
    ("hours", "bursts", "breaks_out"), [(40, False, False), (48, False, True), (167, False, True), (168, True, True)]
)
def test_what_was_usual_or_known_before_is_not_asked_where_nothing_was_collected(
    hours: int, bursts: bool, breaks_out: bool
) -> None:
    history = history_of({"new": [(-3, 2), (1, 20)]}, CUT - timedelta(hours=hours))
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    asked = {label: bool(flags[0]) for label, flags in cut.asked.items()}
    assert asked == {"bursts": bursts, "breaks_out": breaks_out, "emerges": True}
    assert {label: bool(flags[0]) for label, flags in outcomes(history, cut, SETTINGS).labels.items()} == asked


def test_breaks_out_asks_only_newborn_topics() -> None:
    rows = {
        "newborn": [(-24, 1), (1, 8)],
        "seen before": [(-24.5, 1), (-3, 1), (1, 8)],
        "weak newborn": [(-2, 3), (1, 7)],
    }
    history = history_of(rows, CUT - timedelta(days=60))
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    asked = {history.topics[topic]: bool(flag) for topic, flag in zip(cut.topics, cut.asked["breaks_out"], strict=True)}
    assert asked == {"newborn": True, "seen before": False, "weak newborn": True}
    assert judged(rows, CUT - timedelta(days=60))["breaks_out"] == {
        "newborn": True,
        "seen before": False,
        "weak newborn": False,
    }


def test_emerges_needs_growth() -> None:
    found = judged({"grows": [OLD, (-5, 6), (2, 10)], "flat": [OLD, (-5, 7), (2, 10)], "small": [OLD, (-1, 1), (2, 7)]})
    assert found["emerges"] == {"grows": True, "flat": False, "small": False}


def test_growth_and_counts() -> None:
    history = history_of({"a": [(-30, 5), (-24, 1), (-1, 2), (0, 7)]})
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    became = outcomes(history, cut, SETTINGS)
    assert (cut.support.tolist(), cut.before[24].tolist(), became.after[24].tolist()) == ([3], [3], [7])
    assert became.growth[24] == pytest.approx([np.log(8) - np.log(4)])


def test_a_cut_knows_nothing_later() -> None:
    rows = {"a": [(-1, 2)], "b": [(-3, 1)]}
    later = {"a": [(-1, 2), (1, 9)], "b": [(-3, 1)], "c": [(0, 30)]}
    ours, other = (
        make_cut(history_of(each, CUT - timedelta(days=40)), to_epoch(CUT), SETTINGS) for each in (rows, later)
    )
    for name in ("topics", "support", "usual"):
        assert np.array_equal(getattr(ours, name), getattr(other, name))
    assert np.array_equal(ours.before[24], other.before[24])


def test_outcomes_wait_for_the_horizon() -> None:
    history = history_of({"a": [(-1, 2)]})
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    with pytest.raises(ValueError, match="before the horizon"):
        outcomes(history.until(cut.time + 23 * HOUR), cut, SETTINGS)
    with pytest.raises(ValueError, match="before the cut"):
        make_cut(history.until(cut.time - HOUR), cut.time, SETTINGS)


def test_a_further_horizon_has_a_label_and_an_outcome_of_its_own() -> None:
    settings = LabelSettings(further=(FurtherHorizon(6, 4, 2), FurtherHorizon(48, 16, 8)))
    rows = {"soon": [(-7, 9), (-1, 2), (0, 4), (6, 3)], "late": [(-30, 1), (-1, 7), (5.9, 3), (47, 13)]}
    history = history_of(rows)
    cut = make_cut(history, to_epoch(CUT), settings)
    became = outcomes(history, cut, settings)
    names = [history.topics[topic] for topic in cut.topics]
    assert dict(zip(names, cut.before[6].tolist(), strict=True)) == {"soon": 2, "late": 7}
    assert dict(zip(names, cut.before[48].tolist(), strict=True)) == {"soon": 11, "late": 8}
    assert list(became.labels) == ["bursts", "breaks_out", "emerges", "emerges_6h", "emerges_2d"]
    assert dict(zip(names, became.labels["emerges_6h"].tolist(), strict=True)) == {"soon": True, "late": False}
    assert dict(zip(names, became.labels["emerges_2d"].tolist(), strict=True)) == {"soon": False, "late": True}
    assert dict(zip(names, became.after[48].tolist(), strict=True)) == {"soon": 7, "late": 16}


def test_a_horizon_that_has_not_passed_is_absent() -> None:
    settings = LabelSettings(further=(FurtherHorizon(6, 4, 2), FurtherHorizon(48, 16, 8)))
    history = history_of({"a": [(-1, 2), (1, 9)]})
    cut = make_cut(history, to_epoch(CUT), settings)
    became = outcomes(history.until(cut.time + 24 * HOUR), cut, settings)
    assert set(became.labels) == {"bursts", "breaks_out", "emerges", "emerges_6h"} == set(became.needed)
    assert set(became.after) == set(became.growth) == {6, 24}
    assert set(outcomes(history.until(cut.time + 6 * HOUR), cut, settings).labels) == {"emerges_6h"}
    with pytest.raises(ValueError, match="before the horizon"):
        outcomes(history.until(cut.time + 5 * HOUR), cut, settings)


def test_horizons_are_not_named_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        LabelSettings(further=(FurtherHorizon(24, 4, 2),))
    with pytest.raises(ValueError, match="from 1 to 168"):
        LabelSettings(further=(FurtherHorizon(169, 4, 2),))


@pytest.mark.parametrize("wrong", [{"window_hours": 0}, {"horizon_hours": 169}, {"threshold": 0}])
def test_settings_without_meaning_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LabelSettings(**wrong)
