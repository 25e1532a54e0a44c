"""The column map: its textual form, what it refuses, how it is held against a file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import FIELDS, ColumnMap, ColumnMapError

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(
    lambda s: s == s.strip() != ""
)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("timestmp=a", "did you mean 'timestamp'"),
        ("zzz=a,timestamp=t", "the fields are id, timestamp"),
        ("text=a", "names no timestamp"),
        ("", "names no timestamp"),
        ("timestamp", "not of the form field=column"),
        ("timestamp=", "not of the form field=column"),
        ("=a", "not of the form field=column"),
        ("timestamp=a,", "not of the form field=column"),
        ("timestamp=a,timestamp=b", "names timestamp twice"),
        ("timestamp=a,id=b,content_id=c", "names content_id twice"),
        ("timestamp=a,namespace=b,namespace=c", "names namespace twice"),
        ("timestamp=a,nmespace=b", "did you mean 'namespace'"),
        ("timestamp=a,date_format=%d/%m", "does not tell year, month and day"),
        ("timestamp=a,date_format=DD/MM/YYYY", "does not tell year|no form of a time"),
        ("timestamp=a,date_format=%d/%m/%Y|%Q", "'%Q' is no form of a time"),
        ("timestamp=a,date_format=%d/%m/%Y %H:%M:%H", "is no form of a time"),
        ("timestamp=a,date_format=%d/%m/%Y %H:%M %Z", "timezone="),
        ("timestamp=a\nb=c", "line break"),
    ],
)
def test_maps_that_cannot_be_used_say_why(written: str, message: str) -> None:
    with pytest.raises(ColumnMapError, match=message):
        ColumnMap.parse(written)


@settings(deadline=None, database=None)
@given(
    st.dictionaries(st.sampled_from(FIELDS), WORDS),
    st.none() | st.sampled_from(["UTC", "Europe/Berlin", "+02:00", "my zone column"]),
    st.none() | WORDS,
    st.none() | st.sampled_from(["%d/%m/%Y %H:%M", "%b %d, %Y", "epoch_s|%Y%m%d", '%d"%m"%Y']),
)
def test_the_textual_form_reads_back(
    columns: dict[str, str], zone: str | None, namespace: str | None, date_format: str | None
) -> None:
    column_map = ColumnMap({"timestamp": "t", **columns}, zone, namespace, date_format)
    assert ColumnMap.parse(str(column_map)) == column_map
    options = {"timezone": zone, "namespace": namespace, "date_format": date_format}
    given_options = {name: value for name, value in options.items() if value}
    assert ColumnMap.of({**column_map.columns, **given_options}) == column_map


def test_a_namespace_is_given_to_a_map_later() -> None:
    column_map = ColumnMap.parse("timestamp=t").with_namespace("chat, A")
    assert str(column_map) == 'timestamp=t,"namespace=chat, A"'
    assert ColumnMap.parse(str(column_map)).namespace == "chat, A"
    with pytest.raises(ColumnMapError, match="namespace is empty"):
        column_map.with_namespace(" ")


@pytest.mark.parametrize(
    ("written", "available", "message"),
    [
        ("timestamp=sent_at", ["id", "sentat"], "no column 'sent_at', perhaps 'sentat'; the file has id, sentat"),
        ("timestamp=t,id=chat+mesage", ["t", "chat", "message"], "no column 'mesage', perhaps 'message'"),
        ("timestamp=date+tme", ["date", "time"], "no column 'tme', perhaps 'time'"),
        ("timestamp=t,text=a+b", ["t", "a", "b"], r"no column 'a\+b'"),
        ("timestamp=t,timezone=Mars/Base", ["t"], "'Mars/Base' is neither a time zone nor a column"),
        ("timestamp=t,timezone=../etc", ["t"], "neither a time zone nor a column"),
        ("timestamp=t,source=myspace", ["t"], "no column 'myspace'"),
        ("timestamp=t,namespace=chat", ["t", "chat"], r"write id=chat\+COLUMN"),
    ],
)
def test_a_file_that_lacks_a_column_is_refused_with_the_nearest_names(
    written: str, available: list[str], message: str
) -> None:
    with pytest.raises(ColumnMapError, match=message):
        ColumnMap.parse(written).require(available)


@pytest.mark.parametrize(
    ("written", "available"),
    [
        ("timestamp=date+time,id=chat+n,user_id=chat+who,namespace=A", ["date", "time", "chat", "n", "who"]),
        ("timestamp=a+b", ["a+b"]),
        (r"timestamp=t,id=a\+b+c", ["t", "a+b", "c"]),
        ("timestamp=t,source=Twitter", ["t"]),
        ("timestamp=t,source=s", ["t", "s"]),
        ("timestamp=t,timezone=zone", ["t", "zone"]),
        ("timestamp=t,timezone=Asia/Tokyo", ["t"]),
    ],
)
def test_a_file_that_has_all_that_a_map_reads_is_taken(written: str, available: list[str]) -> None:
    ColumnMap.parse(written).require(available)


@pytest.mark.parametrize(
    ("written", "columns"),
    [
        ("timestamp=t", set()),
        ("timestamp=t,user_id=who", {"who"}),
        ("timestamp=t,id=chat+n,user_id=chat+who", {"chat+who", "who"}),
        ("timestamp=t,text=who,user_id=who", {"who"}),
    ],
)
def test_the_columns_that_name_a_person_are_known(written: str, columns: set[str]) -> None:
    assert ColumnMap.parse(written).user_columns == columns
