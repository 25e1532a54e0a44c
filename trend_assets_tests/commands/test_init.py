"""What `trend init` makes, and whom `trend worker` turns away."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from trend_assets.automation.instance import prepare_home
from trend_assets.settings import Settings
from trend_assets_tests.commands.conftest import Trend, one_sentence, runner


def test_it_makes_all_that_is_missing_and_may_be_run_again(tmp_path: Path, folder: Path) -> None:
    trend = runner(tmp_path / "home", folder)
    for _ in range(2):
        run = trend("init")
        assert run.returncode == 0 and "are ready" in run.stdout, run.stderr
    assert (tmp_path / "home" / "lake" / "catalog.sqlite").is_file()
    assert "0" in trend("sql", "SELECT count(*) AS n FROM raw_events", "--format", "csv").stdout


def test_a_worker_says_which_address_it_lacks(trend: Trend) -> None:
    assert "set DAGSTER_CELERY_BROKER and DAGSTER_POSTGRES_URL" in one_sentence(trend("worker"))
    told = one_sentence(trend("worker", DAGSTER_CELERY_BROKER="redis://127.0.0.1:1/0"))
    assert told.endswith("set DAGSTER_POSTGRES_URL: see docs/deployment.md")


@pytest.mark.parametrize(
    ("variables", "launcher"),
    [
        ({}, None),
        ({"DAGSTER_CELERY_BROKER": "redis://b"}, None),
        ({"DAGSTER_POSTGRES_URL": "postgresql://a"}, None),
        ({"DAGSTER_POSTGRES_URL": "postgresql://a", "DAGSTER_CELERY_BROKER": "redis://b"}, "CeleryRunLauncher"),
    ],
)
def test_dagsters_settings_follow_the_engines_that_are_named(
    home: Path, variables: dict[str, str], launcher: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    prepare_home(Settings(home=home))
    found = yaml.safe_load((home / "dagster" / "dagster.yaml").read_text())
    assert found.get("run_launcher", {}).get("class") == launcher
    assert ("storage" in found) == ("DAGSTER_POSTGRES_URL" in variables)
    assert found["run_monitoring"]["enabled"]
