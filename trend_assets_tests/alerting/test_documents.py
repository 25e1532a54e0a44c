"""The documents' example of alert settings is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from trend_assets.alerting.dispatch import channels
from trend_assets.settings import load_settings
from trend_assets_tests.conftest import REPOSITORY


def test_the_example_of_the_documents_is_taken(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = (REPOSITORY / "docs" / "alerts.md").read_text(encoding="utf-8").partition("# Alerts\n")[2]
    (tmp_path / "trend.yaml").write_text(section.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    monkeypatch.setenv("TREND_CONFIG", str(tmp_path / "trend.yaml"))
    settings = load_settings()
    assert settings.alerts.watch_list == ["$tsla", "#ai"] and settings.alerts.quiet_hours == "22:00-07:00"
    assert [channel.name for channel in channels(settings)] == ["webhook:team", "webhook:ops", "apprise:phone", "email"]
