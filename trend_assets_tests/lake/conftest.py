"""Lakes for tests: SQLite and PostgreSQL catalogs, both real."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets_tests.postgres_server import PostgresServer, binaries


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the tests' own; its address without a database name."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql (Debian's package postgresql)")
    server = PostgresServer(programs)
    server.start()
    yield server.address
    server.remove()


@pytest.fixture
def sqlite_lake(tmp_path: Path) -> LakeLocation:
    return LakeLocation(tmp_path / "home")


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> LakeLocation:
    """An empty lake of each kind."""
    if request.param == "sqlite":
        return LakeLocation(tmp_path / "home")
    server = request.getfixturevalue("postgres")
    name = f"lake_{abs(hash(tmp_path)) % 10**9}"
    host_port = server.rsplit("@", 1)[1].split(":")
    subprocess.run(
        ["createdb", "-h", host_port[0], "-p", host_port[1], "-U", "trend", name],
        check=True,
        capture_output=True,
    )
    return LakeLocation(tmp_path / "home", catalog_url=f"{server}/{name}", data_path=str(tmp_path / "files"))
