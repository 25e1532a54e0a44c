"""Injected campaigns in the simulated world: a short form of `benchmarks.campaigns`."""

from __future__ import annotations

from trend_assets.forecasting.baselines import counting_rankings
from trend_assets_tests.benchmarks.campaigns import measured


def test_a_fifth_of_all_posts_hardly_changes_the_forecast_where_copies_count_once() -> None:
    found = measured(3, 0.2, 300.0, counting_rankings)
    for name in ("mentions_3h", "mentions_24h"):
        assert found["weights on"][name]["fall"] < 0.05
        assert (
            found["weights on"][name]["tags_in_the_top_ten"] < 0.5 < found["weights off"][name]["tags_in_the_top_ten"]
        )
        assert found["weights off"][name]["fall"] > 0.05
