"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

USER = "trend"


def binaries() -> Path | None:
    """Where Debian's newest server is; None where none is installed."""
    root = Path("/usr/lib/postgresql")
    return max(root.glob("*/bin"), default=None) if root.is_dir() else None


class PostgresServer:
    """A server on a free port of this machine, with all of its files in a new folder.

    Args:
        programs: as `binaries` finds them.
        host: the address of this machine on which it listens.
        network: of the hosts that may come in besides this one, as `10.0.0.0/24`.
    """

    def __init__(self, programs: Path, host: str = "127.0.0.1", network: str = "") -> None:
        self._programs, self._host = programs, host
        # Not in pytest's folder: any other pytest that starts closes that to all users but its own.
        self.folder = Path(tempfile.mkdtemp(prefix="trend_postgres_", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            shutil.chown(self.folder, "postgres")
            self._prefix = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", USER, "--no-sync")
        if network:
            with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {network} trust\n")

    @property
    def address(self) -> str:
        """Without the name of a database."""
        return f"postgresql://{USER}@{self._host}:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses={self._host} -c unix_socket_directories={self.folder} -c fsync=off"
        )
        self._control("-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stops it; where the mode is `immediate`, as a crash does."""
        self._control("-m", mode, "stop")

    def remove(self) -> None:
        """Stops it, and deletes its files."""
        with suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder)

    def create(self, database: str) -> str:
        """Creates a database; its address."""
        command = ["createdb", "-h", self._host, "-p", str(self.port), "-U", USER, database]
        subprocess.run(command, check=True, capture_output=True)
        return f"{self.address}/{database}"

    def _control(self, *arguments: object) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-w", *arguments)

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._prefix, str(self._programs / program), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)
