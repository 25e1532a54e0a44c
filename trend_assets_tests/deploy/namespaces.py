"""Hosts on this machine: network namespaces on a bridge, each process with a disk of its own. Linux, as root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_BRIDGE = "trendbr0"
NETWORK = "10.199.77.0/24"
#: Where the engines listen: on the bridge, which no host has anything else in common with.
ENGINES = "10.199.77.1"
#: A host's own disk: nobody else sees what is on it, and it is gone with the host.
DISK = "/srv"


def missing() -> str:
    """What is not here that hosts need; empty where all is."""
    if os.name != "posix" or os.geteuid() != 0:
        return "root on Linux"
    return ", ".join(program for program in ("ip", "unshare", "mount") if not shutil.which(program))


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass(slots=True)
class Host:
    """A namespace with an address.

    Args:
        name: of the host.
        address: of it.
        logs: where its services write what they say.
    """

    name: str
    address: str
    logs: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Starts a service on an empty disk, in a process group of its own."""
        disk = f"mount -t tmpfs tmpfs {DISK} && mkdir -p {DISK}/home {DISK}/tmp && cd {DISK}"
        inside = f'hostname {self.name} && {disk} && exec "$@"'
        whole = ["ip", "netns", "exec", self.name, "unshare", "--mount", "--uts", "sh", "-c", inside, "--", *command]
        own = {"TREND_HOME": f"{DISK}/home", "DAGSTER_HOME": f"{DISK}/home/dagster", "TMPDIR": f"{DISK}/tmp"}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                whole, env={**environment, **own}, stdout=log, stderr=log, start_new_session=True
            )
        self.running.append(process)
        return process

    @property
    def log(self) -> Path:
        """What its services have said."""
        return self.logs / f"{self.name}.log"

    def said(self) -> str:
        """The same as text."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def kill(self) -> None:
        """`kill -9` of all that runs on it."""
        for process in self.running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()


@contextmanager
def hosts(names: Sequence[str], logs: Path) -> Iterator[dict[str, Host]]:
    """Hosts that reach each other and the engines, and nothing else; all that runs on them ends with the block."""
    made: dict[str, Host] = {}
    _ip("link", "add", _BRIDGE, "type", "bridge")
    try:
        _ip("addr", "add", f"{ENGINES}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        for number, name in enumerate(names):
            host = made[name] = Host(f"trend-{name}", f"{ENGINES.rpartition('.')[0]}.{number + 11}", logs)
            outer, inner = f"trendv{number}", f"trendi{number}"
            _ip("netns", "add", host.name)
            _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
            _ip("link", "set", outer, "master", _BRIDGE, "up")
            _ip("link", "set", inner, "netns", host.name)
            _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", inner)
            _ip("-n", host.name, "link", "set", inner, "up")
            _ip("-n", host.name, "link", "set", "lo", "up")
        yield made
    finally:
        for number, host in enumerate(made.values()):
            host.kill()
            for arguments in (("link", "del", f"trendv{number}"), ("netns", "del", host.name)):
                with suppress(subprocess.CalledProcessError):
                    _ip(*arguments)
        _ip("link", "del", _BRIDGE)
