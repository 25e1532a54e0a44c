"""What all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, settings

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets_tests import scratch

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("busy_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy_machine")

# Before pytest asks where, and before the processes of xdist start.
scratch.keep_in_memory()
# A container's image may forbid it; without it each `trend` that a test starts compiles all of its modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data, or a skip that says where it was looked for."""
    folder = Path(os.environ.get("TREND_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data in {folder} (set TREND_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new lake is a copy of an empty one: making its catalog anew takes a second, hundreds of times."""
    made = LakeLocation(tmp_path_factory.mktemp("empty_lake"))
    Lake(made).close()
    make = Lake._open

    def copied(lake: Lake) -> duckdb.DuckDBPyConnection:
        where = lake.location
        if not lake.read_only and where.uses_sqlite and where.data_path is None and not where.folder.exists():
            shutil.copytree(made.folder, where.folder)
        return make(lake)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "_open", copied)
        yield


@pytest.fixture(autouse=True)
def environment_restored() -> Iterator[None]:
    """What a test, or what it calls, leaves in the environment is gone for the next one."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TREND_HOME, and no other setting from the environment."""
    for name in list(os.environ):
        if name.startswith(("TREND_", "DAGSTER_")) and name != "TREND_SHARED_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("TREND_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"
