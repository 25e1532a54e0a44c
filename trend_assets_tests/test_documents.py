"""The documents build, and every link in them leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

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


def test_the_readme_is_one_screen_and_its_links_exist() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert len(readme.split()) < 600
    missing = [link for link in _LINK.findall(readme) if not (REPOSITORY / link).exists()]
    assert missing == []
