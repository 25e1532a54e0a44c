from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import orjson
import polars as pl
import pytest

from trend_assets.forecasting.baselines import counting_rankings
from trend_assets.forecasting.calibration import Calibrator
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import HOUR, History, to_datetime
from trend_assets.forecasting.labels import LABELS, FurtherHorizon, LabelSettings, make_cut, outcomes
from trend_assets.forecasting.learned import LogisticBaseline
from trend_assets.forecasting.predict import forecast, outcomes_frame
from trend_assets.forecasting.timeliness import Punctuality, signed
from trend_assets.lake.tables import PREDICTION_OUTCOMES, PREDICTIONS
from trend_assets_tests.forecasting.conftest import AllMentions

SETTINGS = LabelSettings()
MENTIONS_24H = counting_rankings()[1]
RULE = Punctuality(within=timedelta(hours=1))


def made(frame: pl.DataFrame) -> pl.DataFrame:
    """A forecast as it is stored when it is made ten minutes after its cut."""
    return signed(frame, frame["cut"][0] + timedelta(minutes=10), "run", RULE)


@pytest.fixture(scope="module")
def cut(history: History) -> datetime:
    return to_datetime(history.start) + timedelta(days=60, hours=5)


def test_counting_forecast_says_what_it_is(history: History, cut: datetime) -> None:
    predictions = made(forecast(MENTIONS_24H, history, cut, SETTINGS))
    assert set(predictions["model_version"]) == {"baseline:mentions_24h"}
    assert predictions["confidence"].null_count() == predictions["growth"].null_count() == len(predictions) > 30
    assert set(predictions["hour"]) == {cut - timedelta(hours=1)}
    assert set(predictions["cut"]) == {cut}
    bursts = predictions.filter(pl.col("label") == "bursts")
    assert bursts["rank"].to_list() == list(range(1, len(bursts) + 1))
    assert bursts["score"].is_sorted(descending=True)
    assert bursts["source_events_count"].to_list() == [int(score) for score in bursts["score"]]
    counts = orjson.loads(bursts["metadata"][0])
    assert counts["mentions_24h"] == bursts["score"][0]
    assert {"usual", "users_24h", "age_hours", "ewma_3d"} <= set(counts)


def test_where_little_was_collected_before_nothing_is_said_of_what_is_new_or_usual(history: History) -> None:
    early = to_datetime(history.start) + timedelta(hours=30)
    predictions = forecast(MENTIONS_24H, history, early, SETTINGS)
    assert set(predictions["label"]) == {"emerges"} and "usual" not in orjson.loads(predictions["metadata"][0])
    stored = made(predictions).with_columns(pl.lit("bursts").alias("label"))
    assert outcomes_frame(stored, history, SETTINGS).is_empty()


def test_breaks_out_has_only_newborn_topics(history: History, cut: datetime) -> None:
    predictions = forecast(MENTIONS_24H, history, cut, SETTINGS)
    topics = predictions.filter(pl.col("label") == "breaks_out")["topic"].to_list()
    past = history.until(cut)
    newborn = [
        past.topics[topic]
        for topic in range(past.topic_count)
        if past.first_seen([topic])[0] >= cut.timestamp() - 86_400
    ]
    assert topics and sorted(topics) == sorted(newborn)


