"""Characters that databases refuse: what becomes of them, and that it is told."""

from __future__ import annotations

import orjson
import pytest

from trend_assets.sources.wire import notes
from trend_assets_tests.sources.archive.reading import COLUMNS, Read, tweet, write


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (r"\ud83d f", r"\ufffd f"),
        (r"\uDE00", r"\ufffd"),
        (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
        (r"\\ud83d \ud83d\u0041", r"\\ud83d \ufffd\u0041"),
    ],
)
def test_json_is_valid_as_it_is_stored(tmp_path, text, kept):
    line = rf'{{"id_str":"1","created_at":"Wed Jan 01 00:00:48 +0000 2014","text":"{text}"}}'
    (payload,) = Read(write(tmp_path, line.encode())).payloads
    assert payload.raw_data == line.replace(text, kept)
    assert orjson.loads(payload.raw_data)["text"] == payload.event.text
    assert payload.event.notes == (notes.HALF_PAIR,)


def test_half_a_surrogate_pair_in_a_document_is_noted_where_it_is(tmp_path):
    document = orjson.dumps({"statuses": [tweet(1, text="HALF"), tweet(2)]}).replace(b"HALF", rb"\ud83d")
    first, second = Read(write(tmp_path, document)).payloads
    assert (first.event.notes, second.event.notes) == ((notes.HALF_PAIR,), ())
    assert orjson.loads(first.raw_data)["text"] == "\ufffd"


@pytest.mark.parametrize("place", [1, 4_000])
def test_a_nul_is_left_out_wherever_it_stands(tmp_path, place):
    rows = [f"{number},2024-03-01T00:00:00Z,a{chr(0) * (number == place)}b" for number in range(1, max(place, 2) + 1)]
    read = Read(write(tmp_path, "\n".join(["id,when,body", *rows]).encode()), COLUMNS)
    assert set(read.texts) == {"ab"} and len(read.texts) == len(rows) and not read.rejections
    noted = [payload.event.content_id for payload in read.payloads if payload.event.notes == (notes.NUL,)]
    assert noted == [str(place)]


def test_rows_without_a_field_are_told_in_a_whole_sentence(tmp_path):
    error = Read(write(tmp_path, b"{}\n", "a.jsonl"), COLUMNS).error
    assert str(error) == "a.jsonl: no column 'id', for its rows are empty: is it the right file?"
