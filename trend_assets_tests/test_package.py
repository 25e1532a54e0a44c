"""The wheel holds what an installation needs: every module, and every file that is read beside one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from trend_assets_tests.conftest import REPOSITORY

PACKAGES = ("trend_assets", "api")
OPENAPI = REPOSITORY / "api" / "openapi.json"
#: Kept for those who read the repository; the API serves its description from its routes.
NOT_INSTALLED = {OPENAPI.relative_to(REPOSITORY).as_posix()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """A wheel of a copy of the sources, for a build leaves files behind."""
    folder = tmp_path_factory.mktemp("sources")
    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, folder)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist")]
    build = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert build.returncode == 0, build.stdout + build.stderr
    (made,) = (folder / "dist").glob("*.whl")
    return zipfile.Path(made)


def test_nothing_is_missing_in_the_wheel(wheel: zipfile.Path) -> None:
    files = {
        path.relative_to(REPOSITORY).as_posix()
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = set(wheel.root.namelist())
    assert files - NOT_INSTALLED <= held
    assert not [name for name in held if name.startswith("trend_assets_tests")]


def test_the_wheel_brings_the_command(wheel: zipfile.Path) -> None:
    (information,) = (path for path in wheel.iterdir() if path.name.endswith(".dist-info"))
    assert "trend = trend_assets.cli:main" in (information / "entry_points.txt").read_text(encoding="utf-8")


def test_what_is_not_installed_is_not_read_by_what_is(tmp_path: Path) -> None:
    """The application describes itself without the file beside it."""
    shutil.copytree(REPOSITORY / "api", tmp_path / "api", ignore=shutil.ignore_patterns("openapi.json", "__pycache__"))
    script = "import api.openapi; print(api.openapi.FILE, len(api.openapi.document()))"
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    file, length = run.stdout.split()
    assert Path(file) == tmp_path / "api" / "openapi.json" and int(length) == len(OPENAPI.read_text(encoding="utf-8"))
