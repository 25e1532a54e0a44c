"""Which stored model may forecast at a cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import MODEL_PROMOTIONS
from trend_assets.operations.models import (
    is_as_promoted,
    model_at,
    model_name,
    promote,
    promoted_models,
    refuse,
    stored_models,
)
from trend_assets.settings import Settings
from trend_assets_tests.operations.conftest import Home
from trend_assets_tests.processes import context, process

WEEK = datetime(2026, 2, 2, tzinfo=UTC)


def store(home: Home, *models: tuple[datetime, int]) -> None:
    for week, snapshot in models:
        folder = home.settings.models_folder / model_name(week, snapshot)
        folder.mkdir(parents=True)
        promote(home.lake, home.settings, folder.name, "for the test")


def test_without_a_folder_there_is_no_model(empty: Home) -> None:
    assert stored_models(empty.settings) == []
    assert model_at(empty.lake, empty.settings, WEEK) is None


def test_the_newest_week_that_had_begun_forecasts(empty: Home) -> None:
    store(empty, (WEEK - timedelta(weeks=1), 5), (WEEK, 7), (WEEK + timedelta(weeks=1), 9))
    hour = timedelta(hours=1)
    for cut, version in (
        (WEEK - hour, "tgn-2026-01-26-s5"),
        (WEEK, "tgn-2026-02-02-s7"),
        (WEEK + timedelta(days=7) - hour, "tgn-2026-02-02-s7"),
        (WEEK + timedelta(days=700), "tgn-2026-02-09-s9"),
    ):
        model = model_at(empty.lake, empty.settings, cut)
        assert model is not None and model.version == version
    assert model_at(empty.lake, empty.settings, WEEK - timedelta(weeks=1) - hour) is None


def test_of_one_week_the_last_trained_forecasts(empty: Home) -> None:
    """By number: snapshot 10 is after snapshot 9."""
    store(empty, (WEEK, 9), (WEEK, 10))
    model = model_at(empty.lake, empty.settings, WEEK)
    assert model is not None and model.snapshot == 10


def test_what_is_no_model_is_passed_over(empty: Home) -> None:
    store(empty, (WEEK, 9))
    for name in (
        "tgn-2026-13-45-s3",
        "tgn-2026-02-02",
        "tgn-2026-02-02-s12.old",
        ".tgn-2026-02-02-s12.x1y2",
        "notes",
        "tgn-latest",
    ):
        (empty.settings.models_folder / name).mkdir()
    (empty.settings.models_folder / "tgn-2026-02-02-s11").write_text("a file", encoding="utf-8")
    assert [model.version for model in stored_models(empty.settings)] == ["tgn-2026-02-02-s9"]


def test_other_tensors_under_a_promoted_name_are_noticed(empty: Home, tmp_path: Path) -> None:
    name = model_name(WEEK, 3)
    folder = empty.settings.models_folder / name
    folder.mkdir(parents=True)
    assert is_as_promoted(empty.lake, name, folder)
    for digest in ("aa", "bb"):
        (folder / "model.json").write_text(f'{{"tensors": {{"sha256": "{digest}"}}}}', encoding="utf-8")
        assert is_as_promoted(empty.lake, name, folder) is (digest == "aa")
        promote(empty.lake, empty.settings, name, "for the test")
        refuse(empty.lake, empty.settings, name, "trained again")
        assert is_as_promoted(empty.lake, name, folder)
    assert model_at(empty.lake, empty.settings, WEEK) is not None
    rows = empty.lake.read("SELECT action, sha256 FROM model_promotions ORDER BY number").rows()
    assert rows == [("promoted", "aa"), ("refused", "aa"), ("promoted", "bb"), ("refused", "bb")]


def promote_all(home: Path, versions: list[str], barrier: Barrier) -> None:
    settings = Settings(home=home)
    lake = Lake(lake_location(settings))
    for version in versions:
        barrier.wait(300)
        promote(lake, settings, version, "at once")


def test_two_processes_that_promote_at_once_lose_nothing(empty: Home) -> None:
    names = [model_name(WEEK + timedelta(weeks=number), number) for number in range(6)]
    folders = [empty.settings.models_folder / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
    versions = [folder.name for folder in folders]
    barrier = context().Barrier(2)
    both = [process(promote_all, empty.settings.home, versions[half::2], barrier) for half in (0, 1)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert [model.version for model in promoted_models(empty.lake, empty.settings)] == versions
    assert empty.lake.read_table(MODEL_PROMOTIONS)["number"].to_list() == [1, 2, 3, 4, 5, 6]
