"""Payloads and rejections as frames of the lake's tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from trend_assets.lake.tables import RAW_EVENTS, REJECTED_EVENTS
from trend_assets.sources.event import Event, Payload
from trend_assets.sources.frames import raw_frame, rejected_frame, rejection_id
from trend_assets.sources.registry import Rejection

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def payload(timestamp: datetime) -> Payload:
    event = Event(timestamp, "archive", "original", "1", user_id=None)
    return Payload("columns:timestamp=t", "{}", event)


def test_raw_frame():
    moment = datetime(2014, 1, 1, 5, 59, 59, 7, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    frame = raw_frame([payload(moment)], "file", NOW)
    assert frame.schema == RAW_EVENTS.schema
    row = frame.row(0, named=True)
    assert row["id"] == "archive:original:1"
    assert row["timestamp"] == moment
    assert row["hour"] == datetime(2014, 1, 1, 0, tzinfo=UTC)
    assert (row["user_id"], row["origin"], row["collected_at"]) == (None, "file", NOW)


def test_rejected_frame():
    rejections = [Rejection(3, "why", "text"), Rejection(None, "why", "text")]
    frame = rejected_frame(rejections, "file", NOW)
    assert frame.schema == REJECTED_EVENTS.schema
    assert frame["line"].to_list() == [3, None]


def test_a_rejection_has_the_same_id_again_and_no_other_has_it():
    def row_id(line=1, reason="a", raw="b", origin="c", at=NOW) -> str:
        return rejected_frame([Rejection(line, reason, raw)], origin, at)["id"][0]

    ids = [row_id(), row_id(line=2), row_id(reason="ab", raw=""), row_id(raw="x"), row_id(origin="y")]
    assert len(set(ids)) == len(ids)
    assert row_id(at=NOW + timedelta(days=1)) == ids[0]


def test_nothing_gives_frames_without_rows():
    assert raw_frame([], "file", NOW).schema == RAW_EVENTS.schema
    assert rejected_frame([], "file", NOW).schema == REJECTED_EVENTS.schema


def test_naive_times_are_errors():
    with pytest.raises(ValueError, match="no time zone"):
        raw_frame([payload(NOW)], "file", NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no time zone"):
        rejected_frame([Rejection(1, "a", "b")], "file", NOW.replace(tzinfo=None))


def test_rejection_ids_tell_their_parts_apart() -> None:
    assert rejection_id("a", 1, "b", "c") != rejection_id("a", 1, "bc", "")
    assert rejection_id("a", None, "b", "c") != rejection_id("a", 0, "b", "c")
    assert rejection_id("a", 1, "b", "half \ud83d") == rejection_id("a", 1, "b", "half \\ud83d")
