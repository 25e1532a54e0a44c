from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.forecasting.labels import LABELS, Cut, LabelSettings, make_cut, outcomes
from trend_assets.forecasting.learned import GradientBoosting, LogisticBaseline
from trend_assets.forecasting.metrics import ndcg_at_k
from trend_assets.forecasting.ranking import Scores

SETTINGS = LabelSettings()


class Oracle:
    """Knows the future, which only a test may; remembers how it was called."""

    name = "tgn"

    def __init__(self, whole: History) -> None:
        self.whole = whole
        self.fits: list[tuple[int, int]] = []
        self.views: list[tuple[int, int]] = []

    def fit(self, history: History, until: int) -> None:
        self.fits.append((history.end, until))

    def score(self, history: History, cut: Cut) -> Scores:
        self.views.append((history.end, cut.time))
        labels = outcomes(self.whole, cut, SETTINGS).labels
        return {label: labels[label].astype(float) for label in LABELS}


def day(history: History, days: float) -> datetime:
    return to_datetime(history.start) + timedelta(days=days)


def test_walk_fits_at_its_start_and_on_mondays_and_shows_only_the_past(history: History) -> None:
    oracle = Oracle(history)
    seen: list[tuple[int, int]] = []
    result = backtest(history, [oracle], day(history, 45), day(history, 60), progress=lambda *at: seen.append(at))
    moments = [to_datetime(until) for _, until in oracle.fits]
    assert moments == [datetime(2024, 2, day, tzinfo=UTC) for day in (15, 19, 26)]
    assert all(end <= until for end, until in oracle.fits)
    assert oracle.views and all(end == time for end, time in oracle.views)
    assert result.cuts == len(seen) == 60
    assert seen[-1] == (60, 60)
    assert result.labels["bursts"].mean("tgn", "ndcg_at_10") == 1.0
    assert len(result.training_seconds["tgn"]) == 3


def test_every_fourth_monday_is_counted_from_the_first(history: History) -> None:
    oracle = Oracle(history)
    backtest(history, [oracle], day(history, 10), day(history, 60), every_hours=12, retraining="four-weekly")
    moments = [to_datetime(until) for _, until in oracle.fits]
    assert moments == [datetime(2024, 1, 11, tzinfo=UTC), datetime(2024, 2, 5, tzinfo=UTC)]
    assert all(end <= time for end, time in oracle.views)


def test_values_equal_a_plain_loop(history: History) -> None:
    ranking = counting_rankings()[0]
    result = backtest(history, [ranking], day(history, 40), day(history, 50), every_hours=12)
    expected = {}
    for time in range(history.start + 40 * 86_400, history.start + 50 * 86_400, 12 * HOUR):
        cut = make_cut(history, time, SETTINGS)
        relevant = outcomes(history, cut, SETTINGS).labels["emerges"]
        if relevant.any() and len(cut) >= 10:
            expected[time] = ndcg_at_k(relevant, ranking.score(history.until(time), cut)["emerges"])
    found = result.labels["emerges"]
    assert dict(zip(found.times.tolist(), found.values["mentions_3h"]["ndcg_at_10"].tolist(), strict=True)) == expected
    assert len(expected) > 5


def test_file_format_and_lead(history: History) -> None:
    oracle = Oracle(history)
    result = backtest(history, [oracle, *counting_rankings()], day(history, 40), day(history, 60), every_hours=12)
    document = json.loads(json.dumps(result.to_json()))
    assert document["cuts"] == 40
    assert set(document["labels"]) == set(LABELS)
    row = document["labels"]["bursts"]
    assert row["tgn"]["ndcg_at_10"] == 1.0
    assert set(row) == {"tgn", *(ranking.name for ranking in counting_rankings())}
    assert set(row["ewma_3d"]) == {"precision_at_10", "ndcg_at_10"}
    other, interval = result.lead_over_best("bursts")
    others = {name: values["ndcg_at_10"] for name, values in row.items() if name != "tgn"}
    assert other == max(others, key=others.__getitem__)
    assert interval.mean == pytest.approx(1 - others[other])
    assert 0 < interval.low <= interval.mean <= interval.high


def test_a_label_that_was_not_learnt_has_no_figure(history: History) -> None:
    ranking = LogisticBaseline(CutMemory(SETTINGS))
    result = backtest(history, [ranking, *counting_rankings()], day(history, 1), day(history, 4))
    assert result.to_json()["labels"]["bursts"]["logistic_regression"] == {
        "precision_at_10": None,
        "ndcg_at_10": None,
    }
    assert result.labels["bursts"].best_other("ewma_3d", "ndcg_at_10") != "logistic_regression"
    assert result.lead_over_best("bursts") is None


