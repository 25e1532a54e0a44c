"""Which model is in use: promoted, withdrawn, refused, trained again; and what forecasts then."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest

from trend_assets.errors import TrendError
from trend_assets.forecasting.calibration import fit_calibrated
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.held_out import HeldOut
from trend_assets.forecasting.history import to_epoch
from trend_assets.forecasting.labels import LABELS
from trend_assets.forecasting.promotion import PromotionRule, decide
from trend_assets.lake.connection import LakeError
from trend_assets.lake.tables import EVENTS, MODEL_PROMOTIONS
from trend_assets.operations.history import label_settings, load_history
from trend_assets.operations.models import (
    model_at,
    model_name,
    models_at,
    promote,
    promote_instead,
    promoted_models,
    roll_back,
)
from trend_assets.operations.predicting import forecast_hours
from trend_assets.operations.training import TrainedModel, _baselines, new_forecaster, train
from trend_assets.settings import Settings
from trend_assets_tests.benchmarks.controls import ShuffledOutcomes
from trend_assets_tests.operations.conftest import DAYS, START, WEEK, Home, home_in, quick_training, write_posts
from trend_assets_tests.operations.once import TrainedOnce

ONE = timedelta(hours=1)
SEVEN = timedelta(weeks=1)


def stored(home: Home, *weeks: datetime) -> list[str]:
    folders = [home.settings.models_folder / model_name(week, number) for number, week in enumerate(weeks)]
    for folder in folders:
        folder.mkdir(parents=True)
    return [folder.name for folder in folders]


def test_what_is_not_promoted_does_not_forecast(empty: Home) -> None:
    first, second = stored(empty, WEEK, WEEK + SEVEN)
    assert model_at(empty.lake, empty.settings, WEEK + 2 * SEVEN) is None
    promote(empty.lake, empty.settings, first, "good")
    assert model_at(empty.lake, empty.settings, WEEK + 2 * SEVEN).version == first
    promote(empty.lake, empty.settings, second, "better")
    assert [model.version for model in models_at(empty.lake, empty.settings, WEEK + SEVEN)] == [second, first]
    assert model_at(empty.lake, empty.settings, WEEK + SEVEN - ONE).version == first


def test_weeks_promoted_out_of_order_stand_in_order(empty: Home) -> None:
    versions = stored(empty, WEEK, WEEK + SEVEN, WEEK + 2 * SEVEN)
    for version in (versions[2], versions[0], versions[1], versions[0]):
        promote(empty.lake, empty.settings, version, "")
    assert [model.version for model in promoted_models(empty.lake, empty.settings)] == versions


def test_rollback_gives_back_the_former_one_and_says_so(empty: Home) -> None:
    first, second = stored(empty, WEEK, WEEK + SEVEN)
    promote(empty.lake, empty.settings, first, "")
    promote(empty.lake, empty.settings, second, "")
    withdrawn, former = roll_back(empty.lake, empty.settings)
    assert (withdrawn.version, former.version) == (second, first)
    assert model_at(empty.lake, empty.settings, WEEK + 2 * SEVEN).version == first
    assert roll_back(empty.lake, empty.settings)[1] is None
    with pytest.raises(TrendError, match="no model is promoted"):
        roll_back(empty.lake, empty.settings)
    log = empty.lake.read_table(MODEL_PROMOTIONS)
    assert log["number"].to_list() == [1, 2, 3, 4]
    assert log["action"].to_list() == ["promoted", "promoted", "withdrawn", "withdrawn"]
    assert log["version"].to_list() == [first, second, second, first]


def test_by_hand_an_older_one_takes_the_place_of_later_ones(empty: Home) -> None:
    first, second, early = stored(empty, WEEK, WEEK + SEVEN, WEEK + 2 * ONE)
    promote(empty.lake, empty.settings, second, "")
    assert early == "tgn-2026-02-02T02-s2"
    assert promote_instead(empty.lake, empty.settings, first) == [second]
    assert model_at(empty.lake, empty.settings, WEEK + 3 * SEVEN).version == first
    promote(empty.lake, empty.settings, early, "")
    assert model_at(empty.lake, empty.settings, WEEK + ONE).version == first
    assert model_at(empty.lake, empty.settings, WEEK + 2 * ONE).version == early
    told = empty.lake.read("SELECT version, reason FROM model_promotions WHERE action = 'withdrawn'").rows()
    assert told == [(second, f"{first} was promoted by hand")]
    with pytest.raises(TrendError, match="no model 'tgn-x'"):
        promote_instead(empty.lake, empty.settings, "tgn-x")


def test_of_one_week_the_one_promoted_last_is_in_use(empty: Home) -> None:
    for snapshot in (1, 2):
        (empty.settings.models_folder / model_name(WEEK, snapshot)).mkdir(parents=True)
    promote(empty.lake, empty.settings, "tgn-2026-02-02-s2", "")
    promote(empty.lake, empty.settings, "tgn-2026-02-02-s1", "")
    assert model_at(empty.lake, empty.settings, WEEK).version == "tgn-2026-02-02-s1"


@pytest.fixture(scope="module")
def own(once: TrainedOnce, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home in which the model of the week was trained, and that this module alone changes."""
    folder = tmp_path_factory.mktemp("own") / "home"
    once.copied_to(folder)
    with quick_training():
        made = home_in(folder)
        yield made
        made.lake.close()