def test_model_confidence_growth_and_fallback(history: History, cut: datetime) -> None:
    ranking = LogisticBaseline(CutMemory(SETTINGS))
    ranking.fit(history, int(cut.timestamp()))
    # A model that has learnt one of the labels.
    only_bursts = type(
        "OnlyBursts",
        (),
        {
            "name": "x",
            "fit": ranking.fit,
            "score": lambda self, past, cut: {"bursts": ranking.score(past, cut)["bursts"]},
        },
    )()
    calibrators = {
        "bursts": Calibrator("platt", (1.0,), (0.0,), logit=True),
        "emerges": Calibrator("platt", (1.0,), (0.0,)),
    }
    predictions = made(
        forecast(only_bursts, history, cut, SETTINGS, calibrators, AllMentions(), "tgn-7", lambda _: MENTIONS_24H)
    )
    bursts, emerges = (predictions.filter(pl.col("label") == label) for label in ("bursts", "emerges"))
    assert set(bursts["model_version"]) == {"tgn-7"}
    np.testing.assert_allclose(bursts["confidence"], bursts["score"], atol=1e-6)
    assert set(emerges["model_version"]) == {"baseline:mentions_24h"}
    assert emerges["confidence"].null_count() == len(emerges)
    assert predictions["growth"].null_count() == 0
    assert bursts["growth"].n_unique() > 1
    without = forecast(only_bursts, history, cut, SETTINGS, model_version="tgn-7")
    assert set(without["label"]) == {"bursts"}


def test_mentions_expected_agree_with_the_chance_beside_them(history: History, cut: datetime) -> None:
    ranking = LogisticBaseline(CutMemory(SETTINGS))
    ranking.fit(history, int(cut.timestamp()))
    calibrators = {label: Calibrator("platt", (1.0,), (0.0,), logit=True) for label in LABELS}
    made_by = forecast(ranking, history, cut, SETTINGS, calibrators, AllMentions())
    uncalibrated = forecast(ranking, history, cut, SETTINGS, growth=AllMentions())
    counts = made_by["metadata"].str.json_decode(pl.Struct({"before": pl.Int64, "needed": pl.Int64})).struct.unnest()
    rows = made_by.hstack(counts).with_columns(raw=uncalibrated["growth"])
    rows = rows.with_columns(expected=((1 + pl.col("before")) * pl.col("growth").exp() - 1).round())
    likely, unlikely = rows.filter(pl.col("confidence") >= 0.5), rows.filter(pl.col("confidence") < 0.5)
    assert len(likely) > 2 and (likely["expected"] >= likely["needed"]).all()
    assert len(unlikely) > 2 and (unlikely["expected"] < unlikely["needed"]).all()
    # What agrees already stays as it was learnt.
    same = rows.filter(pl.col("growth") == pl.col("raw"))
    assert 0 < len(same) < len(rows)


def test_outcomes_equal_the_labels(history: History, cut: datetime) -> None:
    times = [cut, cut + timedelta(hours=6)]
    predictions = pl.concat([made(forecast(MENTIONS_24H, history, time, SETTINGS)) for time in times])
    found = outcomes_frame(predictions, history, SETTINGS)
    assert found.equals(PREDICTION_OUTCOMES.conform(found))
    assert len(found) == len(predictions)
    for time in times:
        asked = make_cut(history, int(time.timestamp()), SETTINGS)
        became = outcomes(history, asked, SETTINGS)
        for label in LABELS:
            rows = found.filter((pl.col("cut") == time) & (pl.col("label") == label))
            real = {
                history.topics[topic]: (bool(flag), int(before), int(after))
                for topic, flag, before, after in zip(
                    asked.topics, became.labels[label], asked.before[24], became.after[24], strict=True
                )
            }
            assert set(rows["hour"]) == {time + timedelta(hours=23)}
            for topic, *values in rows.select("topic", "came_true", "mentions_before", "mentions_after").iter_rows():
                assert tuple(values) == real[topic]
    assert found["came_true"].any() and not found["came_true"].all()


def test_further_horizons_have_rows_of_their_own_and_change_no_other(history: History, cut: datetime) -> None:
    settings = LabelSettings(further=(FurtherHorizon(6, 4, 2), FurtherHorizon(168, 20, 10)))
    predictions = forecast(MENTIONS_24H, history, cut, settings, growth=AllMentions())
    main = predictions.filter(pl.col("label").is_in(LABELS))
    assert main.equals(forecast(MENTIONS_24H, history, cut, SETTINGS, growth=AllMentions()))
    assert dict(predictions.select("label", "horizon_hours").unique().rows()) == settings.hours_of
    asked = make_cut(history, int(cut.timestamp()), settings)
    for label, hours in (("emerges_6h", 6), ("emerges_7d", 168)):
        rows = predictions.filter(label=label)
        before = {history.topics[topic]: int(n) for topic, n in zip(asked.topics, asked.before[hours], strict=True)}
        assert {row["topic"]: orjson.loads(row["metadata"])["before"] for row in rows.iter_rows(named=True)} == before


