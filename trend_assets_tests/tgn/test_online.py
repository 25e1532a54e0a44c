"""The living model gives what the checkpoint would give, however the mentions came and whatever happened."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trend_assets.forecasting.history import MENTIONS_SCHEMA, History
from trend_assets.forecasting.labels import LABELS, FurtherHorizon, LabelSettings, make_cut
from trend_assets.tgn.checkpoint import CheckpointError
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.online import RuntimeGlue
from trend_assets.tgn.settings import ForecasterSettings

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 24
WEEK = START + timedelta(weeks=3)
SETTINGS = ForecasterSettings(link_epochs=1, threads=1)
HOUR = timedelta(hours=1)


def mentions(seed: int = 0) -> pl.DataFrame:
    """Topics of whom one half, by who began them, draws a crowd within the day."""
    chance = np.random.default_rng(seed)
    rows = []
    for number in range(DAYS * 12):
        born = number * 2.0 + chance.uniform(0, 2)
        starter = int(chance.integers(20))
        hours = [born, *(born + np.sort(chance.exponential(14, chance.poisson(22 if starter < 10 else 3))))]
        users = [starter, *chance.integers(0, 120, len(hours) - 1)]
        rows += [(hour, number, user) for hour, user in zip(hours, users, strict=True)]
    frame = pl.DataFrame(
        [
            (START + timedelta(seconds=int(hour * 3600)), f"#topic{number}", f"user{user}", 1.0)
            for hour, number, user in rows
            if hour < DAYS * 24
        ],
        schema=MENTIONS_SCHEMA,
        orient="row",
    )
    return frame.sort("timestamp")


FRAME = mentions()


def history_end() -> datetime:
    return START + timedelta(days=DAYS)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Checkpoints of the third week and of the week before."""
    folder = tmp_path_factory.mktemp("models")
    history = History.from_mentions(FRAME, end=history_end())
    for name, until in (("new", WEEK), ("old", WEEK - timedelta(weeks=1))):
        forecaster = TgnForecaster(SETTINGS)
        forecaster.fit(history.until(until), int(until.timestamp()))
        forecaster.save(folder / name, {"calibrators": {}})
    return folder / "new", folder / "old"


def expected(folder: Path, moment: datetime) -> dict[str, np.ndarray]:
    history = History.from_mentions(FRAME, end=history_end())
    cut = make_cut(history, int(moment.timestamp()), SETTINGS.labels)
    return dict(TgnForecaster.load(folder).score(history.until(moment), cut))


def same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[label], two[label], equal_nan=True) for label in one)


def feed(glue: RuntimeGlue, start: datetime, end: datetime, step: timedelta) -> None:
    while start < end:
        upto = min(start + step, end)
        glue.observe(FRAME.filter(pl.col("timestamp").is_between(start, upto, closed="left")))
        start = upto


@pytest.mark.parametrize("step", [timedelta(minutes=50), timedelta(hours=31)])
def test_micro_batches_give_what_all_at_once_gives(models: tuple[Path, Path], step: timedelta) -> None:
    glue = RuntimeGlue(models[0])
    feed(glue, START, WEEK, timedelta(days=7))
    glue.serve(WEEK)
    feed(glue, WEEK, WEEK + 31 * HOUR, step)
    _, cut, forecast = glue.serve(WEEK + 31 * HOUR)
    wanted = expected(models[0], WEEK + 31 * HOUR)
    assert len(cut) > 10 and wanted
    assert same(dict(forecast.scores), wanted)


def test_the_memory_goes_on_from_where_it_was(models: tuple[Path, Path]) -> None:
    glue = RuntimeGlue(models[0])
    feed(glue, START, WEEK + 12 * HOUR, timedelta(days=30))
    before = TgnForecaster.load(models[0]).rolling.size
    glue.serve(WEEK + 12 * HOUR)
    taken = glue._serving.forecaster.rolling.size
    assert taken == FRAME.filter(pl.col("timestamp") < WEEK + 12 * HOUR).height > before


def test_what_is_out_of_order_or_of_another_shape_is_refused(models: tuple[Path, Path]) -> None:
    glue = RuntimeGlue(models[0])
    with pytest.raises(ValueError, match="nothing was observed"):
        glue.serve(WEEK)
    glue.observe(FRAME[100:200])
    with pytest.raises(ValueError, match="batches must be in order"):
        glue.observe(FRAME[50:60])
    with pytest.raises(ValueError, match="mentions: expected"):
        glue.observe(FRAME[200:300].drop("weight"))
    glue.observe(FRAME[:0])


