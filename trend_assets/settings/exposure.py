"""Refuses to listen where others reach what nothing guards."""

from __future__ import annotations

import ipaddress

from trend_assets.settings.errors import SettingsError
from trend_assets.settings.services import ApiSettings, DagsterSettings


def refuse_open_api(settings: ApiSettings) -> None:
    """Reads without a key are for this machine alone, unless the settings say who guards them.

    Raises:
        SettingsError: the API would be open to others.
    """
    if settings.open_reads and not settings.exposed and not _is_of_this_machine(settings.host):
        raise SettingsError(
            f"api.host {settings.host} lets other machines read everything without a key: set api.open_reads to false "
            "and api.keys (`trend api-key NAME`), or api.exposed to true where a proxy with a log-in is in front"
        )


def refuse_open_ui(settings: DagsterSettings) -> None:
    """The Dagster UI has no log-in of its own.

    Raises:
        SettingsError: it would be open to others.
    """
    if not settings.exposed and not _is_of_this_machine(settings.host):
        raise SettingsError(
            f"dagster.host {settings.host} lets other machines start runs without a log-in: leave it at 127.0.0.1, or "
            "set dagster.exposed to true where a proxy with a log-in is in front"
        )


def _is_of_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
