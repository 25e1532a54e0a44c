from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.history import HOUR, MENTIONS_SCHEMA, History, to_epoch
from trend_assets.forecasting.labels import LabelSettings, make_cut, outcomes

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
    assert judged(rows)["breaks_out"] == {"newborn": True, "seen before": False, "weak newborn": False}


def test_emerges_needs_growth() -> None:
    found = judged({"grows": [OLD, (-5, 6), (2, 10)], "flat": [OLD, (-5, 7), (2, 10)], "small": [OLD, (-1, 1), (2, 7)]})
    assert found["emerges"] == {"grows": True, "flat": False, "small": False}


def test_growth_and_counts() -> None:
    history = history_of({"a": [(-30, 5), (-24, 1), (-1, 2), (0, 7)]})
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    became = outcomes(history, cut, SETTINGS)
    assert (cut.support.tolist(), cut.before.tolist(), became.after.tolist()) == ([3], [3], [7])
    assert became.growth == pytest.approx([np.log(8) - np.log(4)])


def test_a_cut_knows_nothing_later() -> None:
    rows = {"a": [(-1, 2)], "b": [(-3, 1)]}
    later = {"a": [(-1, 2), (1, 9)], "b": [(-3, 1)], "c": [(0, 30)]}
    ours, other = (
        make_cut(history_of(each, CUT - timedelta(days=40)), to_epoch(CUT), SETTINGS) for each in (rows, later)
    )
    for name in ("topics", "support", "before", "usual"):
        assert np.array_equal(getattr(ours, name), getattr(other, name))


def test_outcomes_wait_for_the_horizon() -> None:
    history = history_of({"a": [(-1, 2)]})
    cut = make_cut(history, to_epoch(CUT), SETTINGS)
    with pytest.raises(ValueError, match="before the horizon"):
        outcomes(history.until(cut.time + 23 * HOUR), cut, SETTINGS)
    with pytest.raises(ValueError, match="before the cut"):
        make_cut(history.until(cut.time - HOUR), cut.time, SETTINGS)


@pytest.mark.parametrize("wrong", [{"window_hours": 0}, {"horizon_hours": 169}, {"threshold": 0}])
def test_settings_without_meaning_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LabelSettings(**wrong)
