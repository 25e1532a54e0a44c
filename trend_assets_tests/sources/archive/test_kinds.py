"""Spreadsheets, Parquet with what it can hold, pipes, and files that are something else."""

from __future__ import annotations

import decimal
import io
import os
import pickle
import shlex
import sqlite3
import sys
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import escape

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import ArchiveError
from trend_assets.sources.registry import parse
from trend_assets_tests.sources.archive.reading import COLUMNS, PACK, Read, tweets, write

NOON = "2024-01-15T12:00:00Z"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def _cell(place: str, value: object) -> str:
    """A cell; a tuple is a number and its style: 1 is a date with a time, 2 a date."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    number, style = value if isinstance(value, tuple) else (value, 0)
    return f'<c r="{place}" s="{style}"><v>{number!r}</v></c>'


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    """An .xlsx file as Excel writes it."""
    packed = io.BytesIO()
    numbered = list(enumerate(sheets.items(), 1))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        named = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, (name, _) in numbered)
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>'
        )
        targets = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n, _ in numbered
        )
        styles = f'<Relationship Id="rId99" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{targets}{styles}</Relationships>',
        )
        formats = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 22, 14))
        archive.writestr(
            "xl/styles.xml", f'<styleSheet xmlns="{_MAIN}"><cellXfs count="3">{formats}</cellXfs></styleSheet>'
        )
        for n, (_, rows) in numbered:
            body = "".join(
                f'<row r="{r}">{"".join(_cell(f"{chr(64 + c)}{r}", v) for c, v in enumerate(row, 1))}</row>'
                for r, row in enumerate(rows, 1)
                if row
            )
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml", f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
            )
    return packed.getvalue()


HEADER = ["id", "when", "body", "n"]


def test_a_spreadsheet_is_read_with_its_dates_and_numbers(tmp_path):
    rows = [HEADER, [5, (45306.5, 1), "a\nb", 1.5], ["x6", NOON, None, None], [7, (45306, 2), "c", 12]]
    path = write(tmp_path, workbook(Posts=rows), "posts.xlsx")
    read = Read(path, COLUMNS)
    assert read.ids == ["5", "x6", "7"] and read.error is None
    assert [str(p.event.timestamp) for p in read.payloads] == [
        "2024-01-15 12:00:00+00:00", "2024-01-15 12:00:00+00:00", "2024-01-15 00:00:00+00:00",
    ]  # fmt: skip
    assert read.payloads[0].event.context == {"n": 1.5} and read.payloads[2].event.context == {"n": 12}
    for payload in read.payloads:
        assert parse(payload.format, payload.raw_data) == payload.event
    assert "trend import --columns id=id,timestamp=when,text=body,timezone=UTC" in str(Read(path).error)


def test_ids_that_a_spreadsheet_has_rounded_are_no_ids(tmp_path):
    rows = [HEADER, [1746868000000000001, NOON, "a", 1], ["1746868000000000002", NOON, "b", 2]]
    read = Read(write(tmp_path, workbook(Posts=rows)), COLUMNS)
    assert read.ids == ["1746868000000000002"]
    assert read.lines == [2] and "1.746868e+18" in read.rejections[0].raw_data


def test_sheets_with_the_columns_are_read_and_others_told(tmp_path):
    posts = [["Report of", "May"], [], HEADER, [1, NOON, "a", 1], [2, NOON, "b"], [3, "soon", "c", 2]]
    more = [HEADER, [4, NOON, "d", 1]]
    data = workbook(About=[["made by", "somebody"]], Posts=posts, More=more, Empty=[])
    read = Read(write(tmp_path, data), COLUMNS)
    assert read.ids == ["1", "2", "4"] and read.lines == [6]
    assert read.notes == [
        "left out are the sheets without these columns: About",
        "2 lines before the header were skipped",
    ]


@pytest.mark.parametrize("cut", [200, 1_000])
def test_a_damaged_spreadsheet_is_told(tmp_path, cut):
    data = workbook(Posts=[HEADER, [1, NOON, "a", 1]])
    with pytest.raises(ArchiveError, match=r"a spreadsheet that cannot be read|a damaged zip archive"):
        raise Read(write(tmp_path, data[:cut]), COLUMNS).error


def test_what_parquet_can_hold_is_handed_on_and_reads_the_same_from_the_lake(tmp_path):
    table = pa.table(
        {
            "id": pa.array(["1", "2"]),
            "when": pa.array([1_700_000_000_000_001, 1_700_000_001_000_000], pa.timestamp("us", "Europe/Berlin")),
            "body": pa.array(["a", "b"]).dictionary_encode(),
            "struct": pa.array([{"t": 5, "of": [{"u": 1}]}, None],
                               pa.struct([("t", pa.time64("ns")), ("of", pa.list_(pa.struct([("u", pa.date32())])))])),
            "times": pa.array([[2**62], []], pa.large_list(pa.timestamp("ns"))),
            "amount": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(38, 2)),
            "float": [5.0, float("nan")],
            "large": pa.array([2**64 - 1, 0], pa.uint64()),
            "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
            "span": pa.array([2**62, None], pa.duration("us")),
            "bytes": [b"\xff", b"a"],
            "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        }
    )  # fmt: skip
    # Intervals cannot be written to Parquet.
    pq.write_table(table.drop_columns("interval"), tmp_path / "x")
    read = Read(tmp_path / "x", COLUMNS)
    assert read.ids == ["1", "2"] and not read.rejections
    row = orjson.loads(read.payloads[0].raw_data)
    assert row["when"] == "2023-11-14 22:13:20.000001Z"
    assert row["struct"] == {"t": "00:00:00.000000005", "of": [{"u": "1970-01-02"}]}
    assert row["times"] == ["2116-02-20 23:53:38.427387904"]
    assert (row["amount"], row["float"], row["large"], row["map"]) == ("1.50", 5.0, 2**64 - 1, [["k", 1]])
    assert orjson.loads(read.payloads[1].raw_data)["float"] is None
    for payload in read.payloads:
        assert parse(payload.format, payload.raw_data) == payload.event


@pytest.mark.parametrize("pack", ["gzip", "zstd"])
def test_parquet_within_another_packing_is_read(tmp_path, pack):
    packed = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"], "when": [NOON], "body": ["a"]}), packed)
    assert Read(write(tmp_path, PACK[pack](packed.getvalue())), COLUMNS).ids == ["1"]


def test_repeated_columns_of_parquet_are_numbered(tmp_path):
    table = pa.table([["1"], [NOON], ["a"], ["b"]], names=["id", "when", "body", "body"])
    pq.write_table(table, tmp_path / "x")
    read = Read(tmp_path / "x", COLUMNS)
    assert read.texts == ["a"] and read.payloads[0].event.context == {"body_2": "b"}
    assert "more than once" in read.notes[0]


def _database(path: Path) -> bytes:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE posts (id INTEGER)")
    connection.close()
    return path.read_bytes()


def test_files_of_other_programs_get_a_hint_that_is_right(tmp_path):
    docx = io.BytesIO()
    with zipfile.ZipFile(docx, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    cases = {
        b"%PDF-1.7\n": "a PDF document",
        _database(tmp_path / "db"): "export the table as CSV",
        pickle.dumps([{"id": 1}]): "a Python pickle, which is code and is not opened",
        pickle.dumps({"id": 1}, protocol=2): "a Python pickle",
        docx.getvalue(): "a Word document: save its table as CSV",
        b"\n<!DOCTYPE html>\n<html><body>Log in</body></html>": "a web page (HTML)",
        b"<html><head></head></html>": "get it again",
        b'<?xml version="1.0"?><rss></rss>': "XML",
        b"ARROW1\x00\x00" + bytes(80): "write it as Parquet",
        b"\x89PNG\r\n\x1a\n" + bytes(50): "an image",
        b"7z\xbc\xaf\x27\x1c" + bytes(50): "unpack it first",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n": "git lfs pull",
    }
    for columns in (None, COLUMNS):
        for data, hint in cases.items():
            path = write(tmp_path, data, "posts.bin")
            error = str(Read(path, columns).error)
            assert error.startswith("posts.bin is ") and hint in error, error


@pytest.mark.parametrize("pack", PACK)
def test_a_named_pipe_is_read_as_a_file_is(tmp_path, pack):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(PACK[pack](tweets(2_000))))
    writer.start()
    read = Read(path)
    writer.join()
    assert len(read.ids) == 2_000 and read.error is None
    assert read.progress == sorted(read.progress) and read.progress[-1] > 0


def test_the_standard_input_is_read_and_stays_open(monkeypatch):
    stream = io.BytesIO(f"id,when,body\n1,{NOON},a\n".encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    assert Read(Path("-"), COLUMNS).ids == ["1"]
    assert not stream.closed
    stream.seek(0)
    error = str(Read(Path("-")).error)
    assert error.startswith("the standard input is a table") and error.endswith("text=body -")


def test_a_command_quotes_what_a_shell_would_read(tmp_path):
    path = write(tmp_path, b"id,created at,text\n1,2024-01-15,a\n", "it's $HOME.csv")
    command = str(Read(path).error).split("as in: ")[1]
    assert "'id=id,timestamp=created at,text=text,timezone=UTC'" in command

    assert shlex.split(command)[-1] == str(path)
    assert Read(path, ColumnMap.parse(shlex.split(command)[3])).ids == ["1"]
