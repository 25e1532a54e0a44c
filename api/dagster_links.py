"""Where the Dagster UI shows what an answer came from."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

#: Dagster's format of an hour's partition key.
HOUR_KEY = "%Y-%m-%d-%H:%M"


def partition_link(address: str, asset: str, hour: datetime) -> str:
    """The address of one hour of an asset in the Dagster UI.

    Args:
        address: of the Dagster UI.
        asset: the asset's name, which is its table's.
        hour: a moment in the hour; timezone-aware.
    """
    key = quote(hour.astimezone(UTC).replace(minute=0).strftime(HOUR_KEY), safe="")
    return f"{address}/assets/{asset}?view=partitions&partition={key}"
