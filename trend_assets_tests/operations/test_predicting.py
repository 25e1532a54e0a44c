"""A forecast is a fact: whatever runs come later, the first one of a cut stays as it was made and is scored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.forecasting.timeliness import Punctuality
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets.operations.predicting import forecast_hours, score_hours
from trend_assets.settings import ForecastSettings, Settings
from trend_assets_tests.operations.conftest import START, event, write_posts

CUT = START + timedelta(days=2)
HOUR = timedelta(hours=1)
SOON = timedelta(minutes=12)


class Platform:
    """A lake into which posts come, and whose forecasts are made and scored as the assets do it."""

    def __init__(self, folder: Path, **forecast: Any) -> None:
        self.settings = Settings(home=folder, forecast=ForecastSettings(**forecast))
        self.lake = Lake(LakeLocation(folder))
        self._posts = 0
        self.post("#first", START)

    def post(self, topic: str, moment: datetime, times: int = 1) -> None:
        rows = []
        for _ in range(times):
            self._posts += 1
            rows.append(event(self._posts, moment, [topic], f"u{self._posts}"))
        hour = rows[0]["hour"]
        assert isinstance(hour, datetime)
        known = self.lake.read_table(EVENTS, hour, hour + HOUR)
        write_posts(self.lake, pl.concat([known, EVENTS.frame(rows)]), hour, hour + HOUR)

    def forecast(self, cut: datetime, at: datetime, run: str = "run") -> int:
        frame = forecast_hours(self.lake, self.settings, cut - HOUR, cut, run, lambda: at)
        return self.lake.write(PREDICTIONS, frame, cut - HOUR, cut)

    def score(self, cut: datetime) -> None:
        end = cut + timedelta(hours=self.settings.forecast.horizon_hours)
        frame = score_hours(self.lake, self.settings, end - HOUR, end)
        self.lake.write(PREDICTION_OUTCOMES, frame, end - HOUR, end)

    def rows(self, query: str) -> Sequence[tuple[object, ...]]:
        return self.lake.read(query).rows()


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path)


def test_eight_late_posts_make_a_revision_and_the_scored_forecast_stays_at_rank_21(platform: Platform) -> None:
    for number, times in enumerate([20, 15, *(2 + other % 7 for other in range(18))]):
        platform.post(f"#t{number:02d}", CUT - 3 * HOUR, times)
    platform.post("#late", CUT - 3 * HOUR)
    platform.forecast(CUT, CUT + SOON, "new")
    platform.post("#late", CUT - HOUR, times=8)
    platform.forecast(CUT, CUT + HOUR + SOON, "again")
    told = platform.rows(
        "SELECT revision, made, run_id, rank FROM predictions WHERE topic = '#late' AND label = 'emerges' ORDER BY ALL"
    )
    assert told == [(0, "live", "new", 21), (1, "revised", "again", 3)]
    platform.post("#late", CUT + HOUR, times=40)
    platform.score(CUT)
    scored = platform.rows(
        "SELECT rank, revision, made, came_true FROM prediction_outcomes WHERE topic = '#late' AND label = 'emerges'"
    )
    assert scored == [(21, 0, "live", True)]
    assert platform.rows("SELECT count(*) FROM prediction_outcomes WHERE label = 'emerges'") == [(21,)]


@pytest.mark.parametrize(
    ("after", "made"),
    [
        (timedelta(minutes=10), "live"),
        (timedelta(hours=1), "live"),
        (timedelta(hours=1, seconds=1), "late"),
        (timedelta(hours=23, minutes=59), "late"),
        (timedelta(hours=24), "backfill"),
        (timedelta(days=400), "backfill"),
    ],
)
def test_a_first_forecast_counts_as_what_was_known_when_it_was_made(after: timedelta, made: str) -> None:
    assert Punctuality(within=timedelta(hours=1)).of(CUT, CUT + after, timedelta(hours=24)) == made


def test_each_horizon_comes_due_in_its_own_hour(tmp_path: Path) -> None:
    platform = Platform(tmp_path, threshold=3, further_horizons={6: 2, 168: 9})
    # Nothing is unusual before there is a week to compare with.
    platform.post("#old", CUT - 200 * HOUR)
    platform.post("#a", CUT - HOUR)
    platform.post("#a", CUT + HOUR, times=4)
    platform.forecast(CUT, CUT + SOON)
    platform.post("#a", CUT + 100 * HOUR, times=6)
    due = {}
    for hours in (1, 6, 7, 24, 167, 168):
        end = CUT + hours * HOUR
        frame = score_hours(platform.lake, platform.settings, end - HOUR, end)
        due[hours] = dict(frame.filter(topic="#a").select("label", "came_true").rows())
    assert due == {
        1: {},
        6: {"emerges_6h": True},
        7: {},
        24: {"bursts": True, "breaks_out": True, "emerges": False},
        167: {},
        168: {"emerges_7d": True},
    }
    everything = score_hours(platform.lake, platform.settings, CUT, CUT + 168 * HOUR)
    assert everything.group_by("horizon_hours").len().sort("horizon_hours")["horizon_hours"].to_list() == [6, 24, 168]


def test_a_forecast_made_again_of_the_same_posts_adds_nothing(platform: Platform) -> None:
    platform.post("#a", CUT - HOUR, times=3)
    assert platform.forecast(CUT, CUT + SOON) > 0
    assert platform.forecast(CUT, CUT + HOUR) == 0
    assert platform.rows("SELECT DISTINCT revision, made, forecast_at FROM predictions") == [(0, "live", CUT + SOON)]


#: Two hours of posts and forecasts, so that runs meet one another.
_CUTS = st.integers(0, 2).map(lambda hour: CUT + hour * HOUR)
_POST = st.tuples(
    st.just("post"), st.sampled_from(["#a", "#b"]), st.integers(-4, 4).map(lambda hour: CUT + hour * HOUR)
)
_FORECAST = st.tuples(st.just("forecast"), _CUTS, st.sampled_from([SOON, 2 * HOUR, 30 * HOUR]))
_SCORE = st.tuples(st.just("score"), _CUTS, st.none())
#: What must never change of a forecast that is scored as live.
_LIVE = """
    SELECT {columns} FROM {table} WHERE revision = 0 AND made = 'live' ORDER BY cut, label, topic
"""
_FORECAST_COLUMNS = "cut, label, topic, rank, score, confidence, model_version"


@settings(max_examples=8, deadline=None)
@given(st.lists(st.one_of(_POST, _FORECAST, _SCORE), max_size=8))
def test_whatever_runs_come_in_whatever_order_a_row_scored_as_live_never_changes(
    steps: list[tuple[str, str | datetime, datetime | timedelta | None]],
) -> None:
    with TemporaryDirectory() as folder:
        platform = Platform(Path(folder), horizon_hours=2, threshold=1)
        platform.post("#a", CUT - HOUR)
        live: set[tuple[object, ...]] = set()
        scored: set[tuple[object, ...]] = set()
        for kind, what, when in [("forecast", CUT, SOON), ("score", CUT, None), *steps, ("score", CUT, None)]:
            if kind == "post":
                platform.post(what, when)
            elif kind == "forecast":
                platform.forecast(what, what + when)
            else:
                platform.score(what)
            now = set(platform.rows(_LIVE.format(columns="*", table="predictions")))
            assert live <= now
            live = now
            told = set(platform.rows(_LIVE.format(columns=_FORECAST_COLUMNS, table="prediction_outcomes")))
            assert scored <= told
            assert told <= set(platform.rows(_LIVE.format(columns=_FORECAST_COLUMNS, table="predictions")))
            scored = told
        assert live and scored
        platform.lake.close()
