"""Which column map is suggested for tables and rows of no known kind."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.suggestions import import_command, suggested_columns


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ("id,ts,user,text", "id=id,timestamp=ts,user_id=user,text=text"),
        ("text,username,timestamp,media_type,id", "id=id,timestamp=timestamp,user_id=username,text=text"),
        ("Date,Title,Url,Author", "id=Url,timestamp=Date,user_id=Author,text=Title"),
        ("Post Created,Message,User Name,URL", "id=URL,timestamp=Post Created,user_id=User Name,text=Message"),
        ("tweetId,createdAt,authorId,body", "id=tweetId,timestamp=createdAt,user_id=authorId,text=body"),
        ("chat_id,message_id,date,from_id,message",
         "id=chat_id+message_id,timestamp=date,user_id=from_id,text=message"),
        ("id,date,time,timezone,username,tweet",
         "id=id,timestamp=date+time,user_id=username,text=tweet,timezone=timezone"),
        ("comment_id,created_utc,author,body,hashtags,topic,lang",
         "id=comment_id,timestamp=created_utc,user_id=author,text=body,hashtags=hashtags,topics=topic,language=lang"),
        ("comment_date,comment", "timestamp=comment_date,text=comment"),
        ("a,b,c", None),
        ("time", None),
        ("id,text", None),
    ],
)  # fmt: skip
def test_names_suggest_the_columns(names: str, columns: str | None) -> None:
    assert suggested_columns(names.split(",")) == columns


def test_a_name_with_a_comma_is_quoted() -> None:
    found = suggested_columns(["id", "created, utc", "text"])
    assert found == 'id=id,"timestamp=created, utc",text=text'
    assert ColumnMap.parse(found).columns["timestamp"] == "created, utc"


def test_a_sample_tells_nested_fields_and_what_is_no_time() -> None:
    row = {
        "id": 4990000000000001, "time": "soon", "created_at": "Mon Jan 15 20:30:00 +0800 2024", "text": "x",
        "user": {"id": 1, "screen_name": "x"}, "entities": {"hashtags": []},
    }  # fmt: skip
    assert suggested_columns(list(row), row) == (
        "id=id,timestamp=created_at,user_id=user.id,text=text,hashtags=entities.hashtags"
    )
    wrapped = {"type": "post", "data": {"id": "1", "created": 1_700_000_000, "body": "x", "author": {"name": "n"}}}
    assert suggested_columns(list(wrapped), wrapped) == (
        "id=data.id,timestamp=data.created,user_id=data.author.name,text=data.body"
    )


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ({"ts": "2024-01-15 12:00:00", "text": "x"}, "timestamp=ts,text=text,timezone=UTC"),
        ({"ts": "2024-01-15T12:00:00Z", "text": "x"}, "timestamp=ts,text=text"),
        ({"ts": "1705321800", "text": "x"}, "timestamp=ts,text=text"),
        ({"date": "2024-01-15", "time": "12:00", "text": "x"}, "timestamp=date+time,text=text,timezone=UTC"),
        ({"date": "2024-01-15T12:00:00Z", "time": "noon", "text": "x"}, "timestamp=date,text=text"),
    ],
)
def test_a_zone_is_suggested_where_the_sample_has_none(row: dict[str, str], columns: str) -> None:
    assert suggested_columns(list(row), row) == columns


def test_the_command_can_be_pasted() -> None:
    command = import_command("id=id,timestamp=Post Created", "my file.csv")
    assert shlex.split(command) == ["trend", "import", "--columns", "id=id,timestamp=Post Created", "my file.csv"]


NAMES = st.sampled_from(["id", "ts", "date", "time", "user", "text", "a,b", 'q"', "x=y", "a+b", "message", "chat"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(st.dictionaries(NAMES | st.text(max_size=6), JSON, max_size=6))
def test_what_is_suggested_can_be_read(row: dict[str, object]) -> None:
    found = suggested_columns(list(row), row)
    if found is not None and "+" not in found:
        assert ColumnMap.parse(found.split(",timezone=")[0])
