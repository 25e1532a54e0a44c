"""Which stored model may forecast at a cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.operations.models import model_at, model_folder, promote, stored_models
from trend_assets.settings import Settings, load_settings

WEEK = datetime(2026, 2, 2, tzinfo=UTC)


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings()


def store(settings: Settings, *models: tuple[datetime, int]) -> None:
    for week, snapshot in models:
        folder = model_folder(settings, week, snapshot)
        folder.mkdir(parents=True)
        promote(settings, folder.name, "for the test")


def test_without_a_folder_there_is_no_model(settings: Settings) -> None:
    assert stored_models(settings) == []
    assert model_at(settings, WEEK) is None


def test_the_newest_week_that_had_begun_forecasts(settings: Settings) -> None:
    store(settings, (WEEK - timedelta(weeks=1), 5), (WEEK, 7), (WEEK + timedelta(weeks=1), 9))
    hour = timedelta(hours=1)
    for cut, version in (
        (WEEK - hour, "tgn-2026-01-26-s5"),
        (WEEK, "tgn-2026-02-02-s7"),
        (WEEK + timedelta(days=7) - hour, "tgn-2026-02-02-s7"),
        (WEEK + timedelta(days=700), "tgn-2026-02-09-s9"),
    ):
        model = model_at(settings, cut)
        assert model is not None and model.version == version and model.folder.is_dir()
    assert model_at(settings, WEEK - timedelta(weeks=1) - hour) is None


def test_of_one_week_the_last_trained_forecasts(settings: Settings) -> None:
    """By number: snapshot 10 is after snapshot 9."""
    store(settings, (WEEK, 9), (WEEK, 10))
    model = model_at(settings, WEEK)
    assert model is not None and model.snapshot == 10


def test_what_is_no_model_is_passed_over(settings: Settings) -> None:
    store(settings, (WEEK, 9))
    for name in (
        "tgn-2026-13-45-s3",
        "tgn-2026-02-02",
        "tgn-2026-02-02-s12.old",
        ".tgn-2026-02-02-s12.x1y2",
        "notes",
        "tgn-latest",
    ):
        (settings.models_folder / name).mkdir()
    (settings.models_folder / "tgn-2026-02-02-s11").write_text("a file", encoding="utf-8")
    assert [model.version for model in stored_models(settings)] == ["tgn-2026-02-02-s9"]
