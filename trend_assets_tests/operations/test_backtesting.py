"""All rankings over a lake's past, in the shape that is written to a file."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from trend_assets.forecasting.backtest import BacktestResult
from trend_assets.forecasting.labels import LABELS
from trend_assets.operations.backtesting import run_backtest
from trend_assets.operations.history import NothingKnown
from trend_assets_tests.operations.conftest import WEEK, Home


@pytest.fixture(scope="module")
def result(busy: Home) -> BacktestResult:
    start = WEEK + timedelta(days=1)
    return run_backtest(busy.lake, busy.settings, start, start + timedelta(days=2), every_hours=12)


def test_the_file_has_the_promised_shape(result: BacktestResult) -> None:
    found = orjson.loads(orjson.dumps(result.to_json()))
    assert set(found) == {"cuts", "labels"}
    assert found["cuts"] == 4
    assert list(found["labels"]) == [*LABELS, "emerges_6h", "emerges_7d"]
    for rankings in found["labels"].values():
        assert next(iter(rankings)) == "tgn"
        assert len(rankings) == 10
        for figures in rankings.values():
            assert set(figures) == {"precision_at_10", "ndcg_at_10"}
            assert all(value is None or 0 <= value <= 1 for value in figures.values())
    assert found["labels"]["bursts"]["tgn"]["ndcg_at_10"] > 0
    assert found["labels"]["bursts"]["mentions_24h"]["ndcg_at_10"] > 0


def test_the_model_is_trained_once_for_the_one_week(result: BacktestResult) -> None:
    assert len(result.training_seconds["tgn"]) == 1
    lead = result.lead_over_best("bursts")
    assert lead is not None and lead[0] != "tgn"
    assert lead[1].low <= lead[1].mean <= lead[1].high


def test_without_the_model_and_with_progress(busy: Home) -> None:
    walked: list[tuple[int, int]] = []
    found = run_backtest(
        busy.lake,
        busy.settings,
        WEEK,
        WEEK + timedelta(days=1),
        every_hours=6,
        with_tgn=False,
        progress=lambda done, total: walked.append((done, total)),
    )
    assert walked == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert "tgn" not in found.to_json()["labels"]["bursts"]
    assert found.lead_over_best("bursts") is None


def test_an_empty_lake_cannot_be_walked(empty: Home) -> None:
    with pytest.raises(NothingKnown):
        run_backtest(empty.lake, empty.settings, WEEK, WEEK + timedelta(days=1))
