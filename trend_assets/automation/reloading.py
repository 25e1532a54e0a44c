"""Makes a running Dagster webserver reload its definitions after an import of older events."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Collection
from datetime import date

from trend_assets.settings import Settings

#: The code location of workspace.yaml; Dagster's daemon reloads it every minute by itself.
_RELOAD = 'mutation { reloadRepositoryLocation(repositoryLocationName: "trend_assets") { __typename } }'
_SECONDS = 60


def reload_definitions(settings: Settings, days: Collection[date]) -> bool:
    """Has the webserver load the definitions anew where some of the days may have no partition in it.

    Args:
        settings: where it listens.
        days: of events that were imported.

    Returns:
        Whether it did.
    """
    if min(days, default=date.max) >= settings.schedule.history_start:
        return False
    host = "127.0.0.1" if settings.dagster.host in {"0.0.0.0", "::"} else settings.dagster.host
    address = f"http://{host}:{settings.dagster.port}/graphql"
    body = json.dumps({"query": _RELOAD}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    # Without the environment's proxy: the webserver runs on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            told = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        # No webserver runs; one that is started later loads the current definitions.
        return False
    return bool(told.get("data")) if isinstance(told, dict) else False
