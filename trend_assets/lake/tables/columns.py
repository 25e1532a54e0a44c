"""Columns that several tables have."""

from __future__ import annotations

from trend_assets.lake.table import Column
from trend_assets.names import SOURCES

SOURCE = f"One of {', '.join(f'`{name}`' for name in SOURCES)}."
HOUR = Column("hour", "TIMESTAMPTZ", "UTC", "Start of the hour in which it happened: the partition.")
