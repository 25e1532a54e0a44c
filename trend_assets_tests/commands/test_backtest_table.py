"""What `trend backtest` writes where a figure is missing."""

from __future__ import annotations

import numpy as np
import pytest

from trend_assets.commands.backtest import _table
from trend_assets.forecasting.backtest import LabelResult


@pytest.mark.parametrize(("cuts", "told"), [(0, "nothing came true"), (2, "not learnt")])
def test_a_missing_figure_says_why(cuts: int, told: str) -> None:
    unknown = np.full(cuts, np.nan)
    metrics = {"precision_at_10": unknown, "ndcg_at_10": unknown}
    found = LabelResult(np.arange(cuts), np.ones(cuts, np.int64), {"tgn": metrics})
    table = _table(found, "bursts")
    assert [list(column.cells) for column in table.columns] == [["tgn"], [told], [told]]
