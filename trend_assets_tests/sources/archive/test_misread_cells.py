"""Small files whose cells were misread once; what is right is in `faults/EXPECTED.md` beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trend_assets.enrichment.topics import topics_of
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import ArchiveError, read_archive
from trend_assets.sources.event import Event
from trend_assets.sources.registry import parse

FAULTS = "id=id,timestamp=ts,user_id=user,text=text"


def events_of(shared_data: Path, name: str, columns: str) -> tuple[list[Event], list[str]]:
    """A misread file's events, which the lake's copies give again, and why its other rows are none."""
    path = shared_data / "faults" / "inputs" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    events: list[Event] = []
    reasons: list[str] = []
    try:
        for batch in read_archive(path, columns=ColumnMap.parse(columns)):
            events += [payload.event for payload in batch.payloads]
            reasons += [rejection.reason for rejection in batch.rejections]
            again = [parse(payload.format, payload.raw_data) for payload in batch.payloads]
            assert again == [payload.event for payload in batch.payloads]
    except ArchiveError:
        assert not events
    return events, reasons


@pytest.mark.parametrize(
    ("name", "columns", "times", "rejected"),
    [
        ("compact_dates.csv", f"{FAULTS},timezone=UTC", ["12:00", "00:00", "12:30", "12:30"], 2),
        ("excel_epoch_ms.csv", FAULTS, [], 3),
        ("date_time_cols.csv", "id=id,timestamp=date+time,timezone=timezone,text=tweet", ["10:15", "21:59"], 0),
        ("us_dates.csv", "id=id,timestamp=ts,text=text,timezone=UTC",
         ["12:30", "17:30", "12:30", "12:30", "12:30", "12:30", "00:00", "12:30", "12:30", "12:30"], 5),
        ("exc_dec.csv", "id=id,timestamp=ts,text=text,timezone=UTC",
         ["12:30", "12:30", "11:30", "11:30", "11:30", "00:00", "12:30", "00:00", "00:00"], 0),
        ("local_times.csv", f"{FAULTS},timezone=America/New_York", ["06:30", "07:30", "08:30", "09:30", "10:30"], 0),
    ],
)  # fmt: skip
def test_times_that_were_misread(shared_data: Path, name: str, columns: str, times: list[str], rejected: int) -> None:
    events, reasons = events_of(shared_data, name, columns)
    assert [f"{event.timestamp:%H:%M}" for event in events] == times
    assert len(reasons) == rejected
    assert all("date_format=" in reason or "rounded" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("name", "columns", "ids"),
    [
        ("excel_ids.csv", "id=id,timestamp=created_at,user_id=author,text=text", []),
        ("x_stripped.csv", "id=id,timestamp=ts,text=text", [(f"174686800000000000{n}", None) for n in (1, 2, 3)]),
        ("float_users.parquet", FAULTS, [("1", "10"), ("2", None), ("3", "12")]),
        ("float_user.jsonl", FAULTS, [("p0", "5"), ("p1", "6")]),
        ("nan_users.csv", FAULTS, [(str(n), None) for n in range(1, 7)]),
        ("chatA.csv", f"{FAULTS},namespace=A", [(f"A/{n}", f"A/{n}") for n in range(1, 6)]),
    ],
)
def test_ids_that_were_misread(shared_data: Path, name: str, columns: str, ids: list[Any]) -> None:
    events, reasons = events_of(shared_data, name, columns)
    assert [(event.content_id, event.user_id) for event in events] == ids
    assert all("lost its last digits" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("name", "columns", "topics"),
    [
        ("hashtags_forms.csv", "id=id,timestamp=ts,text=text,hashtags=tags",
         [["#ai", "#climate"]] * 6 + [["#ai"], ["#ai", "#climate"]]),
        ("tagstructs.parquet", "id=id,timestamp=ts,text=text,hashtags=tags", [["#ai"], ["#climate"], []]),
        ("snscrape.jsonl", "id=id,timestamp=date,user_id=user.id,text=rawContent,hashtags=hashtags", [["#ai"]]),
        ("twarc_csv.csv", "id=id,timestamp=created_at,user_id=author_id,text=text,hashtags=entities.hashtags",
         [["#ai"]]),
        ("entities.csv", FAULTS, [["#tag", "#r"]]),
    ],
)  # fmt: skip
def test_topics_that_were_misread(shared_data: Path, name: str, columns: str, topics: list[list[str]]) -> None:
    events, reasons = events_of(shared_data, name, columns)
    assert reasons == []
    found = sorted(events, key=lambda event: event.content_id)
    assert [sorted(topics_of(event)) for event in found] == [sorted(each) for each in topics]
