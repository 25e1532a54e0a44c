"""Links into the Dagster UI for what an answer came from."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from trend_assets.periods import hour_key, week_key


def partition_link(address: str, asset: str, hour: datetime) -> str:
    """The address of one hour of an asset in the Dagster UI.

    Args:
        address: of the Dagster UI.
        asset: the asset's name, which is its table's.
        hour: a moment in the hour; timezone-aware.
    """
    return _link(address, asset, hour_key(hour))


def week_link(address: str, asset: str, week: datetime) -> str:
    """The address of one week of an asset in the Dagster UI.

    Args:
        address: of the Dagster UI.
        asset: the asset's name.
        week: Monday 00:00 UTC.
    """
    return _link(address, asset, week_key(week))


def _link(address: str, asset: str, partition: str) -> str:
    return f"{address}/assets/{asset}?view=partitions&partition={quote(partition, safe='')}"
