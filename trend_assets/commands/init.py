"""`trend init`: makes what a home, a lake and Dagster's records need."""

from __future__ import annotations

from trend_assets.commands.console import console
from trend_assets.settings import load_settings


def init() -> None:
    """Make the home's folders, the lake's tables and Dagster's, where they are missing; or bring them up to date.

    Every other command does so itself. Of several machines that start at the same time one should have done it before.

    Example: TREND_HOME=/var/lib/trend trend init
    """
    from trend_assets.automation.instance import open_instance, prepare_home
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.lake.write_lock import holding, write_lock

    settings = load_settings()
    location = lake_location(settings)
    prepare_home(settings)
    Lake(location).close()
    # Dagster's own lock is of one machine; the lake's is of all that share it.
    lock = write_lock(location)
    with holding(lock):
        open_instance(settings).dispose()
    lock.close()
    console.print(f"{location} and {settings.dagster_home} are ready", markup=False, soft_wrap=True)