def test_a_forecast_of_six_hours_is_late_and_made_afterwards_sooner(history: History, cut: datetime) -> None:
    settings = LabelSettings(further=(FurtherHorizon(6, 4, 2),))
    frame = forecast(MENTIONS_24H, history, cut, settings)
    for after, ways in ((1, {"live"}), (5, {"late"}), (6, {"late", "backfill"}), (24, {"backfill"})):
        made = signed(frame, cut + timedelta(hours=after), "run", RULE)
        assert set(made["made"]) == ways
        assert set(made.filter(label="emerges_6h")["made"]) == {"backfill" if after >= 6 else min(ways)}


def test_each_outcome_is_of_its_horizon(history: History, cut: datetime) -> None:
    settings = LabelSettings(further=(FurtherHorizon(6, 4, 2), FurtherHorizon(168, 20, 10)))
    predictions = made(forecast(MENTIONS_24H, history, cut, settings))
    found = outcomes_frame(predictions, history, settings)
    assert found.height == predictions.height
    became = outcomes(history, make_cut(history, int(cut.timestamp()), settings), settings)
    for label, hours in settings.hours_of.items():
        rows = found.filter(label=label)
        assert set(rows["hour"]) == {cut + timedelta(hours=hours - 1)} and set(rows["horizon_hours"]) == {hours}
        assert rows["came_true"].sum() == became.labels[label].sum()
    assert found.filter(label="emerges_7d")["came_true"].any()
    soon = history.until(cut + timedelta(hours=30))
    assert outcomes_frame(predictions.filter(pl.col("horizon_hours") < 30), soon, settings).height
    with pytest.raises(ValueError, match="before the horizon of 'emerges_7d'"):
        outcomes_frame(predictions, soon, settings)


def test_outcomes_of_a_withdrawn_topic_and_of_an_open_horizon(history: History, cut: datetime) -> None:
    predictions = made(forecast(MENTIONS_24H, history, cut, SETTINGS)).head(1).with_columns(topic=pl.lit("gone"))
    found = outcomes_frame(predictions, history, SETTINGS)
    assert found.select("came_true", "mentions_before", "mentions_after").row(0) == (False, 0, 0)
    with pytest.raises(ValueError, match="before the horizon"):
        outcomes_frame(predictions, history.until(cut + timedelta(hours=23)), SETTINGS)
    assert len(outcomes_frame(PREDICTIONS.frame(), history, SETTINGS)) == 0


def test_cuts_that_cannot_be_are_refused(history: History, cut: datetime) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        forecast(MENTIONS_24H, history, cut.replace(tzinfo=None), SETTINGS)
    with pytest.raises(ValueError, match="whole hour"):
        forecast(MENTIONS_24H, history, cut + timedelta(minutes=1), SETTINGS)
    with pytest.raises(ValueError, match="before the cut"):
        forecast(MENTIONS_24H, history.until(cut), cut + timedelta(hours=1), SETTINGS)


def test_a_silent_hour_has_no_predictions() -> None:
    start = datetime.fromisoformat("2024-01-01T00:00+00:00")
    empty = History.from_mentions(
        pl.DataFrame(
            schema={
                "timestamp": pl.Datetime("us", "UTC"),
                "topic": pl.String,
                "user_id": pl.String,
                "weight": pl.Float64,
            }
        ),
        start,
        start + timedelta(hours=30),
    )
    assert forecast(MENTIONS_24H, empty, start + timedelta(hours=25), SETTINGS).is_empty()
    assert empty.end % HOUR == 0