def test_a_late_post_is_taken_in_from_the_checkpoint(models: tuple[Path, Path]) -> None:
    """Through `forecast`, as the lake's history is handed in: the rows of an hour may have changed since."""
    glue = RuntimeGlue(models[0])
    moment = WEEK + 12 * HOUR
    late = FRAME.filter(pl.col("timestamp") >= WEEK + 2 * HOUR)[:1]
    lacking = History.from_mentions(FRAME.join(late, on=FRAME.columns, how="anti"), end=history_end())
    glue.forecast(lacking, make_cut(lacking, int(moment.timestamp()), SETTINGS.labels))
    whole = History.from_mentions(FRAME, end=history_end())
    found = glue.forecast(whole, make_cut(whole, int(moment.timestamp()), SETTINGS.labels))
    assert same(dict(found.scores), expected(models[0], moment))


def test_a_reload_drops_no_request(models: tuple[Path, Path]) -> None:
    new, old = models
    glue = RuntimeGlue(old)
    feed(glue, START, WEEK + 6 * HOUR, timedelta(days=30))
    moments = [WEEK + hour * HOUR for hour in (1, 6)]
    allowed = {moment: [expected(folder, moment) for folder in models] for moment in moments}
    failures: list[object] = []
    served = 0
    stop = threading.Event()

    def ask() -> None:
        nonlocal served
        while not stop.is_set():
            for moment in moments:
                try:
                    scores = dict(glue.serve(moment)[2].scores)
                    if not any(same(scores, one) for one in allowed[moment]):
                        failures.append(moment)
                    served += 1
                except Exception as error:
                    failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for folder in (new, old, new, old, new):
        before = served
        glue.reload(folder)
        deadline = time.monotonic() + 20
        while served < before + 4 and not failures and time.monotonic() < deadline:
            time.sleep(0.005)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert served >= 20
    assert glue.version == "new"
    assert same(dict(glue.serve(moments[1])[2].scores), allowed[moments[1]][0])


def test_a_further_horizon_that_does_not_beat_counting_is_withheld(tmp_path: Path) -> None:
    labels = LabelSettings(further=(FurtherHorizon(6, 4, 2), FurtherHorizon(48, 12, 6)))
    history = History.from_mentions(FRAME, end=history_end())
    forecaster = TgnForecaster(replace(SETTINGS, labels=labels))
    forecaster.fit(history.until(WEEK), int(WEEK.timestamp()))
    gate = {"emerges_6h": {"promoted": True, "reason": ""}, "emerges_2d": {"promoted": False, "reason": "too few"}}
    forecaster.save(tmp_path / "model", {"calibrators": {}, "further": gate})
    cut = make_cut(history, int((WEEK + HOUR).timestamp()), labels)
    assert "emerges_2d" in forecaster.score(history, cut)
    assert set(RuntimeGlue(tmp_path / "model").score(history, cut)) == {*LABELS, "emerges_6h"}


def test_what_cannot_be_loaded_leaves_the_former_serving(models: tuple[Path, Path], tmp_path: Path) -> None:
    glue = RuntimeGlue(models[0])
    with pytest.raises(CheckpointError, match="cannot be read"):
        glue.reload(tmp_path / "nothing")
    assert glue.version == "new"


def test_its_reasons_are_those_of_the_checkpoint_whatever_was_served_meanwhile(models: tuple[Path, Path]) -> None:
    moment = WEEK + 12 * HOUR
    history = History.from_mentions(FRAME, end=history_end())
    cut = make_cut(history, int(moment.timestamp()), SETTINGS.labels)
    alone = TgnForecaster.load(models[0])
    expected = alone.contributors(cut, alone.look(history, cut))
    glue = RuntimeGlue(models[0])
    scores = glue.score(history, cut)
    glue.forecast(history, make_cut(history, cut.time + 3600, SETTINGS.labels))
    found = glue.contributors(history, cut)
    assert found == expected and set(found) == set(scores)
    named = 0
    for topic, users in zip(cut.topics, found["bursts"], strict=True):
        posts = (pl.col("topic") == history.topics[topic]) & (pl.col("timestamp") < moment)
        assert len(users) <= 3 and {each.user for each in users} <= set(FRAME.filter(posts)["user_id"])
        named += len(users)
    assert named
