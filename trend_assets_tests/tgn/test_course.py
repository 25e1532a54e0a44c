from __future__ import annotations

import numpy as np
import pytest

from trend_assets.forecasting.history import HOUR, History
from trend_assets.tgn.course import COURSE_NAMES, course_table
from trend_assets_tests.tgn.histories import EPOCH, history_of

DAY = 24 * HOUR
HOURS = 40 * 24


@pytest.fixture(scope="module")
def history() -> History:
    chance = np.random.default_rng(5)
    hours = np.sort(chance.uniform(0, HOURS, 3_000))
    topics = chance.exponential(30, 3_000)
    rows = [(float(hour), f"#{int(topic)}", "somebody") for hour, topic in zip(hours, topics, strict=True)]
    return history_of(rows, HOURS)


def told(times: list[int], own: list[int], moment: int, born: list[int]) -> dict[str, float]:
    """What the table says of a topic, counted one mention at a time."""
    times, own = [each for each in times if each < moment], [each for each in own if each < moment]

    def between(every: list[int], start: int, end: int) -> int:
        return sum(start <= each < end for each in every)

    found, since = {}, {}
    for back in (1, 2, 3, 5, 8, 10):
        last = own[-min(back, len(own))]
        since[back] = between(times, last, moment)
        found[f"stream_since_{back}"] = np.log1p(since[back])
        if back in (1, 3):
            found[f"newer_topics_{back}"] = np.log1p(between(born, last, moment))
    gap = (since[8] - since[1]) / max(min(8, len(own)) - 1, 1)
    found["stream_since_by_gap"] = np.log1p(since[1]) - np.log1p(gap)
    for hours in (1, 6, 24):
        start = moment - hours * HOUR
        share = np.log1p(between(own, start, moment)) - np.log1p(between(times, start, moment))
        found[f"stream_share_{hours}h"] = share
    week_ago = between(times, moment - 7 * DAY, moment - 6 * DAY)
    known = moment - 7 * DAY >= EPOCH
    found["stream_next_day"] = np.log1p(week_ago) - np.log1p(between(times, moment - DAY, moment)) if known else 0.0
    daily = [between(own, moment - (day + 1) * DAY, moment - day * DAY) for day in range(28)]
    found["most_daily"], found["days_since_most"] = np.log1p(max(daily)), np.log1p(daily.index(max(daily)))
    found["active_days"], found["daily_spread"] = sum(day > 0 for day in daily), np.log1p(np.std(daily))
    for weeks in (2, 3, 4):
        found[f"same_day_{weeks}_weeks_ago"] = np.log1p(daily[7 * weeks - 1])
    found["first_day"] = np.log1p(between(own, own[0], min(own[0] + DAY, moment)))
    found["first_hour"] = np.log1p(between(own, own[0], min(own[0] + HOUR, moment)))
    return found


@pytest.mark.parametrize("hours", [30, 200, 700.5, HOURS])
def test_each_column_is_what_counting_by_hand_gives(history: History, hours: float) -> None:
    moment = EPOCH + int(hours * HOUR)
    topics = history.until(moment).candidates(moment, 7 * DAY)
    table = course_table(history, topics, np.full(len(topics), moment))
    assert table.shape == (len(topics), len(COURSE_NAMES)) and len(topics) > 20
    times = history.time.tolist()
    born = [int(history.time[history.topic == topic][0]) for topic in range(history.topic_count)]
    for row, topic in zip(table, topics, strict=True):
        expected = told(times, history.time[history.topic == topic].tolist(), moment, born)
        assert expected.keys() == set(COURSE_NAMES)
        np.testing.assert_allclose(row, [expected[name] for name in COURSE_NAMES], rtol=1e-5, atol=1e-5)


def test_what_comes_later_changes_no_bit(history: History) -> None:
    moment = EPOCH + 300 * HOUR
    before = history.until(moment)
    topics = before.candidates(moment, 7 * DAY)
    moments = np.full(len(topics), moment)
    whole = course_table(history, topics, moments)
    assert np.array_equal(course_table(before, topics, moments), whole)
    # Nor does a row depend on those beside it.
    assert np.array_equal(course_table(history, topics[3:4], moments[3:4]), whole[3:4])
