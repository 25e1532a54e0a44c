"""Histories from lists of mentions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from trend_assets.forecasting.history import MENTIONS_SCHEMA, History

START = datetime(2024, 1, 1, tzinfo=UTC)
EPOCH = int(START.timestamp())


def history_of(rows: list[tuple[float, str, str | None]], hours: float = 100) -> History:
    """Mentions (hours since `START`, topic, user), ascending, and how many hours are known."""
    frame = pl.DataFrame(
        {
            "timestamp": [START + timedelta(hours=hour) for hour, _, _ in rows],
            "topic": [topic for _, topic, _ in rows],
            "user_id": [user for _, _, user in rows],
            "weight": [1.0] * len(rows),
        },
        schema=MENTIONS_SCHEMA,
    )
    return History.from_mentions(frame, START, START + timedelta(hours=hours))