def test_cuts_whose_horizon_has_not_passed_are_not_walked(history: History) -> None:
    end = to_datetime(history.end)
    result = backtest(history, counting_rankings()[:1], end - timedelta(days=3), end + timedelta(days=3))
    assert result.cuts == 9
    with pytest.raises(ValueError, match="no cut whose horizon has passed"):
        backtest(history, [], end, end + timedelta(days=3))
    with pytest.raises(ValueError, match="no time zone"):
        backtest(history, [], datetime(2024, 2, 1), end)
    with pytest.raises(ValueError, match="same name"):
        backtest(history, counting_rankings()[:1] * 2, end - timedelta(days=3), end)


TABLE = {
    # NDCG@10 and P@10 in expectation over ties: the chat's bursts, breaks_out and emerges, then the tweets' bursts
    # and emerges. The design's table was made with the order of the topics as it came; without ties both agree.
    "mentions_24h": [(0.266, 0.148), (0.294, 0.111), (0.072, 0.040), (0.395, 0.220), (0.393, 0.172)],
    "mentions_3h": [(0.324, 0.184), (0.415, 0.155), (0.219, 0.113), (0.282, 0.147), (0.261, 0.113)],
    "momentum": [(0.241, 0.132), (0.294, 0.111), (0.065, 0.036), (0.284, 0.148), (0.164, 0.085)],
    "mentions_7d": [(0.254, 0.145), (0.294, 0.111), (0.178, 0.078), (0.366, 0.218), (0.519, 0.227)],
    "mentions_30d": [(0.234, 0.141), (0.294, 0.111), (0.205, 0.087), (0.306, 0.177), (0.535, 0.227)],
    "same_day_last_week": [(0.145, 0.088), (0.205, 0.089), (0.167, 0.075), (0.238, 0.142), (0.472, 0.204)],
    "ewma_3d": [(0.272, 0.153), (0.294, 0.111), (0.169, 0.075), (0.379, 0.224), (0.521, 0.224)],
}


@pytest.mark.parametrize(
    ("stream_name", "year", "labels", "cuts"),
    [
        ("chat", 2024, {"bursts": 0, "breaks_out": 1, "emerges": 2}, [719, 662, 697]),
        ("tweets", 2015, {"bursts": 3, "emerges": 4}, [480, 535]),
    ],
)
def test_counting_reproduces_the_table(
    request: pytest.FixtureRequest, stream_name: str, year: int, labels: dict[str, int], cuts: list[int]
) -> None:
    stream = request.getfixturevalue(stream_name)
    result = backtest(stream, counting_rankings(), datetime(year, 1, 1, tzinfo=UTC), datetime(year, 7, 1, tzinfo=UTC))
    assert [len(result.labels[label].times) for label in labels] == cuts
    for name, row in TABLE.items():
        for label, column in labels.items():
            found = [result.labels[label].mean(name, metric) for metric in ("ndcg_at_10", "precision_at_10")]
            assert found == pytest.approx(row[column], abs=0.001), (name, label)


def test_boosting_beats_counting_on_the_real_chat(chat: History) -> None:
    boosting = GradientBoosting(CutMemory(SETTINGS, every_hours=24), seeds=1, trees=60)
    result = backtest(
        chat,
        [boosting, *counting_rankings()],
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 4, 1, tzinfo=UTC),
        retraining="once",
    )
    for label in LABELS:
        scores = result.labels[label]
        best = scores.best_other("gradient_boosting", "ndcg_at_10")
        assert scores.lead("gradient_boosting", best, "ndcg_at_10").low > 0, (label, best)
        assert not np.isnan(scores.values["gradient_boosting"]["ndcg_at_10"]).any()


def test_weeks_shared_out_among_processes_give_the_same_figures(history: History) -> None:
    memory = CutMemory(SETTINGS)
    rankings = [GradientBoosting(memory, seeds=1, trees=5), *counting_rankings()]
    seen: list[int] = []
    walked = [
        backtest(
            history,
            rankings,
            day(history, 40),
            day(history, 60),
            every_hours=12,
            processes=processes,
            observe=lambda cut, *_: seen.append(cut.time),
        )
        for processes in (1, 2)
    ]
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :] == sorted(set(seen))
    assert walked[0].to_json() == walked[1].to_json()
    assert len(walked[1].training_seconds["gradient_boosting"]) == len(walked[0].training_seconds["gradient_boosting"])
