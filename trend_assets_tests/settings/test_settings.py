"""Settings: where they come from, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from trend_assets.settings import ForecastSettings, Settings, SettingsError, example_yaml, load_settings, shown


def write(path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("TREND_CONFIG", str(path))
    return path


def test_the_environment_wins_over_the_file(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "t.yaml", "forecast: {threshold: 3, min_growth: 2}\n", monkeypatch)
    monkeypatch.setenv("TREND_FORECAST__THRESHOLD", "5")
    forecast = load_settings().forecast
    assert (forecast.threshold, forecast.min_growth) == (5, 2)


def test_home_holds_what_a_run_makes(home: Path) -> None:
    settings = load_settings()
    assert settings.home == home
    assert settings.models_folder.parent == settings.inbox.parent == settings.dagster_home.parent == home


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("forecast: {treshold: 3}\n", ["forecast.treshold", "t.yaml", "threshold"]),
        ("forcast: {threshold: 3}\n", ["forcast", "t.yaml", "forecast"]),
        ("forecast: {threshold: many}\n", ["forecast.threshold", "t.yaml", "integer"]),
        ("schedule: {minute: 75}\n", ["schedule.minute", "59"]),
        ("- a\n- b\n", ["t.yaml", "keys and values"]),
        ("a: [\n", ["t.yaml", "not YAML"]),
    ],
)
def test_a_wrong_file_is_explained(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, parts: list[str]
) -> None:
    write(tmp_path / "t.yaml", text, monkeypatch)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert all(part in str(error.value) for part in parts), str(error.value)


@pytest.mark.parametrize(
    ("variable", "value", "parts"),
    [
        ("TREND_FORCAST__THRESHOLD", "1", ["TREND_FORCAST__THRESHOLD", "forecast"]),
        ("TREND_FORECAST__TRESHOLD", "1", ["TREND_FORECAST__TRESHOLD", "threshold"]),
        ("TREND_FORECAST__THRESHOLD", "x", ["TREND_FORECAST__THRESHOLD", "integer"]),
    ],
)
def test_a_wrong_variable_is_explained(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, parts: list[str]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert all(part in str(error.value) for part in parts), str(error.value)


def test_a_missing_file_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_CONFIG", "/nowhere/trend.yaml")
    with pytest.raises(SettingsError, match=r"/nowhere/trend\.yaml"):
        load_settings()


def test_secrets_are_hidden(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_LAKE__CATALOG_URL", "postgresql://me:sentinel@localhost/lake")
    settings = load_settings()
    assert "sentinel" not in shown(settings) + repr(settings) + str(settings)


def test_the_example_is_valid_and_complete(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = load_settings()
    write(tmp_path / "t.yaml", example_yaml(), monkeypatch)
    assert load_settings() == defaults
    assert set(yaml.safe_load(example_yaml())) == set(Settings.model_fields) - {"home"}


def test_the_main_horizon_is_no_further_one() -> None:
    assert ForecastSettings().further_horizons == {6: 4, 168: 20}
    assert ForecastSettings(horizon_hours=6).further_horizons == {168: 20}
