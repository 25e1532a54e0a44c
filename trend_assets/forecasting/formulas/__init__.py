"""Rankings that products and papers have published, beside which forecasts are measured."""

from __future__ import annotations

from trend_assets.forecasting.baselines import CountingRanking
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.formulas.ageing import hacker_news, lemmy_active, lemmy_hot, reddit_hot
from trend_assets.forecasting.formulas.burst_automaton import burst_weight
from trend_assets.forecasting.formulas.cascade import expected_mentions
from trend_assets.forecasting.formulas.mastodon import mastodon_trends
from trend_assets.forecasting.formulas.nearest_shapes import NearestShapes
from trend_assets.forecasting.formulas.surprise import poisson_surprise, significance
from trend_assets.forecasting.ranking import Ranking

_MEASURES = {
    "mastodon": mastodon_trends,
    "hacker_news": hacker_news,
    "reddit_hot": reddit_hot,
    "lemmy_hot": lemmy_hot,
    "lemmy_active": lemmy_active,
    "gnip_poisson": poisson_surprise,
    "kleinberg": burst_weight,
    "signitrend": significance,
}
#: Their names, in the order of `formula_rankings`.
FORMULAS = (*_MEASURES, "seismic", "nikolov_shah")


def formula_rankings(memory: CutMemory) -> list[Ranking]:
    """Every formula as a ranking; all but the last have nothing to fit.

    Args:
        memory: past cuts, shared with other rankings.
    """
    measures = {**_MEASURES, "seismic": expected_mentions(memory.settings.horizon)}
    counting = [CountingRanking(name, measure) for name, measure in measures.items()]
    return [*counting, NearestShapes("nikolov_shah", memory)]