@pytest.fixture(scope="module")
def trained(own: Home, once: TrainedOnce) -> TrainedModel:
    return replace(once.model, folder=own.settings.models_folder / once.model.model_version)


def alerts(settings: Settings) -> list[dict[str, str]]:
    path = settings.logs_folder / "alerts.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def test_a_good_model_is_promoted_with_its_reason(own: Home, trained: TrainedModel) -> None:
    assert trained.decision.promoted, trained.decision.reason
    assert model_at(own.lake, own.settings, WEEK).version == trained.model_version
    extra = orjson.loads((trained.folder / "model.json").read_bytes())["metadata"]["extra"]
    assert extra["decision"] == {"promoted": True, "reason": trained.decision.reason}
    kept = HeldOut.from_json(extra["held_out"])
    assert np.mean(list(kept.labels["bursts"].values())) == trained.metrics["tgn"]["bursts"]["ndcg_at_10"]


def test_its_forecasts_name_users_as_reasons(own: Home, trained: TrainedModel) -> None:
    frame = forecast_hours(own.lake, own.settings, WEEK + 5 * ONE, WEEK + 6 * ONE, "run")
    rows = frame.filter(pl.col("model_version") == trained.model_version)
    assert rows.height > 10
    users = [orjson.loads(row)["users"] for row in rows["metadata"]]
    assert any(users) and all(len(each) <= 3 for each in users)
    assert all(one["user_id"].startswith("archive:") for each in users for one in each)
    baseline = frame.filter(pl.col("model_version") != trained.model_version)
    assert not any("users" in orjson.loads(row) for row in baseline["metadata"])


def test_a_model_that_learnt_from_shuffled_outcomes_is_not_promoted(own: Home) -> None:
    history = load_history(own.lake, WEEK)
    labels = label_settings(own.settings.forecast)
    days = own.settings.training.history_days
    # Other streams' outcomes are not shuffled.
    alone = own.settings.training.model_copy(update={"pretrained": "none"})
    untaught = own.settings.model_copy(update={"training": alone})
    forecaster = new_forecaster(untaught, ShuffledOutcomes(labels, 1, days))
    calibrations = fit_calibrated(forecaster, history, to_epoch(WEEK), labels, 1)
    held_out = HeldOut({label: calibrations[label].by_cut for label in LABELS})
    baselines = _baselines(history, labels, CutMemory(labels, days=days), 1)
    decision = decide(held_out, baselines, {}, None, PromotionRule())
    assert not decision.promoted
    assert "clearly worse than" in decision.reason


