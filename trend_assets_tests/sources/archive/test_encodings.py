"""What the bytes of a text mean, where nothing says so."""

from __future__ import annotations

import codecs

import orjson
import pytest

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.encodings import LineDecoder, wide
from trend_assets_tests.sources.archive.reading import COLUMNS, Read, tweet, write

NOON = "2024-01-15T12:00:00Z"
HEADER = "id,when,body\n"
GERMAN = ["Grüße aus Köln", "plain", "Äpfel zu 5 €"]
CYRILLIC = ["Привет всем, кто читает это сообщение", "Сегодня хорошая погода в городе", "До свидания"]


def table(bodies: list[str]) -> str:
    return HEADER + "".join(f'{n},{NOON},"{body}"\n' for n, body in enumerate(bodies, 1))


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("bodies", [GERMAN, CYRILLIC, ["plain"], ["今天天气很好", "😀😀"]])
def test_unicode_in_every_form_is_read(tmp_path, codec, bodies):
    read = Read(write(tmp_path, table(bodies).encode(codec)), COLUMNS)
    assert read.texts == bodies and not read.rejections
    assert read.notes == ([] if codec.startswith("utf-8") else [f"read as {codec[:6].upper()}"])


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "body", ["\U0001f468\u200d\U0001f469", "\u202eright to left", "soft\u200bbreak", "\uf8ff", "\U0001fae9", "nu\x00l"]
)
def test_utf_16_without_a_mark_may_hold_what_does_not_print(tmp_path, codec, body):
    read = Read(write(tmp_path, table([body, "plain"]).encode(codec)), COLUMNS)
    assert read.texts == [body.replace("\x00", ""), "plain"]


def test_a_name_of_a_column_may_hold_what_does_not_print(tmp_path):
    columns = ColumnMap.parse("id=id,timestamp=when,text=\u0646\u0627\u0645\u200c\u0647\u0627")
    data = table(["plain"]).replace("body", "\u0646\u0627\u0645\u200c\u0647\u0627").encode()
    assert Read(write(tmp_path, data), columns).texts == ["plain"]


@pytest.mark.parametrize("bom", [codecs.BOM_UTF16_BE, b""])
def test_utf_16_with_its_own_mark_and_without(tmp_path, bom):
    lines = "\n".join(orjson.dumps(tweet(n)).decode() for n in range(1, 1_500))
    assert len(Read(write(tmp_path, bom + lines.encode("utf-16-be"))).ids) == 1_499


def test_what_is_no_utf_8_is_windows_1252_and_said(tmp_path):
    read = Read(write(tmp_path, table(GERMAN).encode("cp1252")), COLUMNS)
    assert read.texts == GERMAN
    assert read.notes == ["read as Windows-1252, for it is not UTF-8"]


def test_one_letter_is_enough(tmp_path):
    assert Read(write(tmp_path, table(["café"]).encode("cp1252")), COLUMNS).texts == ["café"]


@pytest.mark.parametrize("codec", ["cp1251", "shift_jis", "gb18030"])
def test_a_text_in_no_latin_alphabet_is_looked_at_by_the_detector(tmp_path, codec):
    bodies = {"cp1251": CYRILLIC * 20, "shift_jis": ["今日はとても良い天気ですね、散歩に行きましょう"] * 20,
              "gb18030": ["今天天气很好 我们去公园散步吧 你觉得怎么样呢"] * 20}[codec]  # fmt: skip
    read = Read(write(tmp_path, table(bodies).encode(codec)), COLUMNS)
    assert read.texts == bodies
    assert read.notes[0].startswith("read as ")


def test_a_broken_byte_in_utf_8_costs_its_row_alone(tmp_path):
    data = table(GERMAN).encode().replace(b"plain", b"pl\xe4in")
    read = Read(write(tmp_path, data), COLUMNS)
    assert read.texts == [GERMAN[0], GERMAN[2]]
    assert read.reasons == ["not valid UTF-8"] and read.lines == [3]
    assert r"pl\xe4in" in read.rejections[0].raw_data


def test_the_first_letter_beyond_ascii_may_come_late(tmp_path):
    bodies = ["x" * 900] * 1_300 + ["café"]
    read = Read(write(tmp_path, table(bodies).encode("cp1252")), COLUMNS, batch_rows=500)
    assert read.texts[-1] == "café" and not read.rejections
    assert read.notes == ["read as Windows-1252, for it is not UTF-8"]
    assert Read(write(tmp_path, table(bodies).encode()), COLUMNS).texts[-1] == "café"


def test_a_letter_cut_by_the_head_is_whole(tmp_path):
    bodies = ["ä" * 450] * 1_300
    assert set(Read(write(tmp_path, table(bodies).encode()), COLUMNS).texts) == {"ä" * 450}


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"a",
        b"\x00",
        b"\x00\x00",
        bytes(range(256)) * 8,
        b"PK\x03\x04" + bytes(60),
        b"\1\0\2\0\3\0" * 9,
    ],
)
def test_other_bytes_are_no_utf_16(head):
    assert wide(head) is None


def test_bytes_that_mean_nothing_in_windows_1252_are_a_problem():
    notes: list[str] = []
    decoder = LineDecoder(b"caf\xe9\n", notes)
    assert decoder.decode(b"caf\xe9") == ("café", None)
    assert decoder.decode(b"\x81") == ("\\x81", "not valid UTF-8")
    assert len(notes) == 1
