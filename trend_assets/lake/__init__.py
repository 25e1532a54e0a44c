"""The lake: DuckLake tables that many processes read while one writes.

from trend_assets.lake import connect

connect(read_only=True).sql("select topic, sum(mentions) from topic_activity group by topic")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(*, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection on the lake that the settings name (`TREND_HOME`, `TREND_CONFIG`).

    Args:
        read_only: without it, plain SQL may change the lake: mind that nothing holds the
            inter-process lock for you then.

    Raises:
        LakeError: there is no lake yet, it cannot be opened, or a newer release wrote it.
    """
    # Imported here so that the table declarations can be had without DuckDB or the settings.
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake
    from trend_assets.settings import load_settings

    return Lake(lake_location(load_settings()), read_only=read_only).cursor()
