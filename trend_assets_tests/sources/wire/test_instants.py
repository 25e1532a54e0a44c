"""Points in time as the sources write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import calendar_forms, instants, notes, zones
from trend_assets.sources.wire.date_formats import DateFormat, suggestion

MOMENT = datetime(2014, 1, 1, 0, 0, 48, tzinfo=UTC)
EPOCH = 1_388_534_448


@pytest.mark.parametrize(
    "said",
    [
        "Wed Jan 01 00:00:48 +0000 2014",
        "Wed Jan 01 02:00:48 +0200 2014",
        "Tue Dec 31 19:00:48 -0500 2013",
        "2014-01-01T00:00:48Z",
        "2014-01-01T01:00:48+01:00",
        "2014-01-01 00:00:48 UTC",
        "2014-01-01 00:00:48.000000000Z",
        EPOCH,
        float(EPOCH),
        EPOCH * 1_000,
        EPOCH * 1_000_000,
        EPOCH * 1_000_000_000,
        str(EPOCH),
        f" {EPOCH}000 ",
        MOMENT.astimezone(timezone(timedelta(hours=5))),
    ],
)
def test_one_moment_in_many_forms(said):
    read = instants.from_any(said)
    assert read == MOMENT
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "said",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1969-12-31T00:00:00Z",
        0,
        -1,
        10**30,
        1e300,
        float("nan"),
        float("inf"),
    ],
)
def test_absurd_times(said):
    with pytest.raises(Rejected, match="out of range"):
        instants.from_any(said)


@pytest.mark.parametrize("said", [None, "", " ", True, [], {}, "yesterday", "2014-13-01T00:00:00Z", "12:00"])
def test_what_is_no_time(said):
    with pytest.raises(Rejected):
        instants.from_any(said)


def test_a_naive_time_needs_a_zone():
    with pytest.raises(Rejected, match="timezone=UTC"):
        instants.from_any("2014-01-01T00:00:48")
    assert instants.from_any("2014-01-01T00:00:48", UTC) == MOMENT
    assert instants.from_any("2014-01-01T01:00:48", ZoneInfo("Europe/Berlin")) == MOMENT


def test_a_zone_does_not_move_a_time_that_names_its_own():
    assert instants.from_any("2014-01-01T00:00:48Z", ZoneInfo("Asia/Tokyo")) == MOMENT


def test_a_leap_second_is_the_second_after_it():
    read = instants.from_twitter("Tue Jun 30 23:59:60 +0000 2015")
    assert read == datetime(2015, 7, 1, tzinfo=UTC)
    with pytest.raises(Rejected):
        instants.from_twitter("Tue Jun 30 23:59:61 +0000 2015")


NOON = datetime(2024, 1, 15, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "2024-01-15T12:30",
        "2024-01-15t12:30:00z",
        "2024-01-15 12:30:00,000",
        "2024-01-15 12:30:00Z ",
        "2024-01-15T13:30:00 +0100",
        "2024-01-15 13:30 +01:00",
        "2024-01-15 07:30:00 EST",
        "2024-01-15 13:30:00 Europe/Berlin",
        "2024-01-15T13:30:00+01:00[Europe/Berlin]",
        "2024-W03-1T12:30",
        "20240115T123000Z",
        "20240115 1230",
        "2024/01/15 12:30:00",
        "2024.1.15 12:30",
        "2024-1-15 12:30 pm",
        "2024-01-15, 12:30",
        "Mon, 15 Jan 2024 12:30:00 GMT",
        "Mon, 15 Jan 2024 13:30:00 +0100 (CET)",
        "15 Jan 2024 12:30",
        "15 January 2024, 12:30 UTC",
        "Jan 15, 2024, 12:30 PM",
        "Jan 15, 2024, 12:30\u202fPM",
        "January 15th, 2024 at 12:30 p.m.",
        "Jan 15, 2024 \u00b7 12:30 PM UTC",
        "Mon Jan 15 12:30:00 2024",
        "Mon Jan 15 07:30:00 EST 2024",
        "Mon Jan 15 2024 13:30:00 GMT+0100 (Central European Standard Time)",
        "202401151230",
        "20240115123000",
        "20240115123000000",
        202401151230,
        "1705321800.0",
        "1.705321800E9",
        '="2024-01-15 12:30"',
        45306 + 12.5 / 24,
        "45306.520833",
    ],
)
def test_one_moment_in_the_forms_of_people(said: Any) -> None:
    assert instants.from_any(said, UTC) == NOON


@pytest.mark.parametrize(
    ("said", "moment", "told"),
    [
        ("2024-01-15", "2024-01-15T00:00", (notes.DATE_ONLY,)),
        ("20240115", "2024-01-15T00:00", (notes.DATE_ONLY,)),
        ("2024-W03-1", "2024-01-15T00:00", (notes.DATE_ONLY,)),
        ("Jan 15, 2024", "2024-01-15T00:00", (notes.DATE_ONLY,)),
        ("45306", "2024-01-15T00:00", (notes.DATE_ONLY, notes.DAY_NUMBER)),
        ("45306.5", "2024-01-15T12:00", (notes.DAY_NUMBER,)),
        ("2024011512", "2024-01-15T12:00", ()),
        ("1999-12-31T12:00Z", "1999-12-31T12:00", (notes.BEFORE_2000,)),
        ("12:30 15 Jan 2024 CST", None, ()),
        ("2024-01-15 12:30 CST", "2024-01-15T18:30", (notes.US_CENTRAL,)),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00", ()),
        ("2024-01-15T24:00:00Z", "2024-01-16T00:00", ()),
        ("Jan 15, 2024, 12:05 AM", "2024-01-15T00:05", ()),
    ],
)
def test_what_is_assumed_of_a_time_is_said(said: str, moment: str | None, told: tuple[str, ...]) -> None:
    if moment is None:
        with pytest.raises(Rejected):
            instants.read(said, UTC)
        return
    read, assumed = instants.read(said, UTC)
    assert (f"{read:%Y-%m-%dT%H:%M}", assumed) == (moment, told)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("1/15/2024 12:30", "'1/15/2024 12:30', add to the column map date_format=%m/%d/%Y %H:%M$"),
        ("15.01.2024 12:30", "date_format=%d.%m.%Y %H:%M$"),
        ("1/2/24", "date_format=%m/%d/%y or date_format=%d/%m/%y$"),
        ("15/01/2024, 12:30:01.5", '"date_format=%d/%m/%Y, %H:%M:%S.%f"$'),
        ("15-Jan-2024 12:30PM", "date_format=%d-%b-%Y %I:%M%p$"),
        ("15-01-2024 12:30 +0100", "date_format=%d-%m-%Y %H:%M %z$"),
        ("1705321800,5", "date_format=epoch_s"),
        ("638409186000000000", "date_format=dotnet_ticks"),
        ("727000000", "date_format=epoch_s .* or date_format=cocoa_s"),
        (727000000, "date_format=epoch_s .* or date_format=cocoa_s"),
        (727000000.5, "date_format=epoch_s .* or date_format=cocoa_s"),
        ("13350000000000000", "date_format=webkit_us"),
        ("150124", "date_format="),
        ("yesterday", "date_format="),
        ("2024-W03", "date_format="),
        ("2024-01-15-12:30", "date_format="),
        ("Jan 15, 2024, 13:30 PM", "date_format="),
        ("2024-01-15T12:30:61Z", "date_format="),
        ("1.70532E+12", "'1.70532E\\+12', its last digits are lost"),
        ("2024-01-15 12:30 BST", "'BST', say timezone="),
    ],
)
def test_what_means_several_things_is_rejected_with_the_option_that_tells(said: Any, hint: str) -> None:
    with pytest.raises(Rejected, match=hint):
        instants.from_any(said, UTC)


@pytest.mark.parametrize("said", ["1/15/2024 12:30", "15.01.2024 12:30:05", "1/2/24 3:04 pm", "15-Jan-2024 12:30PM",
                                  "15/01/2024, 12:30", "15-01-2024 12:30 +0100", "1705321800,5"])  # fmt: skip
def test_every_form_that_is_advised_reads_what_it_was_advised_for(said: str) -> None:
    for part in suggestion(said).replace(", if it counts", " or ").split(" or "):
        if "date_format=" in part:
            column_map = ColumnMap.parse(f"timestamp=t,timezone=UTC,{part}")
            assert instants.read(said, UTC, column_map.form)[0].year == 2024


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("epoch_s", "727000000"),
        ("epoch_s", 727000000.0),
        ("epoch_ms", 727000000000),
        ("epoch_us", "727000000000000"),
        ("epoch_ns", "727000000000000000"),
        ("cocoa_s", "-251307200"),
        ("cocoa_ns", -251307200 * 10**9),
        ("dotnet_ticks", "628625968000000000"),
        ("filetime", "123714736000000000"),
        ("webkit_us", "12371473600000000"),
        ("%d.%m.%Y %H:%M:%S|%d/%m/%Y %H:%M:%S", "14/01/1993 08:26:40"),
    ],
)
def test_a_count_or_form_that_is_named_is_read_so(form: str, said: Any) -> None:
    assert instants.read(said, UTC, DateFormat(form))[0] == datetime(1993, 1, 14, 8, 26, 40, tzinfo=UTC)


def test_what_is_in_no_form_that_is_named_is_read_as_without_it() -> None:
    assert instants.read("2024-01-15T12:30:00Z", None, DateFormat("%d/%m/%Y"))[0] == NOON
    with pytest.raises(Rejected, match=r"date_format=%m/%d/%Y$"):
        instants.read("1/15/2024", UTC, DateFormat("%d/%m/%Y"))


def test_clocks_that_are_put_back_show_an_hour_twice_and_those_put_forward_skip_one() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert instants.read("2024-10-27 02:30:00", berlin) == (
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
        (notes.TWICE,),
    )
    with pytest.raises(Rejected, match="never was: the clocks of Europe/Berlin"):
        instants.read("2024-03-31 02:30:00", berlin)
    assert instants.read("2024-03-31 03:30:00", berlin)[0] == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


def test_an_abbreviation_is_the_given_zones_own_where_its_clocks_used_it() -> None:
    shanghai, london = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")
    assert instants.read("Mon Jan 15 20:30:00 CST 2024", shanghai) == (NOON, ())
    assert instants.from_any("2024-07-15 12:30 BST", london).hour == 11
    with pytest.raises(Rejected, match="'BST'"):
        instants.from_any("2024-01-15 12:30 BST", london)


@pytest.mark.parametrize(
    ("name", "offset"),
    [("UTC", 0), ("+0200", 2), ("+02:00", 2), ("-5", -5), ("UTC+2", 2), ("GMT-03:00", -3), ("EDT", -4),
     ("Asia/Tokyo", 9), ("localtime", None), ("Mars", None), ("200", None), ("+99", None),
     ("a\x00b", None), ("../etc/passwd", None)],
)  # fmt: skip
def test_zones_by_name(name: str, offset: int | None) -> None:
    zone = zones.named(name)
    found = zone and zone.utcoffset(datetime(2024, 7, 1))
    assert (None if found is None else found.total_seconds() / 3600) == offset


FORMS = st.sampled_from(["%Y-%m-%d %H:%M", "%d/%m/%Y %I:%M %p", "%b %d, %Y", "%Y%m%d%H%M%S", "%a, %d %b %Y %H:%M:%S %z",
                         "%Y-W%V-%u", "%Y-%m-%dT%H:%M:%S.%f%z", "%A %d %B %Y %H:%M UTC"])  # fmt: skip
TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]))
ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.datetimes()
    | st.text("0123456789-/.:, TZWe+PMJan'\"=", max_size=30) | st.integers(0, 10**20).map(str)
    | st.builds(lambda moment, form: moment.strftime(form), TIMES, FORMS)
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(ANYTHING, st.sampled_from([None, UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia")]),
       st.sampled_from([None, DateFormat("%d/%m/%Y|%H:%M %m.%d.%y|cocoa_s")]))  # fmt: skip
def test_anything_is_a_time_within_the_range_or_rejected_with_a_reason(
    said: Any, zone: ZoneInfo | None, form: DateFormat | None
) -> None:
    try:
        moment, told = instants.read(said, zone, form)
    except Rejected as rejected:
        assert str(rejected)
        return
    assert moment.tzinfo is UTC
    assert instants.EARLIEST <= moment < instants.LATEST
    assert set(told) <= set(notes.ALL)


@given(st.datetimes(datetime(1980, 1, 2), datetime(2099, 12, 30)).map(lambda at: at.replace(microsecond=0)))
def test_every_second_of_the_range_is_read_back_from_every_form(at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    forms = ["%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M:%S", "%d %B %Y %I:%M:%S %p", "%b %d, %Y, %H:%M:%S", "%Y%m%d%H%M%S",
             "%a, %d %b %Y %H:%M:%S +0000", "%a %b %d %H:%M:%S UTC %Y"]  # fmt: skip
    assert {instants.from_any(at.strftime(form), UTC) for form in forms} == {moment}
    seconds = int(moment.timestamp())
    counts = [seconds * 1_000, str(seconds * 10**6)] + ([seconds, seconds * 10**9] if seconds >= 10**9 else [])
    if not calendar_forms.compact(str(seconds)):
        assert {instants.from_any(count) for count in counts} == {moment}


@pytest.mark.parametrize("tweet_id", [None, "", "20", "12x", "9" * 30, "٣"])
def test_ids_that_tell_no_time(tweet_id):
    assert instants.from_snowflake(tweet_id) is None
