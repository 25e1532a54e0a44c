"""A week's model: what it needs, what it reports, and what it forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import polars as pl
import pytest

from trend_assets.errors import TrendError
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import LABELS
from trend_assets.lake.tables import EVENTS
from trend_assets.operations.history import NothingKnown
from trend_assets.operations.models import model_at
from trend_assets.operations.predicting import forecast_hours
from trend_assets.operations.training import TrainedModel, held_out_weeks, train
from trend_assets_tests.operations.conftest import START, WEEK, Home, event, home_in, quick_training, write_posts
from trend_assets_tests.operations.once import TrainedOnce

COUNTING = {
    "mentions_3h",
    "mentions_24h",
    "mentions_7d",
    "mentions_30d",
    "momentum",
    "same_day_last_week",
    "ewma_3d",
    "logistic_regression",
    "gradient_boosting",
}


@pytest.mark.parametrize(
    "week",
    [WEEK + timedelta(days=1), WEEK + timedelta(hours=1), WEEK + timedelta(minutes=1), WEEK + timedelta(seconds=1)],
)
def test_a_week_begins_on_monday_at_midnight(empty: Home, week: datetime) -> None:
    with pytest.raises(TrendError, match="a week begins on Monday 00:00 UTC"):
        train(empty.lake, empty.settings, week)


def test_an_empty_lake_trains_nothing(empty: Home) -> None:
    with pytest.raises(NothingKnown, match="no events that name a topic before 2026-02-02"):
        train(empty.lake, empty.settings, WEEK)


def test_too_few_mentions_are_told_with_what_is_needed(empty: Home) -> None:
    moments = [START + timedelta(hours=hour) for hour in range(30)]
    rows = [event(number, moment, ["#a"], "ann") for number, moment in enumerate(moments)]
    write_posts(empty.lake, EVENTS.frame(rows), START, WEEK)
    with pytest.raises(NothingKnown, match=r"30 mentions before 2026-02-02, training needs 500"):
        train(empty.lake, empty.settings, WEEK)
    # What comes later is not counted.
    with pytest.raises(NothingKnown, match="no events"):
        train(empty.lake, empty.settings, START)
    assert not empty.settings.models_folder.exists()


@pytest.mark.parametrize(("weeks", "held_out"), [(1, 1), (7, 1), (8, 2), (32, 8), (100, 8)])
def test_a_quarter_of_a_short_history_is_held_out(weeks: int, held_out: int) -> None:
    frame = pl.DataFrame(
        {"timestamp": [START], "topic": ["#a"], "user_id": ["ann"], "weight": [1.0]},
        schema_overrides={"timestamp": pl.Datetime("us", "UTC")},
    )
    assert held_out_weeks(History.from_mentions(frame, START, START + timedelta(weeks=weeks))) == held_out


@pytest.fixture(scope="module")
def taught(once: TrainedOnce) -> Iterator[Home]:
    """The home in which the model was trained, only to be read."""
    with quick_training():
        made = home_in(once.home)
        yield made
        made.lake.close()


@pytest.fixture
def trained(once: TrainedOnce) -> TrainedModel:
    return once.model


def test_the_model_is_named_by_its_week_and_snapshot(taught: Home, trained: TrainedModel) -> None:
    assert trained.model_version == f"tgn-2026-02-02-s{trained.lake_snapshot}"
    assert trained.folder == taught.settings.models_folder / trained.model_version
    # What it wrote since is its promotion, or why not.
    assert trained.lake_snapshot == taught.lake.snapshot() - 1
    before = taught.lake.read("SELECT sum(len(topics))::BIGINT AS n FROM events WHERE hour < ?", [WEEK])["n"][0]
    assert trained.mentions == before
    assert trained.seconds > 0
    assert len(trained.losses["link"]) == 1


def test_it_reports_itself_beside_every_baseline(trained: TrainedModel) -> None:
    metrics = dict(trained.metrics)
    assert metrics.pop("held_out_weeks") == 1
    assert set(metrics) == {"tgn"} | COUNTING
    for figures in metrics.values():
        assert set(figures) == {*LABELS, "emerges_6h", "emerges_7d"}
    assert 0 < metrics["tgn"]["bursts"]["ndcg_at_10"] <= 1
    assert 0 < metrics["mentions_24h"]["bursts"]["ndcg_at_10"] <= 1
    assert metrics["tgn"]["bursts"]["examples"] > metrics["tgn"]["bursts"]["positives"] > 0
    assert orjson.loads(orjson.dumps(metrics)) == metrics


def test_a_further_horizon_is_used_only_if_it_beats_counting(taught: Home, trained: TrainedModel) -> None:
    """Of the one week held out, one cut has an outcome of seven days."""
    assert set(trained.further) == {"emerges_6h", "emerges_7d"}
    soon, week = trained.further["emerges_6h"], trained.further["emerges_7d"]
    assert soon.reason.startswith("better than" if soon.promoted else ("neither", "clearly worse than"))
    assert not week.promoted
    assert week.reason == "too little has come due to judge it: fewer than 10 forecasts of the last weeks"
    told = {label: trained.metrics["tgn"][label]["not_used_because"] for label in trained.further}
    assert told == {"emerges_6h": None if soon.promoted else soon.reason, "emerges_7d": week.reason}
    frame = forecast_hours(taught.lake, taught.settings, WEEK, WEEK + timedelta(hours=1), "run")
    by_label = {label: rows for (label,), rows in frame.group_by("label")}
    assert by_label["emerges_7d"]["model_version"].str.starts_with("baseline:").all()
    assert (by_label["emerges_6h"]["model_version"] == trained.model_version).all() == soon.promoted
    assert by_label["emerges"]["model_version"].unique().to_list() == [trained.model_version]


def test_the_checkpoint_says_what_it_is(taught: Home, trained: TrainedModel) -> None:
    assert {path.name for path in trained.folder.iterdir()} == {"model.safetensors", "model.json"}
    extra = orjson.loads((trained.folder / "model.json").read_bytes())["metadata"]["extra"]
    assert extra["week"] == WEEK.isoformat()
    assert extra["lake_snapshot"] == trained.lake_snapshot
    assert extra["labels"] == taught.settings.forecast.model_dump(exclude={"further_horizons"})
    assert extra["metrics"] == trained.metrics


def test_from_its_week_on_it_forecasts(taught: Home, trained: TrainedModel) -> None:
    frame = forecast_hours(taught.lake, taught.settings, WEEK + timedelta(hours=5), WEEK + timedelta(hours=7), "run")
    assert frame["cut"].unique().sort().to_list() == [WEEK + timedelta(hours=6), WEEK + timedelta(hours=7)]
    assert frame["hour"].unique().sort().to_list() == [WEEK + timedelta(hours=5), WEEK + timedelta(hours=6)]
    bursts = frame.filter(pl.col("label") == "bursts")
    assert set(bursts["model_version"]) == {trained.model_version}
    known = frame["confidence"].drop_nulls()
    assert known.is_between(0, 1).all()
    assert frame.filter(pl.col("model_version").str.starts_with("baseline:"))["confidence"].null_count() == (
        frame.filter(pl.col("model_version").str.starts_with("baseline:")).height
    )
    for (_, _), rows in frame.group_by("cut", "label"):
        assert rows["rank"].to_list() == list(range(1, rows.height + 1))
        assert rows["score"].is_sorted(descending=True)


def test_before_its_week_it_is_not_asked(taught: Home, trained: TrainedModel) -> None:
    assert model_at(taught.lake, taught.settings, WEEK - timedelta(hours=1)) is None
    frame = forecast_hours(taught.lake, taught.settings, WEEK - timedelta(hours=2), WEEK - timedelta(hours=1), "run")
    assert frame.height > 0
    assert frame["model_version"].str.starts_with("baseline:").all()
    assert frame["confidence"].null_count() == frame.height


def test_nothing_is_forecast_before_the_history_begins(taught: Home, empty: Home) -> None:
    assert forecast_hours(taught.lake, taught.settings, START - timedelta(days=2), START, "run").is_empty()
    assert forecast_hours(empty.lake, empty.settings, START, datetime(2026, 1, 6, tzinfo=UTC), "run").is_empty()
