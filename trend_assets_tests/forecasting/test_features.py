from __future__ import annotations

import numpy as np

from trend_assets.forecasting.features import (
    COUNT_NAMES,
    GAPS,
    HALF_LIVES,
    MENTION_WINDOWS,
    USER_WINDOWS,
    count_table,
    log_features,
)
from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.forecasting.labels import LabelSettings, make_cut

DAY = 24 * HOUR


def brute_force(history: History, topic: int, cut: int) -> dict[str, float]:
    mine = history.topic == topic
    times, users = history.time[mine], history.user[mine]

    def within(start: int, end: int) -> int:
        return int(np.sum((times >= start) & (times < end)))

    days = [within(cut - (day + 1) * DAY, cut - day * DAY) for day in range(30)]
    values: dict[str, float] = {f"mentions_{hours}h": within(cut - hours * HOUR, cut) for hours in MENTION_WINDOWS}
    values |= {f"mentions_day_{day}": days[day - 1] for day in range(2, 8)}
    values["same_day_last_week"] = within(cut - 7 * DAY, cut - 6 * DAY)
    for half in HALF_LIVES:
        weights = [0.5 ** (day / half) for day in range(30)]
        values[f"ewma_{half}d"] = sum(w * n for w, n in zip(weights, days, strict=True)) / sum(weights)
    values["age_hours"] = (cut - times.min()) / HOUR
    past = np.sort(times[times < cut])
    values["idle_hours"] = idle = (cut - past[-1]) / HOUR
    for last in GAPS:
        values[f"gap_hours_{last}"] = np.diff(past[-last:]).mean() / HOUR if len(past) > 1 else idle
    for hours in USER_WINDOWS:
        recent = (times >= cut - hours * HOUR) & (times < cut) & (users >= 0)
        values[f"users_{hours}h"] = len(set(users[recent].tolist()))
    values["weekday"], values["hour"] = to_datetime(cut).weekday(), to_datetime(cut).hour
    return values


def test_counts_equal_brute_force(history: History) -> None:
    settings = LabelSettings()
    cuts = [make_cut(history, history.start + hours * HOUR, settings) for hours in (7, 900, 1201)]
    table = count_table(history, cuts)
    rows = [(topic, cut.time) for cut in cuts for topic in cut.topics]
    assert len(rows) == len(table) > 20
    for row, (topic, time) in zip(table, rows, strict=True):
        expected = brute_force(history, topic, time)
        assert list(expected) == list(COUNT_NAMES)
        np.testing.assert_allclose(row, list(expected.values()), rtol=1e-12)


def test_a_cut_has_the_same_bits_alone_and_among_others(history: History) -> None:
    settings = LabelSettings()
    cuts = [make_cut(history, history.start + hours * HOUR, settings) for hours in range(600, 900, 6)]
    together = log_features(count_table(history, cuts))
    alone = np.concatenate([log_features(count_table(history.until(cut.time), [cut])) for cut in cuts])
    assert np.array_equal(together, alone)


def test_logs_leave_the_calendar_alone(history: History) -> None:
    cut = make_cut(history, history.start + 1000 * HOUR, LabelSettings())
    table = count_table(history, [cut])
    features = log_features(table)
    np.testing.assert_array_equal(features[:, -2:], table[:, -2:])
    np.testing.assert_allclose(features[:, :-2], np.log1p(table[:, :-2]), rtol=1e-6)
    assert count_table(history, []).shape == (0, len(COUNT_NAMES))
