"""What the release before kept in files of the home is in the lake, once: its own files, and its own lakes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.forecasting.sensitivity import Load
from trend_assets.lake.connection import LakeLocation, open_duckdb
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import ALERT_THRESHOLDS, DEFERRED_HOURS, LOAD_CHECKS, MODEL_PROMOTIONS
from trend_assets.operations.load_shedding import SheddingState, due_hours, shedding_state
from trend_assets.operations.models import promoted_models
from trend_assets.settings import LakeSettings, Settings
from trend_assets_tests.lake import golden_schemas

HOUR, ONE = datetime(2026, 2, 3, 4, tzinfo=UTC), timedelta(hours=1)
CALM = {
    "checked_at": HOUR + ONE,
    "hour": HOUR + ONE,
    "waiting": 0,
    "step": 0,
    "load": "normal",
    "postponed_hours": 2,
}
HOME = Path(__file__).parent / "golden" / "home_v3"
#: As the release before had them, the one promoted last in a week last.
IN_USE = ["tgn-2026-02-02-s4", "tgn-2026-02-02-s3", "tgn-2026-02-09-s5"]
WITHDRAWN = "tgn-2026-02-11T03-s6"


@pytest.fixture
def old(location: LakeLocation) -> LakeLocation:
    """A home and a lake of version 3 on each catalog."""
    shutil.copytree(HOME, location.home)
    for version in (*IN_USE, WITHDRAWN):
        (location.home / "models" / version).mkdir()
    golden_schemas.make(location, 3).close()
    return location


def settings(location: LakeLocation) -> Settings:
    return Settings(
        home=location.home, lake=LakeSettings(catalog_url=location.catalog_url, data_path=location.data_path)
    )


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.endswith("old_files")]


def test_the_models_in_use_stay_in_use_and_one_line_says_so(
    old: LakeLocation, caplog: pytest.LogCaptureFixture
) -> None:
    lake = Lake(old)
    assert [model.version for model in promoted_models(lake, settings(old))] == IN_USE
    log = lake.read_table(MODEL_PROMOTIONS)
    assert log["number"].to_list() == list(range(1, log.height + 1))
    assert log["action"].to_list() == [*["promoted"] * 4, "withdrawn", *["promoted"] * 2, "withdrawn"]
    assert log["version"].to_list()[-1] == WITHDRAWN and log["week"].max() == datetime(2026, 2, 11, 3, tzinfo=UTC)
    assert not (old.home / "models" / "promoted.json").exists()
    (told,) = [text for text in warnings(caplog) if "promoted.json" in text]
    assert told.endswith("is taken over: its 8 rows are in the lake's table model_promotions")


def test_the_load_goes_on_where_it_stood(old: LakeLocation, caplog: pytest.LogCaptureFixture) -> None:
    connection = open_duckdb(old, read_only=False)
    connection.execute("INSERT INTO load_checks VALUES ($at, $hour, 50, 3, 'sampled', 2)", {"at": HOUR, "hour": HOUR})
    connection.close()
    lake = Lake(old)
    assert shedding_state(lake) == SheddingState(Load.SAMPLED, HOUR, frozenset([HOUR, HOUR - ONE]), frozenset([HOUR]))
    assert due_hours(lake, settings(old)) == []
    lake.write(LOAD_CHECKS, LOAD_CHECKS.frame([CALM]))
    assert due_hours(lake, settings(old)) == [HOUR, HOUR - ONE]
    assert lake.read_table(DEFERRED_HOURS).height == 2 and not (old.home / "load.json").exists()
    assert any("load.json is taken over: its 2 rows" in text for text in warnings(caplog))


def test_the_threshold_of_alerts_goes_on_where_it_stood(old: LakeLocation) -> None:
    lake = Lake(old)
    (row,) = lake.read_table(ALERT_THRESHOLDS).rows(named=True)
    assert row == {"cut": HOUR, "threshold": 0.5, "rate": 11.591894571091382, "raised": ["#a", "#ä"]}
    assert not (old.home / "sensitivity.json").exists()


def test_a_reader_takes_them_over_with_the_migration(old: LakeLocation) -> None:
    lake = Lake(old, read_only=True)
    assert [model.version for model in promoted_models(lake, settings(old))] == IN_USE


def test_the_next_opening_takes_nothing_over(old: LakeLocation, caplog: pytest.LogCaptureFixture) -> None:
    Lake(old).close()
    caplog.clear()
    lake = Lake(old)
    assert warnings(caplog) == [] and lake.read_table(MODEL_PROMOTIONS).height == 8


def test_a_file_that_came_too_late_is_put_aside(old: LakeLocation, caplog: pytest.LogCaptureFixture) -> None:
    """Such as of a second home with the same catalog, or of a process of the release before that ran on."""
    Lake(old).close()
    shutil.copy(HOME / "models" / "promoted.json", old.home / "models")
    caplog.clear()
    lake = Lake(old)
    assert lake.read_table(MODEL_PROMOTIONS).height == 8
    (told,) = warnings(caplog)
    assert "table model_promotions has rows already: it is kept as promoted.json.not-taken-over" in told
    assert (old.home / "models" / "promoted.json.not-taken-over").read_bytes()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"promoted": 3, "log": []}', b'{"promoted": ["x"], "log": []}'])
def test_a_damaged_file_is_told_and_kept(
    sqlite_lake: LakeLocation, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    path = sqlite_lake.home / "models" / "promoted.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    lake = Lake(sqlite_lake)
    assert lake.read_table(MODEL_PROMOTIONS).is_empty()
    assert path.with_name("promoted.json.not-taken-over").read_bytes() == content
    (told,) = warnings(caplog)
    assert "promoted.json is damaged (" in told
