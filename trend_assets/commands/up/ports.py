"""Free ports, and the services' addresses."""

from __future__ import annotations

import socket

from trend_assets.commands.console import errors

#: A server that listens everywhere is opened here.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def free_port(host: str, wanted: int, name: str) -> int:
    """`wanted`, or a free port where it is taken, which is said.

    Args:
        host: the address that is listened on.
        wanted: the usual port.
        name: whose it is.

    Raises:
        OSError: nothing can listen at this address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: a port that was in use until just now is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
            return wanted
        except OSError:
            pass
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        found = int(probe.getsockname()[1])
    errors.print(f"{name}: port {wanted} is taken, using {found}", markup=False)
    return found


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds a server."""
    name = _EVERYWHERE.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
