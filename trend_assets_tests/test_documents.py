"""The documents build, and every link in them leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings
from trend_assets_tests.conftest import REPOSITORY

_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    build = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stderr
    tables = (tmp_path / "reference" / "tables" / "index.html").read_text(encoding="utf-8")
    assert "raw_events" in tables and "prediction_outcomes" in tables
    for page, word in (("changelog", "Unreleased"), ("security", "vulnerability"), ("decisions", "DuckLake")):
        assert word in (tmp_path / page / "index.html").read_text(encoding="utf-8")


def test_the_notebooks_lines_find_the_lake_from_any_folder(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    Lake(lake_location(Settings(home=home))).close()
    text = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    lines = next(block for block in re.findall(r"```python\n(.+?)```", text, re.DOTALL) if "connect(" in block)
    assert lines.count("/home/me/trend/data/demo") == 1
    run = subprocess.run(
        [sys.executable, "-c", lines.replace("/home/me/trend/data/demo", str(home))],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**os.environ, "TREND_HOME": "data/demo"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


def test_the_readme_is_one_screen() -> None:
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").split()) < 600


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "SECURITY.md"])
def test_the_links_of_the_root_exist(name: str) -> None:
    links = _LINK.findall((REPOSITORY / name).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
