"""The published formulas, against cases computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from math import exp, inf, log, log10

import numpy as np
import pytest

from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.formulas import FORMULAS, formula_rankings
from trend_assets.forecasting.formulas.ageing import hacker_news, lemmy_active, lemmy_hot, reddit_hot
from trend_assets.forecasting.formulas.burst_automaton import weights
from trend_assets.forecasting.formulas.cascade import expected_mentions, spent
from trend_assets.forecasting.formulas.mastodon import mastodon_trends
from trend_assets.forecasting.formulas.nearest_shapes import NearestShapes, shapes, votes
from trend_assets.forecasting.formulas.surprise import poisson_surprise, significance
from trend_assets.forecasting.history import HOUR, History, to_epoch
from trend_assets.forecasting.labels import Cut, LabelSettings, make_cut
from trend_assets_tests.forecasting.conftest import START, mentions

DAY = 24 * HOUR


def asked(rows: list[tuple[float, str, str | None]], at: float) -> tuple[History, Cut]:
    """A history from (hours since the start, topic, user), and the cut `at` so many hours."""
    frame = mentions([(START + timedelta(hours=hours), topic, user) for hours, topic, user in rows])
    history = History.from_mentions(frame, START, START + timedelta(hours=at))
    return history, make_cut(history, to_epoch(START + timedelta(hours=at)), LabelSettings())


def test_points_against_age() -> None:
    history, cut = asked([(90.0, "a", "u")] + [(90.0 + 0.5 * n, "a", f"u{n}") for n in range(1, 17)], 100.0)
    assert hacker_news(history, cut)[0] == pytest.approx(16**0.8 / 12**1.8)
    posted = START + timedelta(hours=90)
    since = (posted - datetime(2005, 12, 8, 7, 46, 43, tzinfo=UTC)).total_seconds()
    assert reddit_hot(history, cut)[0] == pytest.approx(log10(17) + since / 45_000)
    assert lemmy_hot(history, cut)[0] == pytest.approx(log(20) / 12**1.8)
    # The last mention came at 98.
    assert lemmy_active(history, cut)[0] == pytest.approx(log(20) / 4**1.8)


def test_lemmy_counts_no_comment_after_two_days() -> None:
    history, cut = asked([(1.0, "a", "u"), (40.0, "a", "v"), (99.0, "a", "w")], 100.0)
    assert lemmy_active(history, cut)[0] == pytest.approx(log(6) / 62**1.8)


def test_mastodon_compares_accounts_of_today_and_yesterday() -> None:
    yesterday = [(30.0 + n, "a", f"u{n}") for n in range(2)]
    # Ten mentions by nine accounts; the ninth comes in the hour from 58 to 59.
    today = [(50.0 + n, "a", f"v{n}") for n in range(9)] + [(57.5, "a", "v0")]
    few = [(50.0 + n, "b", f"v{n}") for n in range(4)]
    history, cut = asked(yesterday + today + few, 63.0)
    told = dict(zip([history.topics[topic] for topic in cut.topics], mastodon_trends(history, cut), strict=True))
    assert told["a"] == pytest.approx((9 - 2) ** 2 / 2 * 0.5 ** (4 / 4))
    assert told["b"] == 0


def test_mastodon_forgets_with_the_new_day_and_counts_strangers_each() -> None:
    history, cut = asked([(20.0, "a", None)] * 6 + [(25.0, "a", "u")], 32.0)
    # Six accounts at 21, none the day before, which counts as one; eleven hours ago.
    assert mastodon_trends(history, cut)[0] == pytest.approx((6 - 1) ** 2 * 0.5 ** (11 / 4))


def test_poisson_surprise_is_in_widths_of_the_interval() -> None:
    daily = [(719.0 - 24 * day, "a", "u") for day in range(30)]
    # Mentions at another time of the day do not count.
    history, cut = asked([*daily, *[(719.0, "a", "u")] * 29, *[(700.0, "a", "u")] * 9], 720.0)
    counted = [30.0 if day == 0 else 1.0 for day in range(30)]
    mean = sum(counted) / 30
    below = [sum(exp(-mean) * mean**n / np.prod(range(1, n + 1)) for n in range(k + 1)) for k in range(20)]
    low, high = (next(k for k, share in enumerate(below) if share >= level) for level in (0.005, 0.995))
    assert poisson_surprise(history, cut)[0] == pytest.approx((30 - mean) / (high - low))


def test_significance_is_above_the_moving_average() -> None:
    other = [(24.0 * day + 1, "b", "u") for day in range(30)] * 3
    history, cut = asked([*other, (24.0 * 28 + 2, "a", "u"), *[(24.0 * 29 + 2, "a", "u")] * 6], 720.0)
    told = dict(zip([history.topics[topic] for topic in cut.topics], significance(history, cut), strict=True))
    rate = 1 - 0.5 ** (1 / 7)
    mean, variance = rate * 0.25, (1 - rate) * rate * 0.25**2
    bias = 1 / ((28 * 3 + 4 + 9) / 30)
    assert told["a"] == pytest.approx((6 / 9 - max(mean, bias)) / (variance**0.5 + bias))


def test_the_automaton_finds_the_cheapest_states() -> None:
    chance = np.random.default_rng(5)
    counts = chance.poisson([[0.3, 0.3, 4, 5, 0.3, 3, 3], [0.2] * 7, [0.1, 0.1, 0.1, 0.1, 0.1, 6, 7]]).astype(float)
    whole = np.full(7, 20.0)
    for row, found in zip(counts, weights(counts, whole), strict=True):
        usual = row.sum() / whole.sum()
        shares = (usual, 2 * usual)

        def cost(state: int, hour: int, row=row, shares=shares) -> float:
            share, count = shares[state], row[hour]
            return -(count * log(share) + (20.0 - count) * log(1 - share)) if share else 0.0

        cheapest = {0: inf, 1: inf}
        burst = 0.0
        for states in product((0, 1), repeat=7):
            entered = sum(log(7) for before, state in zip((0, *states), states, strict=False) if state > before)
            total = entered + sum(cost(state, hour) for hour, state in enumerate(states))
            if total < cheapest[states[-1]]:
                cheapest[states[-1]] = total
                if states[-1]:
                    start = 7 - next((n for n, state in enumerate(reversed(states)) if not state), 7)
                    burst = sum(cost(0, hour) - cost(1, hour) for hour in range(start, 7))
        ahead = cheapest[0] - cheapest[1]
        assert found == pytest.approx(burst if ahead > 0 else ahead), row
    assert weights(counts, whole)[2] > 0 > weights(counts, whole)[1]


def test_a_mentions_effect_is_spent_as_seismics_kernel_says() -> None:
    whole = 300 + 300 / 0.242
    assert spent(np.array([0.0, 150.0, 300.0])) == pytest.approx([0, 150 / whole, 300 / whole])
    grid = np.linspace(300, 36_000, 200_001)
    tail = np.trapezoid((grid / 300) ** -1.242, grid)
    assert spent(np.array([36_000.0]))[0] == pytest.approx((300 + tail) / whole, rel=1e-6)


def test_the_cascade_expects_what_the_last_day_infected() -> None:
    history, cut = asked([(10.0, "a", "u"), (98.0, "a", "v"), (99.0, "a", "w")], 100.0)
    age = np.array([90.0, 2.0, 1.0]) * HOUR
    lately = spent(age) - spent(np.maximum(age - DAY, 0))
    infectious = (2 + 1) / (lately.sum() + 1)
    to_come = (spent(age + DAY) - spent(age)).sum()
    expected = infectious * to_come / (1 - min(infectious, 0.95))
    assert expected_mentions(DAY)(history, cut)[0] == pytest.approx(expected)


def test_votes_take_the_nearest_shift() -> None:
    seen = np.array([[1.0, 2.0, 3.0]])
    voters = np.array([[9.0, 1.0, 2.0, 3.0, 9.0], [0.0, 0.0, 1.0, 2.0, 4.0]])
    assert votes(seen, voters)[0] == pytest.approx(log(exp(0) + exp(-0.1)))


def test_shapes_are_steps_over_the_mean() -> None:
    found = shapes(np.array([[0.0, 3.0, 3.0, 0.0, 0.0, 0.0]]))[0]
    step = 3.0**1.2
    assert found == pytest.approx(np.log(np.array([0, step, step, 2 * step, step, step]) + 0.01))


def test_topics_that_rose_vote_for_those_like_them(history: History) -> None:
    memory = CutMemory(LabelSettings())
    ranking = NearestShapes("nearest", memory)
    until = history.start + 60 * DAY
    ranking.fit(history, until)
    cut = make_cut(history, until, LabelSettings())
    after = history.counts(cut.topics, until, until + DAY)
    scores = ranking.score(history.until(until), cut)["bursts"]
    assert scores[after >= 8].mean() > scores[after == 0].mean()


def test_all_formulas_rank_every_topic(history: History) -> None:
    rankings = formula_rankings(CutMemory(LabelSettings()))
    assert [ranking.name for ranking in rankings] == list(FORMULAS)
    cut = make_cut(history, history.start + 50 * DAY, LabelSettings())
    for ranking in rankings:
        ranking.fit(history, cut.time)
        scores = ranking.score(history.until(cut.time), cut)
        assert set(scores) >= {"bursts", "emerges"}, ranking.name
        assert all(np.isfinite(values).all() and len(values) == len(cut) for values in scores.values()), ranking.name
