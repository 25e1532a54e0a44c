"""An hour goes on from a saved state only where that says what the lake says; else all is read, and that is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from trend_assets.lake.tables import EVENTS, PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets.operations import going_on, predicting
from trend_assets.operations.going_on import FOLDER
from trend_assets.operations.models import promote
from trend_assets.tgn import live_state
from trend_assets_tests.operations.conftest import WEEK, Home, event, home_in, write_posts
from trend_assets_tests.operations.once import TrainedOnce

HOUR = timedelta(hours=1)
FORECAST = ["cut", "label", "topic", "rank", "score", "growth", "model_version", "metadata"]


@pytest.fixture
def trained(home: Path, once: TrainedOnce, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home with five weeks of mentions and a model in use, in which every state is worth saving."""
    once.copied_to(home)
    monkeypatch.setattr(going_on, "_WORTH_SAVING", 1)
    made = home_in(home)
    promote(made.lake, made.settings, once.model.model_version, "for the test")
    yield made
    made.lake.close()


def forecast(home: Home, cut: datetime) -> tuple[pl.DataFrame, str]:
    """As a process of its own makes it, and from what."""
    predicting._process.clear()
    told: list[str] = []
    frame = predicting.forecast_hours(home.lake, home.settings, cut - HOUR, cut, "run", tell=told.append)
    return frame.select(FORECAST), told[0]


def anew(home: Home, cut: datetime) -> pl.DataFrame:
    """The same from all mentions."""
    kept = home.settings.models_folder / FOLDER
    aside = kept.with_name("aside")
    if kept.exists():
        kept.rename(aside)
    frame, told = forecast(home, cut)
    assert told == "all mentions were read"
    shutil.rmtree(kept, ignore_errors=True)
    if aside.exists():
        aside.rename(kept)
    return frame


def post(home: Home, hour: datetime, topic: str, times: int) -> None:
    known = home.lake.read_table(EVENTS, hour, hour + HOUR)
    first = home.lake.read("SELECT count(*) AS n FROM events")["n"][0] + 1_000_000
    rows = [event(first + n, hour + timedelta(minutes=n), [topic], f"late{n}") for n in range(times)]
    write_posts(home.lake, pl.concat([known, EVENTS.frame(rows)]), hour, hour + HOUR)


def test_hour_by_hour_it_forecasts_what_all_mentions_give(trained: Home) -> None:
    told = []
    for hours in (1, 2, 3, 8, 9, 33):
        frame, origin = forecast(trained, WEEK + hours * HOUR)
        assert frame.height and frame["model_version"].str.starts_with("tgn-").any()
        assert_frame_equal(frame, anew(trained, WEEK + hours * HOUR))
        told.append(origin)
    assert told[0] == "all mentions were read"
    assert told[1] == "went on from the recent state of 2026-02-01 22:00 UTC"
    assert told[-1] == "went on from the recent state of 2026-02-02 06:00 UTC"


def test_hours_that_are_collected_again_and_are_the_same_change_nothing(trained: Home) -> None:
    forecast(trained, WEEK + HOUR)
    hour = WEEK - 20 * HOUR
    write_posts(trained.lake, trained.lake.read_table(EVENTS, hour, hour + HOUR), hour, hour + HOUR)
    _, told = forecast(trained, WEEK + 2 * HOUR)
    assert told == "went on from the recent state of 2026-02-01 22:00 UTC"


def test_a_late_post_of_a_day_ago_costs_a_day(trained: Home) -> None:
    forecast(trained, WEEK + HOUR)
    post(trained, WEEK - 20 * HOUR, "#late", 12)
    cut = WEEK + 2 * HOUR
    frame, told = forecast(trained, cut)
    assert told.startswith("went on from the settled state of 2026-01-31 23:00 UTC")
    assert frame.filter(pl.col("topic") == "#late").height
    assert_frame_equal(frame, anew(trained, cut))
    assert forecast(trained, cut + HOUR)[1].startswith("went on from the recent state")


def test_what_changed_long_ago_has_all_mentions_read(trained: Home) -> None:
    forecast(trained, WEEK + HOUR)
    post(trained, WEEK - 24 * 20 * HOUR, "#old", 12)
    cut = WEEK + 2 * HOUR
    frame, told = forecast(trained, cut)
    assert told.startswith("all mentions were read; recent state: temporal_edges of 2026-01-13 00:00 UTC has changed")
    assert_frame_equal(frame, anew(trained, cut))
    assert forecast(trained, cut + HOUR)[1].startswith("went on from the recent state")


def test_an_earlier_hour_is_forecast_from_what_was_known_then(trained: Home) -> None:
    forecast(trained, WEEK + 40 * HOUR)
    cut = WEEK + 2 * HOUR
    frame, told = forecast(trained, cut)
    assert "which is later" in told
    assert_frame_equal(frame, anew(trained, cut))


def test_several_hours_at_once_are_what_they_are_one_by_one(trained: Home) -> None:
    one_by_one = [forecast(trained, WEEK + hours * HOUR)[0] for hours in range(1, 8)]
    predicting._process.clear()
    shutil.rmtree(trained.settings.models_folder / FOLDER)
    at_once = predicting.forecast_hours(trained.lake, trained.settings, WEEK, WEEK + 7 * HOUR, "run")
    assert_frame_equal(at_once.select(FORECAST), pl.concat(one_by_one))


def test_several_hours_go_on_from_a_state_that_is_saved_again_meanwhile(
    trained: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All nodes are written anew, as where many have changed.
    monkeypatch.setattr(live_state, "_CHANGED_SHARE", 1_000_000)
    forecast(trained, WEEK + HOUR)
    predicting._process.clear()
    told: list[str] = []
    start, end = WEEK + HOUR, WEEK + 30 * HOUR
    at_once = predicting.forecast_hours(trained.lake, trained.settings, start, end, "run", tell=told.append)
    assert told == ["went on from the recent state of 2026-02-01 22:00 UTC"]
    for hours in (2, 9, 20, 27, 28, 29, 30):
        cut = WEEK + hours * HOUR
        assert_frame_equal(at_once.select(FORECAST).filter(pl.col("cut") == cut), anew(trained, cut))


def test_the_state_of_another_lake_is_not_taken(trained: Home) -> None:
    forecast(trained, WEEK + HOUR)
    snapshot = trained.lake.snapshot()
    trained.lake.close()
    shutil.rmtree(trained.lake.location.folder)
    other = home_in(trained.settings.home)
    cut = WEEK + 2 * HOUR
    while other.lake.snapshot() < snapshot:
        post(other, WEEK, "#other", 3)
    frame, told = forecast(other, cut)
    assert "it is of another lake" in told
    assert frame["topic"].unique().to_list() == ["#other"]
    other.lake.close()


def test_outcomes_are_those_that_all_mentions_give(trained: Home) -> None:
    cut = WEEK + HOUR
    predicting._process.clear()
    made = predicting.forecast_hours(trained.lake, trained.settings, cut - HOUR, cut, "run")
    trained.lake.write(PREDICTIONS, made, cut - HOUR, cut)
    end = cut + timedelta(hours=24)
    forecast(trained, end)
    found = predicting.score_hours(trained.lake, trained.settings, end - HOUR, end)
    shutil.rmtree(trained.settings.models_folder / FOLDER)
    assert found.height == made.filter(horizon_hours=24).height and found["came_true"].any()
    order = list(PREDICTION_OUTCOMES.key)
    assert_frame_equal(
        found.sort(order), predicting.score_hours(trained.lake, trained.settings, end - HOUR, end).sort(order)
    )
