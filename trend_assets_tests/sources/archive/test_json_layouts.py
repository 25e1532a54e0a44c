"""JSON of any layout: arrays, documents one after another, scripts, rows below keys, and damage among them."""

from __future__ import annotations

import gzip
import tracemalloc

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.sources.archive import json_values
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import TruncatedArchive, read_archive
from trend_assets.sources.archive.json_values import JsonValues
from trend_assets_tests.sources.archive.reading import COLUMNS, Read, tweet, tweets, write

PRETTY = orjson.OPT_INDENT_2


def dumped(value: object, option: int = 0) -> bytes:
    return orjson.dumps(value, option=option)


def pretty(rows: list[dict]) -> bytes:
    return dumped(rows, PRETTY)


LAYOUTS = {
    "one line": lambda rows: dumped(rows),
    "one row a line": lambda rows: b"[" + b",\n".join(map(dumped, rows)) + b"]",
    "brackets on lines of their own": lambda rows: b"[\n" + b",\n".join(map(dumped, rows)) + b"\n]\n",
    "comma first": lambda rows: b"[" + b"\n,".join(map(dumped, rows)) + b"\n]",
    "commas on lines of their own": lambda rows: b"[\n" + b"\n,\n".join(map(dumped, rows)) + b"\n]",
    "pretty-printed": pretty,
    "with carriage returns": lambda rows: pretty(rows).replace(b"\n", b"\r\n"),
    "tabs": lambda rows: pretty(rows).replace(b"  ", b"\t"),
    "a script": lambda rows: b"window.YTD.tweets.part0 = " + pretty(rows) + b";\n",
    "a constant": lambda rows: b"export const posts = " + dumped(rows) + b";",
    "a call": lambda rows: b"callback(" + dumped(rows) + b");",
    "guarded": lambda rows: b")]}',\n" + dumped(rows),
    "documents in a row": lambda rows: b"\n".join(dumped(row, PRETTY) for row in rows),
    "documents without a line between": lambda rows: b"".join(map(dumped, rows)),
    "text sequences": lambda rows: b"".join(b"\x1e" + dumped(row) + b"\n" for row in rows),
    "two arrays": lambda rows: pretty(rows[:3]) + b"\n" + pretty(rows[3:]),
    "lists, one a line": lambda rows: b"\n".join(dumped([row]) for row in rows),
    "a page": lambda rows: dumped({"search_metadata": {"count": 1}, "statuses": rows}),
    "a pretty page": lambda rows: dumped({"statuses": rows, "search_metadata": {"count": 1}}, PRETTY),
    "pages, one a line": lambda rows: b"\n".join(dumped({"statuses": [row]}) for row in rows),
    "pages in a row": lambda rows: b"\n".join(dumped({"statuses": [row]}, PRETTY) for row in rows),
    "UTF-16": lambda rows: b"\xff\xfe" + "\n".join(dumped(row).decode() for row in rows).encode("utf-16-le"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [7, 5_000])
def test_every_layout_gives_every_row(tmp_path, layout, count):
    rows = [tweet(n, text=f'tweet {n} é \\ " }} ] , {{') for n in range(1, count + 1)]
    read = Read(write(tmp_path, LAYOUTS[layout](rows)), batch_rows=1_000)
    assert read.ids == [str(n) for n in range(1, count + 1)]
    assert read.error is None and not read.rejections


@pytest.mark.parametrize("layout", ["one line", "one row a line", "comma first", "pretty-printed", "tabs", "a script"])
@pytest.mark.parametrize("where", [0, 3, 5])
@pytest.mark.parametrize("damage", ["a lost colon", "no UTF-8", "a lost brace", "a lost quote"])
def test_a_damaged_row_of_an_array_costs_itself_alone(tmp_path, layout, where, damage):
    rows = [tweet(n, text=f"tweet {n}!") for n in range(1, 7)]
    data = LAYOUTS[layout](rows)
    at = data.index(b"tweet %d!" % (where + 1))
    before, after = {
        "a lost colon": (data[: data.rindex(b":", 0, at)], data[data.rindex(b":", 0, at) + 1 :]),
        "no UTF-8": (data[:at], b"\xe9" + data[at:]),
        "a lost brace": (data[: data.index(b"{", at)], data[data.index(b"{", at) + 1 :]),
        "a lost quote": (data[: data.index(b'"', at)], data[data.index(b'"', at) + 1 :]),
    }[damage]
    read = Read(write(tmp_path, before + after))
    lost = {"1", "2", "3", "4", "5", "6"} - set(read.ids)
    # Where rows share a line, no sign of layout says where the next one begins.
    may_be_lost = 6 - where if "lost" in damage and layout == "one line" else 1
    assert str(where + 1) in lost and len(lost) <= may_be_lost
    assert read.rejections or read.error
    assert read.ids == sorted(set(read.ids))


def test_a_row_is_told_by_the_line_that_it_begins_in(tmp_path):
    data = b'[\n  {\n    "a": 1\n  },\n' + dumped(tweet(2)) + b',\n  5,\n {"a": }\n]'
    read = Read(write(tmp_path, data))
    assert read.ids == ["2"]
    assert read.lines == [2, 6, 7]


def test_an_array_that_breaks_off_keeps_its_whole_rows(tmp_path):
    data = pretty([tweet(n) for n in range(1, 400)])
    for packed in (data[:-300], gzip.compress(data[:-300], mtime=0), gzip.compress(data, mtime=0)[:-60]):
        read = Read(write(tmp_path, packed))
        assert isinstance(read.error, TruncatedArchive)
        assert read.ids == [str(n) for n in range(1, len(read.ids) + 1)] and len(read.ids) > 300


def test_nan_and_infinity_are_read_as_nothing_and_kept_as_json(tmp_path):
    line = b'{"id": 1, "when": "2024-01-15T12:00:00Z", "body": "NaN", "x": NaN, "y": [-Infinity, Infinity, 1]}\n'
    read = Read(write(tmp_path, line + b'{"id": 2, "when": "2024-01-15T12:00:00Z", "body": "b", "z": NaN,}\n'), COLUMNS)
    assert read.ids == ["1"]
    assert read.payloads[0].event.context == {"y": [None, None, 1]} or "y" in read.payloads[0].event.context
    assert orjson.loads(read.payloads[0].raw_data)["x"] is None
    assert "not valid JSON" in read.reasons[0]


@pytest.mark.parametrize("data", [b"{'id': 1, 'text': None}\n{'id': 2}\n", b"[{'id': 1}]", b"[\n  {'id': 1}\n]"])
def test_python_notation_is_refused_with_the_reason(tmp_path, data):
    assert "Python's notation" in str(Read(write(tmp_path, data)).error)


ROWS = [{"id": n, "when": "2024-01-15T12:00:00Z", "body": f"b{n}"} for n in range(1, 4)]


@pytest.mark.parametrize(
    "document",
    [
        {"data": ROWS, "paging": {"cursors": {}}},
        {"meta": {"n": [{"a": 1}]}, "response": {"posts": ROWS}},
        {"messages": ROWS, "contacts": [{"name": "x"}]},
        {str(row["id"]): row for row in ROWS},
        ROWS,
    ],
)
@pytest.mark.parametrize("option", [0, PRETTY])
def test_the_mapped_rows_below_a_key_are_found(tmp_path, document, option):
    assert Read(write(tmp_path, dumped(document, option)), COLUMNS).ids == ["1", "2", "3"]


def test_pages_of_rows_one_a_line_are_taken_apart(tmp_path):
    lines = b"\n".join(dumped({"data": [row], "next": row["id"]}) for row in ROWS) + b'\n{"data": [], "next": 0}'
    read = Read(write(tmp_path, lines), COLUMNS)
    assert read.ids == ["1", "2", "3"] and len(read.rejections) == 1


def test_columns_that_were_given_are_obeyed_for_rows_of_a_platform_too(tmp_path):
    columns = ColumnMap.parse("id=id_str,timestamp=created_at,text=text")
    read = Read(write(tmp_path, tweets(2)), columns)
    assert {payload.format for payload in read.payloads} == {f"columns:{columns}"}
    assert read.ids == ["1", "2"]


def test_rows_of_no_known_kind_are_refused_with_the_command_that_reads_them(tmp_path):
    rows = [{"uid": "a", "postId": n, "createdAt": "2024-01-15 12:00", "body": "x"} for n in range(3)]
    wanted = "--columns id=postId,timestamp=createdAt,user_id=uid,text=body,timezone=UTC"
    for data in (dumped(rows), b"\n".join(map(dumped, rows)), dumped({"result": rows}, PRETTY)):
        path = write(tmp_path, data, "some posts.json")
        read = Read(path)
        assert not read.rejections
        assert str(read.error).endswith(f"trend import {wanted} '{path}'")


def test_a_document_too_large_to_be_held_gives_its_rows_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(json_values, "MAX_DOCUMENT_CHARACTERS", 2_000)
    monkeypatch.setattr(json_values, "_MOST_IN_LARGE", 2_000)
    monkeypatch.setattr(json_values, "_MOST_BESIDE", 500)
    statuses = [tweet(n) for n in range(12_000)]
    document = {"search_metadata": {"count": 2}, "statuses": statuses, "after": "x" * 400, "few": [{"a": 1}]}
    for option in (0, PRETTY):
        read = Read(write(tmp_path, dumped(document, option)), batch_rows=10_000)
        assert read.ids == [str(n) for n in range(12_000)]
        assert len(read.rejections) <= 1
    monkeypatch.setattr("trend_assets.sources.archive.json_window._CHUNK", 1_000)
    deeper = {"chats": {"list": [{"name": "a", "messages": ROWS * 2_000}, {"name": "b", "messages": ROWS * 2_000}]}}
    text = dumped(deeper)
    given = [value.value for value in JsonValues(text[at : at + 1_000] for at in range(0, len(text), 1_000))]
    assert len(given) == 2 * 2_000 * len(ROWS)
    assert given[0] == {"chats": {"list": [{"name": "a", "messages": [ROWS[0]]}]}}
    assert given[-1] == {"chats": {"list": [{"name": "b", "messages": [ROWS[2]]}]}}


def test_a_damaged_document_gives_the_rows_that_can_be_read(tmp_path):
    document = dumped({"statuses": [tweet(n) for n in range(1, 6)], "search_metadata": {"count": 5}}, PRETTY)
    at = document.index(b'"tweet 3"')
    read = Read(write(tmp_path, document[:at] + b"\xff" + document[at + 1 :]))
    assert read.ids == ["1", "2", "4", "5"] and len(read.rejections) == 1


def test_a_damaged_row_among_documents_is_not_taken_apart(tmp_path):
    rows = [dumped(tweet(n, entities={"hashtags": [{"text": "a"}, {"text": "b"}]}), PRETTY) for n in range(1, 4)]
    rows[1] = rows[1].replace(b'"text": "a"', b'"text" "a"')
    read = Read(write(tmp_path, b"\n".join(rows)))
    assert read.ids == ["1", "3"] and len(read.rejections) == 1


@pytest.mark.parametrize("layout", ["one line", "comma first", "pretty-printed", "documents in a row"])
def test_memory_does_not_grow_with_an_array(tmp_path, layout):
    def peak(count: int) -> int:
        path = write(tmp_path, LAYOUTS[layout]([tweet(n, text="x" * 8_000) for n in range(count)]))
        tracemalloc.start()
        assert sum(batch.rows for batch in read_archive(path, batch_rows=100)) == count
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(2_000) < peak(600) + (1 << 20)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, database=None, max_examples=150)
@given(st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), min_size=1, max_size=6), st.data())
def test_any_rows_in_any_chunks_come_out_as_they_went_in(rows, data):
    rows = [{**row, "n": n} for n, row in enumerate(rows)]
    text = LAYOUTS[data.draw(st.sampled_from(["one line", "one row a line", "comma first", "pretty-printed", "a script",
                                              "documents in a row", "text sequences"]))](rows)  # fmt: skip
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patched:
        patched.setattr("trend_assets.sources.archive.json_window._CHUNK", 1)
        found = list(JsonValues(iter(chunks)))
    assert [value.value for value in found] == orjson.loads(dumped(rows))