def test_trained_again_on_its_snapshot_it_has_the_same_weights(own: Home, trained: TrainedModel) -> None:
    """Although the lake's rows have changed since."""
    changed = own.lake.read_table(EVENTS).filter(pl.col("id").hash() % 2 == 0)
    before = own.lake.read_table(EVENTS)
    write_posts(own.lake, changed, START, START + timedelta(days=DAYS))
    try:
        assert len(load_history(own.lake, WEEK)) < trained.mentions
        shutil.move(trained.folder, trained.folder.with_name("kept"))
        again = train(own.lake, own.settings, WEEK, snapshot=trained.lake_snapshot)
        assert again.model_version == trained.model_version
        assert again.mentions == trained.mentions
        assert not again.decision.promoted
        weights = (again.folder / "model.safetensors").read_bytes()
        assert weights == (trained.folder.with_name("kept") / "model.safetensors").read_bytes()
        with pytest.raises(LakeError, match="no snapshot 9999"):
            train(own.lake, own.settings, WEEK, snapshot=9999)
    finally:
        write_posts(own.lake, before, START, START + timedelta(days=DAYS))
        shutil.rmtree(trained.folder.with_name("kept"), ignore_errors=True)


@pytest.mark.parametrize("damage", ["truncated", "foreign", "changed", "pickle"])
def test_a_damaged_model_is_refused_and_the_former_forecasts(own: Home, trained: TrainedModel, damage: str) -> None:
    number = ["truncated", "foreign", "changed", "pickle"].index(damage)
    broken = own.settings.models_folder / model_name(WEEK + (number + 1) * ONE, 900)
    shutil.copytree(trained.folder, broken)
    tensors = broken / "model.safetensors"
    if damage == "truncated":
        tensors.write_bytes(tensors.read_bytes()[:1000])
    elif damage == "changed":
        tensors.write_bytes(tensors.read_bytes()[:-1] + b"\x01")
    elif damage == "foreign":
        (broken / "model.json").write_text('{"format": "another"}', encoding="utf-8")
    else:
        tensors.write_bytes(b"\x80\x04cos\nsystem\n(S'touch executed'\ntR.")
    promote(own.lake, own.settings, broken.name, "for the test")
    try:
        frame = forecast_hours(own.lake, own.settings, WEEK + 5 * ONE, WEEK + 6 * ONE, "run")
        assert trained.model_version in set(frame["model_version"])
        assert broken.name not in set(frame["model_version"])
        (alert,) = [one for one in alerts(own.settings) if one["subject"] == broken.name]
        assert alert["kind"] == "model_refused"
        assert str(broken) in alert["message"]
        assert not Path("executed").exists()
    finally:
        roll_back(own.lake, own.settings)
        shutil.rmtree(broken)


def test_without_a_former_one_the_baseline_forecasts(own: Home, trained: TrainedModel) -> None:
    roll_back(own.lake, own.settings)
    try:
        frame = forecast_hours(own.lake, own.settings, WEEK + 5 * ONE, WEEK + 6 * ONE, "run")
        assert frame["model_version"].str.starts_with("baseline:").all()
    finally:
        promote(own.lake, own.settings, trained.model_version, "for the test")


@pytest.mark.parametrize("until", [WEEK - ONE, WEEK + SEVEN, WEEK + timedelta(minutes=5)])
def test_early_is_a_whole_hour_of_the_week(own: Home, until: datetime) -> None:
    with pytest.raises(TrendError, match="is no whole hour of the week of 2026-02-02"):
        train(own.lake, own.settings, WEEK, until=until)


def test_trained_early_it_forecasts_from_that_hour_on(own: Home, trained: TrainedModel) -> None:
    until = WEEK + timedelta(days=2, hours=3)
    early = train(own.lake, own.settings, WEEK, until=until)
    assert early.mentions > trained.mentions
    assert early.model_version.startswith("tgn-2026-02-04T03-s")
    assert trained.model_version in early.decision.reason
    assert early.decision.promoted, early.decision.reason
    assert model_at(own.lake, own.settings, until - ONE).version == trained.model_version
    assert model_at(own.lake, own.settings, until).version == early.model_version
