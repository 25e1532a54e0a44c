"""The table that Google Trends' page exports."""

from __future__ import annotations

from typing import Any

import pytest

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.google_trends.csv_export import is_export, payloads
from trend_assets.sources.google_trends.events import parse
from trend_assets.sources.wire import notes

WORLD = "openai: (Worldwide)"


def events(row: dict[str, Any]) -> list[Event]:
    return [parse(payload) for payload in payloads(row)]


def test_each_series_is_interest_in_its_term_and_place() -> None:
    first, second = events({"Day": "2024-01-01", WORLD: "7", "a: b: (United States)": "100"})
    assert (first.event_type, first.topics, first.features["value"]) == ("interest", ("openai",), 7)
    assert (first.context["geo"], second.context["geo"], second.topics) == ("world", "United States", ("a: b",))


def test_below_one_is_between_zero_and_one_and_noted() -> None:
    (event,) = events({"Day": "2024-01-01", WORLD: "<1"})
    assert 0 < event.features["value"] < 1 and event.notes == (notes.BELOW_ONE,)


@pytest.mark.parametrize(
    ("column", "at", "read", "moment"),
    [
        ("Day", "2024-01-01", "2024-01-01T00:00", "2024-01-01:day"),
        ("Week", "2024-01-07", "2024-01-07T00:00", "2024-01-07:week"),
        ("Month", "2024-01", "2024-01-01T00:00", "2024-01-01:month"),
        ("Mois", "2024-01", "2024-01-01T00:00", "2024-01-01:month"),
        ("Tag", "2024-01-01", "2024-01-01T00:00", "2024-01-01:day"),
        ("Time", "2024-01-01T13", "2024-01-01T13:00", "2024-01-01T13"),
        ("Time", "2024-01-01T13:08:00", "2024-01-01T13:08", "2024-01-01T13:08"),
    ],
)
def test_a_point_is_as_long_as_its_column_says(column: str, at: str, read: str, moment: str) -> None:
    (event,) = events({column: at, WORLD: "7"})
    assert f"{event.timestamp:%Y-%m-%dT%H:%M}" == read and event.content_id == f"world:openai:{moment}"
    assert event.notes == ((notes.NO_ZONE,) if column == "Time" else ())


def test_an_hour_of_the_export_is_the_hour_that_the_collector_asks_for() -> None:
    (event,) = events({"Time": "2024-01-01T13", WORLD: "7"})
    assert event.id == parse({"term": "openai", "timestamp": "2024-01-01T13:00:00Z", "value": 9}).id


def test_other_headers_and_empty_cells() -> None:
    assert not is_export(["Day"]) and not is_export(["Region", "openai: (1/1/24 - 1/7/24)"])
    with pytest.raises(Rejected, match="not a number"):
        events({"Day": "2024-01-01", WORLD: ""})
