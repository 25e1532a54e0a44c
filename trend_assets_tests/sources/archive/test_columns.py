"""Rows of tables as events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trend_assets.sources.archive.columns import ColumnMap, parse_row
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import notes

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
        ({"t": 1_700_000_000, "i": 1.5}, "column 'i' holds no id but a fraction"),
        ({"t": 1_700_000_000, "i": 1, "s": "myspace"}, "unknown source"),
        ({"t": 1_700_000_000, "i": 1, "s": "twitter", "e": "poke"}, "unknown event type"),
    ],
)
def test_rejects(row, reason):
    with pytest.raises(Rejected, match=reason):
        read("timestamp=t,id=i,source=s,event_type=e", **row)


NOW = 1_700_000_000


def test_ids_unique_in_a_chat_alone_are_told_apart_by_the_chat():
    columns = "timestamp=t,id=chat+n,user_id=chat+who"
    events = [read(columns, t=NOW, chat=chat, n="1", who=7) for chat in ("A", "B+")]
    assert [(event.content_id, event.user_id) for event in events] == [("A+1", "A+7"), (r"B\++1", r"B\++7")]
    assert events[0].context == {}


def test_a_namespace_stands_before_ids_and_users_and_hashed_rows():
    event = read("timestamp=t,id=n,user_id=who,namespace=my/chat", t=NOW, n="1", who="ann")
    assert (event.content_id, event.user_id) == (r"my\/chat/1", r"my\/chat/ann")
    assert read("timestamp=t,namespace=A", t=NOW).content_id != read("timestamp=t,namespace=B", t=NOW).content_id


@pytest.mark.parametrize(("row", "reason"), [({"chat": "", "n": "1"}, "'chat'"), ({"chat": "A", "n": None}, "'n'")])
def test_an_id_of_which_a_part_is_missing_is_none(row, reason):
    with pytest.raises(Rejected, match=f"no id: nothing in column {reason}"):
        read("timestamp=t,id=chat+n", t=NOW, **row)
    assert read("timestamp=t,user_id=chat+n", t=NOW, **row).user_id is None


def test_a_column_whose_name_has_a_plus_goes_before_its_parts():
    row = {"t": NOW, "a+b": "whole", "a": "1", "b": "2"}
    assert read("timestamp=t,id=a+b", **row).content_id == "whole"
    del row["a+b"]
    assert read("timestamp=t,id=a+b", **row).content_id == "1+2"
    assert read(r"timestamp=t,id=a\+b+c", **{"t": NOW, "a+b": "x", "c": "y"}).content_id == "x+y"


@pytest.mark.parametrize(
    ("row", "hour", "told"),
    [
        ({"d": "2024-01-15", "c": "12:30:00"}, 12, ()),
        ({"d": "2024-01-15 00:00:00", "c": "12:30"}, 12, ()),
        ({"d": 20240115, "c": 123000}, 12, ()),
        ({"d": "Jan 15, 2024", "c": "3:30 PM"}, 15, ()),
        ({"d": "2024-01-15", "c": ""}, 0, (notes.DATE_ONLY,)),
    ],
)
def test_a_date_and_a_time_in_two_columns_are_one_time(row, hour, told):
    event = read("timestamp=d+c,timezone=UTC", **row)
    assert (event.timestamp.day, event.timestamp.hour, event.notes) == (15, hour, told)


@pytest.mark.parametrize(
    ("zone", "hour"), [("+0200", 10), ("Europe/Berlin", 11), ("UTC-5", 17), ("", None), ("nan", None), ("Mars", None)]
)
def test_a_column_can_hold_the_time_zone(zone, hour):
    columns, row = "timestamp=t,timezone=zone", {"t": "2024-01-15 12:30:00", "zone": zone}
    if hour is None:
        with pytest.raises(Rejected, match="time zone"):
            read(columns, **row)
    else:
        assert read(columns, **row).timestamp.hour == hour


def test_a_column_goes_before_the_time_zone_of_its_name():
    assert read("timestamp=t,timezone=UTC", t="2024-01-15 12:30:00", UTC="+02:00").timestamp.hour == 10
    with pytest.raises(Rejected, match="no column 'zone', which is the time zone"):
        read("timestamp=t,timezone=zone", t="2024-01-15 12:30:00")


def test_the_source_can_be_named_where_no_column_has_it():
    assert read("timestamp=t,source=Twitter", t=NOW).id.startswith("twitter:original:")
    assert read("timestamp=t,source=twitter", t=NOW, twitter="archive").source == "archive"
    assert read("timestamp=t,source=s", t=NOW, s="nan").source == "archive"


@pytest.mark.parametrize(
    ("columns", "hour", "told"),
    [
        ("date_format=%d/%m/%Y %H:%M", "12/01", ()),
        ("date_format=%m/%d/%Y %H:%M", "01/12", ()),
        ('"date_format=%b %d, %Y|%m/%d/%Y %H:%M"', "01/12", ()),
    ],
)
def test_dates_of_numbers_are_read_in_the_form_that_is_named(columns, hour, told):
    event = read(f"timestamp=t,timezone=UTC,{columns}", t="12/01/2024 12:30")
    assert (f"{event.timestamp:%d/%m}", event.notes) == (hour, told)


def test_a_form_without_a_time_says_so():
    event = read("timestamp=t,timezone=UTC,date_format=%d/%m/%Y", t="15/01/2024")
    assert event.notes == (notes.DATE_ONLY,)
    assert event.timestamp == datetime(2024, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("t", "reason"), [({"$date": "2024-01-15T12:30:00Z"}, r"'t.\$date'"), ("nan", "nothing in column 't'")]
)
def test_what_is_no_time_is_refused_by_name(t, reason):
    with pytest.raises(Rejected, match=reason):
        read("timestamp=t", t=t)
    assert read("timestamp=t.$date", t={"$date": "2024-01-15T12:30:00Z"}).timestamp.hour == 12


@pytest.mark.parametrize(
    ("cell", "words", "told"),
    [
        ("AT&amp;T and &#39;#tag&#39; #R&amp;B", "AT&T and '#tag' #R&B", (notes.MARKUP,)),
        ("a < b && c > d", "a < b && c > d", ()),
        ([{"type": "bold", "text": "so"}, " #ai"], "so #ai", ()),
        ('[{"type": "bold", "text": "so"}, " #ai"]', "so #ai", ()),
        ("[1] see below", "[1] see below", ()),
        (["a"], '["a"]', ()),
        (5, "5", ()),
        (None, "", ()),
    ],
)
def test_texts_are_what_a_person_reads(cell, words, told):
    event = read("timestamp=t,text=b", t=NOW, b=cell)
    assert (event.text, event.notes) == (words, told)


def test_what_is_assumed_is_told_once():
    event = read("timestamp=t,id=i,user_id=u,timezone=UTC", t="1999-12-31", i=5.0, u="6.0")
    assert event.notes == (notes.DATE_ONLY, notes.BEFORE_2000, notes.FLOAT_ID)
    assert set(event.notes) <= set(notes.ALL)


def test_a_table_of_twarc_says_what_a_tweet_passes_on():
    columns = "timestamp=t,id=i,namespace=A"
    event = read(columns, t=NOW, i="2", **{"referenced_tweets.retweeted.id": "1", "referenced_tweets.quoted.id": ""})
    assert (event.event_type, event.context["original_content_id"]) == ("retweet", "A/1")
    event = read(columns, t=NOW, i="2", **{"referenced_tweets.replied_to.id": "1.7E+18"})
    assert (event.event_type, "original_content_id" in event.context) == ("original", False)
