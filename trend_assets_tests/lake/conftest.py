"""Lakes for tests: SQLite and PostgreSQL catalogs, both real."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from trend_assets.lake.connection import LakeLocation


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the tests' own; its address without a database name."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
    if not binaries:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql (Debian's package postgresql)")
    folder = postgres_folder()
    run = _as_postgres(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run([binaries[-1] / "initdb", "-D", folder / "data", "-A", "trust", "-U", "trend", "--no-sync"])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run([binaries[-1] / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start"])
    yield f"postgresql://trend@127.0.0.1:{port}"
    run([binaries[-1] / "pg_ctl", "-D", folder / "data", "-w", "-m", "fast", "stop"], check=False)
    shutil.rmtree(folder)


def postgres_folder() -> Path:
    """A new folder for a server, to be removed by whoever asked for it.

    Not in pytest's folder: any other pytest that starts closes that to all users but its own.
    """
    return Path(tempfile.mkdtemp(prefix="trend_postgres_", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))


def _as_postgres(folder: Path):
    """PostgreSQL refuses to run as root."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]

    def run(command: list[object], check: bool = True) -> None:
        subprocess.run([*prefix, *map(str, command)], check=check, capture_output=True, cwd=folder)

    return run


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
