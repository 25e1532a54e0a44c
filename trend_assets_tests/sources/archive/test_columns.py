"""The column map and the rows that it reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import FIELDS, ColumnMap, ColumnMapError, parse_row
from trend_assets.sources.event import Rejected

CHAT = ColumnMap.parse("id=message_id,timestamp=sent_at,user_id=user,topics=topic,text=topic,event_type=kind")
ROW = {
    "message_id": "5",
    "sent_at": "2023-01-01T00:01:02Z",
    "user": "u1",
    "topic": "maths > #check $HOME",
    "kind": "Reply",
    "links": "2",
    "empty": "",
}


def read(columns: str, **row):
    return parse_row(row, ColumnMap.parse(columns))


def test_row():
    event = parse_row(ROW, CHAT)
    assert event.id == "archive:reply:5"
    assert event.timestamp == datetime(2023, 1, 1, 0, 1, 2, tzinfo=UTC)
    assert event.user_id == "u1"
    assert event.text == "maths > #check $HOME"
    assert event.topics == ("maths > #check $HOME",)
    assert event.hashtags == ()
    assert event.context == {"links": "2"}


def test_defaults():
    event = read("timestamp=t,text=b", t=1_700_000_000, b="on #Go $KO")
    assert (event.source, event.event_type) == ("archive", "original")
    assert (event.hashtags, event.topics) == (("Go",), ("$KO",))


def test_without_an_id_equal_rows_are_one_event():
    first, again, other = (read("timestamp=t,text=b", t=1_700_000_000, b=text) for text in ("x", "x", "y"))
    assert first.id == again.id != other.id


@pytest.mark.parametrize("cell", ['["a", "#b", "a", 5]', ["a", "#b", "a", None]])
def test_lists_of_names(cell):
    event = read("timestamp=t,topics=x,hashtags=x", t=1_700_000_000, x=cell)
    assert event.topics == ("a", "#b")
    assert event.hashtags == ("a", "b")


@pytest.mark.parametrize(("cell", "topics"), [("", ()), (None, ()), ("[odd", ("[odd",)), (7, ("7",))])
def test_one_name(cell, topics):
    assert read("timestamp=t,topics=x", t=1_700_000_000, x=cell).topics == topics


def test_nested_objects_by_a_dot():
    event = read("timestamp=t,user_id=account.id", t=1_700_000_000, account={"id": 9})
    assert event.user_id == "9"
    assert read("timestamp=t,user_id=account.id", t=1_700_000_000, account=None).user_id is None


def test_naive_times():
    with pytest.raises(Rejected, match="timezone=UTC"):
        read("timestamp=t", t="2014-01-01T00:00:00")
    assert read("timestamp=t,timezone=UTC", t="2014-01-01T00:00:00").timestamp.hour == 0
    assert read("timestamp=t,timezone=Europe/Berlin", t="2014-01-01T00:00:00").timestamp.hour == 23


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"t": ""}, "column 't', which is the timestamp"),
        ({}, "column 't', which is the timestamp"),
        ({"t": 1_700_000_000, "i": " "}, "column 'i', which is the id"),
        ({"t": 1_700_000_000, "i": 1.5}, "column 'i', which is the id"),
        ({"t": 1_700_000_000, "i": 1, "s": "myspace"}, "unknown source"),
        ({"t": 1_700_000_000, "i": 1, "s": "twitter", "e": "poke"}, "unknown event type"),
    ],
)
def test_rejects(row, reason):
    with pytest.raises(Rejected, match=reason):
        read("timestamp=t,id=i,source=s,event_type=e", **row)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("timestmp=a", "did you mean 'timestamp'"),
        ("zzz=a,timestamp=t", "the fields are content_id"),
        ("text=a", "names no timestamp"),
        ("", "names no timestamp"),
        ("timestamp", "not of the form field=column"),
        ("timestamp=", "not of the form field=column"),
        ("=a", "not of the form field=column"),
        ("timestamp=a,", "not of the form field=column"),
        ("timestamp=a,timestamp=b", "names timestamp twice"),
        ("timestamp=a,id=b,content_id=c", "names content_id twice"),
        ("timestamp=a,timezone=Mars/Base", "unknown time zone 'Mars/Base'"),
        ("timestamp=a,timezone=../etc", "unknown time zone"),
        ("timestamp=a\nb=c", "line break"),
    ],
)
def test_maps_that_cannot_be_used(written, message):
    with pytest.raises(ColumnMapError, match=message):
        ColumnMap.parse(written)


def test_missing_columns_name_those_that_there_are():
    with pytest.raises(ColumnMapError, match="no column 'sent_at', perhaps 'sentat'; the file has id, sentat"):
        ColumnMap.parse("timestamp=sent_at").require(["id", "sentat"])


@settings(deadline=None, database=None)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(
            lambda s: s == s.strip() != ""
        ),
    ),
    st.sampled_from([None, "UTC", "Europe/Berlin"]),
)
def test_the_textual_form_reads_back(columns, zone):
    column_map = ColumnMap({"timestamp": "t", **columns}, zone)
    assert ColumnMap.parse(str(column_map)) == column_map
    assert ColumnMap.of({**column_map.columns, **({"timezone": zone} if zone else {})}) == column_map
