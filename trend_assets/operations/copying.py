"""Finds near copies over hours of the lake; the day before is read again, so that results do not depend on the runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from trend_assets.enrichment.copies.finder import REMEMBERED
from trend_assets.enrichment.copies.table import CopyTable
from trend_assets.enrichment.copies.texts import EVENT_COLUMNS
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NEAR_COPIES, TOPIC_PHRASES


def find_copies(
    lake: Lake, start: datetime, events: pl.DataFrame, phrases: pl.DataFrame, count_once: bool = True
) -> pl.DataFrame:
    """Rows of `NEAR_COPIES`.

    Args:
        lake: holds the events of the 24 hours before, their phrases, and what they were copies of.
        start: first hour, UTC.
        events: rows of `EVENTS` of the hours from there.
        phrases: rows of `TOPIC_PHRASES` of the same hours.
        count_once: whether a group's topics count once in 24 hours.
    """
    table = CopyTable(count_once)
    if not events.is_empty():
        since = start - timedelta(seconds=REMEMBERED)
        table.remind(
            lake.read_table(EVENTS, since, start, EVENT_COLUMNS),
            lake.read_table(TOPIC_PHRASES, since, start),
            lake.read_table(NEAR_COPIES, since, start),
        )
    return table.place(events.select(EVENT_COLUMNS), phrases)
