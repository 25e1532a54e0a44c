"""What is received is held against the clock; what is read again is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trend_assets.sources.event import Event, Payload, Rejected
from trend_assets.sources.registry import parse
from trend_assets.sources.wire.notes import LATER_THAN_NOW


def event(ahead: timedelta, **more: object) -> Event:
    return Event(datetime.now(UTC) + ahead, "archive", "original", "1", **more)  # type: ignore[arg-type]


def test_nothing_is_received_from_more_than_a_year_ahead() -> None:
    with pytest.raises(Rejected, match="a timestamp of the future: '2099-01-01', more than a year from now"):
        Payload("columns:timestamp=t", "{}", parse("columns:timestamp=t", '{"t":"2099-01-01T00:00:00Z"}'))
    with pytest.raises(Rejected, match="more than a year"):
        Payload("x", "{}", event(timedelta(days=367)))


def test_what_is_of_the_day_after_tomorrow_is_received_and_noted() -> None:
    noted = Payload("x", "{}", event(timedelta(days=2), notes=("before",))).event
    assert noted.notes == ("before", LATER_THAN_NOW)
    assert Payload("x", "{}", event(timedelta(hours=23))).event.notes == ()
    assert Payload("x", "{}", event(timedelta(days=-900))).event.notes == ()


def test_what_is_in_the_lake_is_read_again_whatever_the_day() -> None:
    assert parse("columns:timestamp=t", '{"t":"2099-01-01T00:00:00Z"}').timestamp.year == 2099


def test_notes_are_no_part_of_an_event() -> None:
    at = timedelta(0)
    first = event(at, notes=("a",))
    assert first == Event(first.timestamp, "archive", "original", "1")
