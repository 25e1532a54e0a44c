"""What a JSON value or a table is, and that what is kept of it is read again as the same event."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.json_rows import JsonRouter, is_platform
from trend_assets.sources.archive.recognition import table_format
from trend_assets.sources.event import Event, Payload, Rejected
from trend_assets.sources.registry import FORMATS, SOURCES, Rejection, parse, parser
from trend_assets_tests.sources.archive.samples import CHAT, DOCUMENTS, ROWS, STATUS, TWEET, UNIX

EXAMPLES = int(os.environ.get("TREND_FUZZ_EXAMPLES", "60"))
FUZZ = settings(deadline=None, database=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


def routed(value: Any, columns: ColumnMap | None = None, file: str = "FILE") -> list[Payload | Rejection]:
    return list(JsonRouter(columns, file).rows(1, value, json.dumps(value)))


def tabled(row: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    found = table_format(list(row))
    assert found is not None
    return found.format, found.payloads(row)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_read_by_its_marks_and_each_part_is_an_event_or_a_reason(name: str) -> None:
    format, document, wanted = DOCUMENTS[name]
    assert is_platform(document)
    found = routed(document)
    assert len(found) == len(wanted)
    # Those above and below a post may come in another order.
    for item, said in (
        zip(sorted(found, key=_said), sorted(wanted), strict=True)
        if name == "thread"
        else zip(found, wanted, strict=True)
    ):
        if isinstance(item, Payload):
            assert (item.format, item.event.content_id) == (format, said)
            assert item.event.timestamp.timestamp() == UNIX + (0.123 if said == "3" else 0)
            assert parse(item.format, item.raw_data) == item.event
            assert item.event.source in FORMATS[format].sources
        else:
            assert said in item.reason


def _said(item: Payload | Rejection) -> str:
    return item.event.content_id if isinstance(item, Payload) else item.reason


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_read_by_its_tables_header(name: str) -> None:
    format, row, wanted = ROWS[name]
    found, payloads = tabled(row)
    events = [parser(found)(payload) for payload in payloads]
    assert (found, [event.content_id for event in events]) == (format, wanted)
    assert [parse(found, json.dumps(payload)) for payload in payloads] == events


@pytest.mark.parametrize(
    "header",
    [
        ["id", "ts", "user", "text"],
        ["id", "created_at", "text", "author_id"],
        ["Region", "openai: (1/1/24 - 1/7/24)"],
        ["a: (b)", "c: (d)"],
        ["id", "by", "time"],
        [],
    ],
)
def test_other_headers_are_of_no_known_table(header: list[str]) -> None:
    assert table_format(header) is None


def test_a_line_that_is_one_event_is_kept_to_the_letter() -> None:
    raw = json.dumps(STATUS, indent=None, separators=(" ,", ": "))
    (payload,) = JsonRouter(None).rows(1, STATUS, raw)
    assert isinstance(payload, Payload) and payload.raw_data == raw


def test_columns_that_were_given_are_obeyed_whatever_a_row_looks_like() -> None:
    (row,) = routed(TWEET, ColumnMap.parse("timestamp=created_at,text=lang"))
    assert isinstance(row, Payload) and (row.event.source, row.event.text) == ("archive", "en")


@pytest.mark.parametrize(
    ("value", "looks", "command"),
    [
        (
            {"data": [{"id": "18050206876707110", "media_type": "TEXT_POST", "text": "a", "username": "u",
                       "timestamp": "2024-01-15T12:30:00+0000"}], "paging": {}},
            "a list of 1: a post of Threads or Instagram",
            "trend import --columns id=id,timestamp=timestamp,user_id=username,text=text 'my posts.json'",
        ),
        (
            {"created_at": "Mon Jan 15 20:30:00 +0800 2024", "id": 49900, "idstr": "49900", "mid": "1", "text": "x",
             "user": {"id": 1}},
            "a post of Weibo",
            "trend import --columns id=id,timestamp=created_at,user_id=user.id,text=text 'my posts.json'",
        ),
        ({"id": 1, "ts": UNIX, "body": "x"}, "a JSON object with body, id, ts",
         "trend import --columns id=id,timestamp=ts,text=body 'my posts.json'"),
        ({"name": "x"}, "a JSON object with name", "--columns timestamp=FIELD"),
    ],
)  # fmt: skip
def test_what_is_unknown_says_what_it_looks_like_and_what_would_read_it(value: Any, looks: str, command: str) -> None:
    assert not is_platform(value)
    (rejection,) = routed(value, file="my posts.json")
    assert isinstance(rejection, Rejection) and looks in rejection.reason and command in rejection.reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"kind": "Listing", "data": {"children": []}}, "a listing of Reddit without items"),
        ({"hits": [], "nbPages": 0}, "a page of a search without hits"),
        ({"type": "OrderedCollection", "orderedItems": []}, "a collection without activities"),
        ({"chats": {"list": []}}, "an export of Telegram without chats"),
        ({"data": {"videos": [], "cursor": 0}, "error": {"code": "ok"}}, "a page of TikTok without videos"),
        ({"guild": {}, "channel": {"id": "1"}, "messages": []}, "an export of Discord without messages"),
        ({"name": "chan", "type": "public_channel", "id": 1, "messages": []}, "holds no post"),
        ({"data": []}, "without tweets or other posts"),
        ({}, "an empty JSON object"),
    ],
)
def test_pages_of_nothing_are_named(value: Any, reason: str) -> None:
    (rejection,) = routed(value)
    assert isinstance(rejection, Rejection) and reason in rejection.reason


def test_a_large_export_can_be_handed_over_message_by_message() -> None:
    whole = [item for item in routed(CHAT) if isinstance(item, Payload)]
    apart = [item for message in CHAT["messages"] for item in routed({**CHAT, "messages": [message]})]
    assert [item for item in apart if isinstance(item, Payload)] == whole


NAMES = sorted({name for _, document, _ in DOCUMENTS.values() for name in document} | {"id", "text", "author", "type"})
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=12)
    | st.sampled_from(["", "t3", "Create", "message", "app.bsky.feed.post", "2024-01-15T12:30:00Z", "http://[", "\x00"])
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=5)
    ),
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), JSON, max_size=8)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from places(item, (*path, key))


def mutate(data: st.DataObject, value: Any) -> Any:
    value = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, 4))):
        paths = list(places(value))
        if not paths:
            break
        *outer, key = data.draw(st.sampled_from(paths))
        holder = value
        for step in outer:
            holder = holder[step]
        if data.draw(st.booleans()):
            holder[key] = data.draw(JSON)
        else:
            del holder[key]
    return value


def check(event: Event) -> None:
    assert event.timestamp.utcoffset() is not None and event.source in SOURCES
    assert "\x00" not in event.text + event.content_id + (event.user_id or "")
    assert all(isinstance(value, float) for value in event.features.values())
    assert all(isinstance(tag, str) and tag for tag in (*event.hashtags, *event.topics))
    json.dumps(dict(event.context))


@pytest.mark.parametrize("format", FORMATS)
@FUZZ
@given(payload=OBJECTS)
def test_a_parser_rejects_what_it_cannot_read(format: str, payload: dict[str, Any]) -> None:
    try:
        check(parser(format)(payload))
    except Rejected as rejected:
        assert str(rejected)


@FUZZ
@given(data=st.data())
def test_mutated_documents_are_events_or_reasons(data: st.DataObject) -> None:
    _, document, _ = data.draw(st.sampled_from(list(DOCUMENTS.values())))
    for item in routed(mutate(data, document)):
        if isinstance(item, Payload):
            check(item.event)
            assert parse(item.format, item.raw_data) == item.event
        else:
            assert item.reason


@FUZZ
@given(data=st.data())
def test_mutated_rows_are_events_or_reasons(data: st.DataObject) -> None:
    _, row, _ = data.draw(st.sampled_from(list(ROWS.values())))
    found = table_format(list(row))
    assert found is not None
    cells = SCALARS.filter(lambda cell: not isinstance(cell, float) or cell == cell)
    changed = {**row, data.draw(st.sampled_from(list(row))): data.draw(cells)}
    try:
        for payload in found.payloads(changed):
            check(parser(found.format)(payload))
    except Rejected as rejected:
        assert str(rejected)
