"""Converts payloads and rejections to frames of the lake's tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from trend_assets.lake.tables import RAW_EVENTS, REJECTED_EVENTS
from trend_assets.sources.event import Payload
from trend_assets.sources.registry import Rejection


def raw_frame(payloads: Sequence[Payload], origin: str, collected_at: datetime) -> pl.DataFrame:
    """`RAW_EVENTS` rows of payloads, in their order.

    Args:
        payloads: what was received.
        origin: the file or the collector.
        collected_at: when, timezone-aware.

    Raises:
        ValueError: a naive ``collected_at``.
    """
    events = [payload.event for payload in payloads]
    timestamps = pl.Series("timestamp", [event.timestamp for event in events], RAW_EVENTS.schema["timestamp"])
    frame = pl.DataFrame(
        {
            "id": [event.id for event in events],
            "hour": timestamps.dt.truncate("1h"),
            "timestamp": timestamps,
            "source": [event.source for event in events],
            "event_type": [event.event_type for event in events],
            "content_id": [event.content_id for event in events],
            "user_id": [event.user_id for event in events],
            "format": [payload.format for payload in payloads],
            "raw_data": [payload.raw_data for payload in payloads],
            "origin": [origin] * len(events),
            "collected_at": [_aware(collected_at)] * len(events),
        },
        schema=RAW_EVENTS.schema,
    )
    return RAW_EVENTS.conform(frame)


def rejected_frame(rejections: Sequence[Rejection], origin: str, rejected_at: datetime) -> pl.DataFrame:
    """`REJECTED_EVENTS` rows of rejections, in their order.

    Args:
        rejections: what could not become an event.
        origin: the file or the collector.
        rejected_at: when, timezone-aware.

    Raises:
        ValueError: a naive ``rejected_at``.
    """
    frame = pl.DataFrame(
        {
            "id": [
                rejection_id(origin, rejection.line, rejection.reason, rejection.raw_data) for rejection in rejections
            ],
            "origin": [origin] * len(rejections),
            "line": [rejection.line for rejection in rejections],
            "reason": [rejection.reason for rejection in rejections],
            "raw_data": [rejection.raw_data for rejection in rejections],
            "rejected_at": [_aware(rejected_at)] * len(rejections),
            "format": [rejection.format for rejection in rejections],
        },
        schema=REJECTED_EVENTS.schema,
    )
    return REJECTED_EVENTS.conform(frame)


def rejection_id(origin: str, line: int | None, reason: str, raw_data: str) -> str:
    """BLAKE2b-128 of where it stood, why it was rejected and what it was, as hex."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (origin, "" if line is None else str(line), reason, raw_data):
        encoded = part.encode("utf-8", "backslashreplace")
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment
