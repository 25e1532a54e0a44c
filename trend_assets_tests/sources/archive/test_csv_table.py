"""CSV and its kin: what is a row, what is a header, and what a stray quote costs."""

from __future__ import annotations

import csv
import io
import itertools

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.csv_records import Records, TextLine
from trend_assets.sources.archive.table_layout import column_names, is_row_of
from trend_assets_tests.sources.archive.reading import COLUMNS, Read, write

NOON = "2024-01-15T12:00:00Z"


def read(tmp_path, text: str, columns: ColumnMap | None = COLUMNS) -> Read:
    return Read(write(tmp_path, text.encode(), "posts.csv"), columns)


def rows(*bodies: str, delimiter: str = ",") -> str:
    lines = [delimiter.join(("id", "when", "body"))]
    return "\n".join([*lines, *(delimiter.join((str(n), NOON, body)) for n, body in enumerate(bodies, 1))]) + "\n"


def test_a_quote_that_is_never_closed_costs_its_own_row_alone(tmp_path):
    found = read(tmp_path, rows('"unclosed', "second", "third", '"fourth" of', "fifth"))
    assert found.ids == ["2", "3", "4", "5"]
    assert found.lines == [2] and "quote" in found.reasons[0]
    assert found.rejections[0].raw_data == f'1,{NOON},"unclosed'


def test_a_quote_that_is_closed_in_a_later_row_swallows_none(tmp_path):
    found = read(tmp_path, rows('"he said', "second", 'and then"', "fourth"))
    assert found.ids == ["2", "3", "4"]
    assert found.lines == [2]


def test_an_unclosed_quote_among_rows_that_are_all_quoted(tmp_path):
    text = f'"id","when","body"\n"1","{NOON}","open\n"2","{NOON}","b"\n"3","{NOON}","c\nd"\n'
    found = read(tmp_path, text)
    assert found.ids == ["2", "3"] and found.lines == [2]
    assert found.texts == ["b", "c\nd"]


def test_in_a_table_of_tabs_a_bare_quote_stands_for_itself(tmp_path):
    found = read(tmp_path, rows('"Wow" she said', '"an opening one', "third", 'fourth"', "5", delimiter="\t"))
    assert found.texts == ['"Wow" she said', '"an opening one', "third", 'fourth"', "5"]
    assert not found.rejections


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('"he said \\"hi\\" #a"', 'he said "hi" #a'),
        ('"she said \\"no, never\\" #a"', 'she said "no, never" #a'),
        ('"ends \\"so\\", and goes on"', 'ends "so", and goes on'),
        ('"two \\"lines\\"\nof it"', 'two "lines"\nof it'),
        ('"he said ""hi"", twice"', 'he said "hi", twice'),
        ('"{""a"": ""b \\""c\\""""}"', '{"a": "b \\"c\\""}'),
        ('"he said "hi, there" to me"', 'he said "hi, there" to me'),
        ('"he said "hi""', 'he said "hi"'),
        ("5'6\" tall", "5'6\" tall"),
        ('"para one\n\n\npara two"', "para one\n\n\npara two"),
        ('"C:\\"', "C:\\"),
        ('"a\tb"', "a\tb"),
        ('""', ""),
    ],
)
def test_a_cell_with_quotes(tmp_path, cell, text):
    found = read(tmp_path, rows(cell, "last"))
    assert found.texts == [text, "last"] and not found.rejections


def test_many_quotes_cost_no_time(tmp_path):
    found = read(tmp_path, rows('"' + '"' * 40_001 + "x", '"""' + "," * 5_000, '"a' + ' "b' * 5_000, "d"))
    assert found.ids[-1] == "4" and len(found.ids) + len(found.rejections) == 4


def test_spaces_around_quotes_are_no_part_of_a_cell(tmp_path):
    assert read(tmp_path, f'id,when,body\n"1" , "{NOON}", "a, b"\n').texts == ["a, b"]


def test_lines_in_a_cell_that_look_like_no_row_stay_in_it(tmp_path):
    cell = '"Dear all,\nthis, that\nand, again, more\n1, 2, 3\nbye"'
    found = read(tmp_path, rows("first", cell, "third"))
    assert found.texts == ["first", cell.strip('"'), "third"]


def test_a_long_cell_is_kept_whole(tmp_path):
    long = '"' + "\n".join(f"line {n}, of it" for n in range(5_000)) + '"'
    found = read(tmp_path, rows("first", long, "third"))
    assert [len(text) for text in found.texts] == [5, len(long) - 2, 5]


def test_rows_with_too_many_or_too_few_cells_are_told_by_line(tmp_path):
    found = read(tmp_path, f"id,when,body\n1,{NOON}\n2,{NOON},a,b\n\n3,{NOON},c,,\n,,\n4,{NOON},d\n")
    assert found.ids == ["3", "4"]
    assert found.lines == [2, 3]
    assert found.reasons == ["2 cells in a table of 3 columns", "4 cells in a table of 3 columns"]


def test_a_header_that_comes_again_is_no_event(tmp_path):
    found = read(tmp_path, rows("a", "b") + rows("a", "b").replace("1,", "3,", 1))
    assert len(found.payloads) == 4 and not found.rejections
    assert found.notes == ["the header stands in 2 lines: it is no row"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_rows_evenly(tmp_path, delimiter):
    bodies = ["one, two; three", "a|b", "c", "d;e,f", "g"]
    text = rows(*(f'"{body}"' for body in bodies), delimiter=delimiter)
    assert read(tmp_path, text).texts == bodies


def test_decimal_commas_do_not_make_a_table_of_commas(tmp_path):
    columns = ColumnMap.parse("timestamp=when,id=id,text=n,timezone=UTC")
    found = read(tmp_path, 'id;when;n\n1;"2024-01-15 12:30:00";1,5\n2;"2024-01-15 12:30:00";2,5\n', columns)
    assert found.texts == ["1,5", "2,5"]


def test_a_line_that_names_the_separator(tmp_path):
    found = read(tmp_path, "sep=;\r\n" + rows("a", "b", delimiter=";").replace("\n", "\r\n"))
    assert found.texts == ["a", "b"]
    broken = read(tmp_path, f"sep=;\nid;when;body\n1;{NOON}\n2;{NOON};b\n")
    assert broken.lines == [3]


def test_what_a_report_writes_before_its_header_is_skipped_and_told(tmp_path):
    preamble = "Report:,Bulk\nFrom:,2024-01-01\n\n"
    found = read(tmp_path, preamble + rows("a", "b") + "bad\n")
    assert found.texts == ["a", "b"] and found.lines == [7]
    assert found.notes == ["3 lines before the header were skipped"]


def test_rows_before_the_header_are_no_preamble(tmp_path):
    found = read(tmp_path, f"Report\n8,{NOON},early\n" + rows("a", "b"))
    assert found.texts == ["a", "b"]
    assert found.lines == [2] and found.reasons == ["a row before the header"]


def test_a_preamble_is_found_without_columns_too(tmp_path):
    found = read(tmp_path, "Report:,Bulk\nBrand:,x\n\nDate,Title,Url,Author\n2024-01-15,a,b,c\n", None)
    assert "columns Date, Title, Url, Author" in str(found.error)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path, end):
    found = read(tmp_path, (rows("a", '"b"', "c") + "4,soon,d\n").replace("\n", end))
    assert found.texts == ["a", "b", "c"] and found.lines == [5]


def test_line_feeds_in_cells_of_a_table_with_carriage_returns(tmp_path):
    text = rows("a", '"b LF c"', "d").replace("\n", "\r").replace(" LF ", "\n")
    assert read(tmp_path, text).texts == ["a", "b\nc", "d"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inner", ["\n", "\r\n", "\r", "\r\r\n", "\n\n", "\r\n\r\n"])
def test_a_line_end_in_a_cell_is_kept_as_received(tmp_path, end, inner):
    text = rows("a", '"b END c"', "d").replace("\n", end).replace(" END ", inner)
    found = read(tmp_path, text)
    assert found.texts == ["a", f"b{inner}c", "d"]
    assert orjson.loads(found.payloads[1].raw_data)["body"] == f"b{inner}c"


def test_a_line_end_in_a_name_makes_the_header_no_row(tmp_path):
    text = f'id,when,body,"how\r\nmany"\r\n1,{NOON},a,5\r\n'
    found = read(tmp_path, text)
    assert found.ids == ["1"] and not found.rejections
    assert found.payloads[0].event.context == {"how\r\nmany": "5"}


def test_a_rejected_row_keeps_the_line_ends_of_its_cells(tmp_path):
    (rejection,) = read(tmp_path, f'id,when,body\r\n1,soon,"b\r\nc"\r\n2,{NOON},d\r\n').rejections
    assert orjson.loads(rejection.raw_data)["body"] == "b\r\nc"


def test_repeated_and_empty_names_of_columns():
    assert column_names(["a", "b", "a", "", "a", "a_2", ""]) == (
        ["a", "b", "a_3", "column_4", "a_4", "a_2", "column_7"],
        ["a"],
    )


def test_a_repeated_name_is_told_where_the_map_names_it(tmp_path):
    text = f"id,when,body,likes,likes,\n1,{NOON},a,5,6,\n"
    plain = read(tmp_path, text)
    assert plain.payloads[0].event.context == {"likes": "5", "likes_2": "6"} and not plain.notes
    twice = read(tmp_path, text.replace("likes,likes", "body,likes"))
    assert twice.texts == ["a"]
    assert "'body' more than once" in twice.notes[0] and "body_2" in twice.notes[0]


def test_a_table_without_a_header_says_how_to_name_its_columns(tmp_path):
    text = f"11,{NOON},first post\n12,{NOON},second post\n"
    refused = read(tmp_path, text, None)
    assert "has no header" in str(refused.error)
    assert "--columns id=column_1,timestamp=column_2,text=column_3" in str(refused.error)
    assert "has no header" in str(read(tmp_path, text).error)
    found = read(tmp_path, text, ColumnMap.parse("id=column_1,timestamp=column_2,text=column_3"))
    assert found.ids == ["11", "12"]


def test_a_zone_is_proposed_where_a_headerless_time_names_none(tmp_path):
    assert "text=column_3,timezone=UTC" in str(read(tmp_path, "11,2024-01-15 12:00,first post\n", None).error)


def test_without_columns_the_error_is_a_command_to_paste(tmp_path):
    found = read(tmp_path, f"id,created_at,user,text\n1,{NOON},u,a\n", None)
    path = tmp_path / "posts.csv"
    wanted = f"trend import --columns id=id,timestamp=created_at,user_id=user,text=text {path}"
    assert str(found.error).endswith(wanted)


def test_a_missing_column_names_the_nearest(tmp_path):
    error = str(read(tmp_path, f"id,whem,body\n1,{NOON},a\n").error)
    assert "no column 'when', perhaps 'whem'; the file has id, whem, body" in error


def test_every_line_is_in_one_row_or_one_rejection(tmp_path):
    text = rows('"a', "b", 'c"', '"d\n', 'e"', '"f"', 'g"h', "i,j", '"k\nl"')
    found = read(tmp_path, text)
    assert len(found.rejections) + len(found.payloads) >= 9
    assert sorted({*found.ids, *(r.raw_data[0] for r in found.rejections)} & set("123456789")) == list("123456789")


CELLS = st.text(alphabet='ab "\\\n,;é1', max_size=8)


@settings(deadline=None, database=None, max_examples=300)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_a_writer_quotes_is_read_as_it_was(table, delimiter):
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    lines = itertools.starmap(TextLine, enumerate(written.getvalue().split("\n")[:-1], 1))
    found = [record.cells for record in Records(lines, delimiter, 3, lambda cells: False)]
    assert found == [list(row) for row in table]


@settings(deadline=None, database=None, max_examples=300)
@given(st.lists(st.text(alphabet='a",\\ 1', max_size=12), max_size=20))
def test_no_line_is_lost_or_read_twice_whatever_the_quotes(lines):
    numbered = itertools.starmap(TextLine, enumerate(lines, 1))
    records = list(Records(numbered, ",", 2, is_row_of([["1", "a"]], 2)))
    told = [number for record in records for number in range(record.line, record.line + record.text.count("\n") + 1)]
    assert told == sorted(set(told))
    assert {n for n, line in enumerate(lines, 1) if line.strip(", ")} <= set(told)
    assert "\n".join(record.text for record in records).replace("\n", "").replace(",", "").replace(" ", "") == (
        "".join(lines).replace(",", "").replace(" ", "")
    )
