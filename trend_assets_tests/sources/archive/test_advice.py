"""A refused table names all that is in the way at once, with a command that reads it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import ArchiveError, read_archive


def refused(path: Path, columns: str | None = None) -> str:
    with pytest.raises(ArchiveError) as caught:
        list(read_archive(path, columns=ColumnMap.parse(columns) if columns else None))
    return str(caught.value)


def commands(said: str) -> list[str]:
    """The maps of the commands that a refusal prints, each as a shell takes it."""
    words = [shlex.split(part)[:4] for part in said.split(": trend import ")[1:]]
    return [columns for option, columns, *_ in words if option == "--columns"]


def ids(path: Path, columns: str) -> list[str]:
    batches = read_archive(path, columns=ColumnMap.parse(columns))
    return [payload.event.content_id for batch in batches for payload in batch.payloads]


@pytest.mark.parametrize(
    ("table", "obstacles", "orders"),
    [
        ("id,created,user,text\n1,05/06/2024 14:05,anna,a\n2,13/06/2024 9:10,bob,b\n",
         ["times like '05/06/2024 14:05' need a date_format=", "put theirs in the place of UTC"], 1),
        ("id,created,user,text\n1,05/06/24,anna,a\n2,06/06/24,bob,b\n",
         ["times like '05/06/24' need", "if the day comes first: trend", "if the month comes first: trend"], 2),
        ("id,created,user,text\n1,13/06/2024,anna,a\n2,14/06/2024,bob,b\n", ["put theirs in the place of UTC"], 1),
        ("id,created,user,text\n1.23457E+18,2024-06-05 14:05,anna,a\n1.23458E+18,2024-06-06 14:05,bob,b\n",
         ["lost its last digits", "put theirs in the place of UTC"], 1),
        ("id,created,user,text\n1,05/06/2024,anna,a\n1,13/06/2024,bob,b\n2,14/06/2024,cid,c\n",
         ["times like '05/06/2024' need", "several posts have the same 'id', e.g. '1'"], 1),
        ("id,created,user,text\n1,727358400,anna,a\n2,727358500,bob,b\n", ["times like '727358400' need"], 1),
        ("nr,wann,was\n1,2024-06-05 14:05,hello there\n2,2024-06-06 14:05,you\n", ["put theirs in the place"], 1),
        ("1,2024-06-05 14:05,hello there\n2,2024-06-06 14:05,you\n", ["no header", "put theirs in the place"], 1),
    ],
)  # fmt: skip
def test_all_obstacles_are_named_with_a_command_that_reads_every_row(
    tmp_path: Path, table: str, obstacles: list[str], orders: int
) -> None:
    path = tmp_path / "my chat.csv"
    path.write_text(table)
    said = refused(path)
    assert all(obstacle in said for obstacle in obstacles)
    found = commands(said)
    assert len(found) == orders
    for columns in found:
        assert len(set(ids(path, columns))) == table.count("\n") - (table[0] in "in")


def test_a_form_is_named_where_the_first_rows_could_do_without(tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text("id,created,text\n1,13/06/2024,a\n")
    (columns,) = commands(refused(path))
    assert "date_format=%d/%m/%Y" in columns


def test_what_needs_no_option_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text("id,created,text\n1,2024-06-05T14:05:00Z,a\n")
    said = refused(path)
    assert commands(said) == ["id=id,timestamp=created,text=text"]
    assert "UTC" not in said and "date_format" not in said


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_given_map_that_reads_no_row_is_mended_as_a_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"chat.{suffix}"
    rows = {
        "csv": "id,created,text\n1.5E+18,05/06/2024 14:05,a\n1.6E+18,14/06/2024 14:05,b\n",
        "jsonl": '{"id": 1.5e300, "created": "05/06/2024 14:05", "text": "a"}\n'
        '{"id": 1.6e300, "created": "14/06/2024 14:05", "text": "b"}\n',
    }
    path.write_text(rows[suffix])
    said = refused(path, "id=id,timestamp=created,text=text")
    assert all(told in said for told in ("its 2 rows", "last digits", "date_format=", "put theirs in the place of UTC"))
    (columns,) = commands(said)
    assert len(ids(path, columns)) == 2


def test_rows_that_no_map_reads_are_refused_with_their_reason(tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text("id,created,text\n1,soon,a\n2,later,b\n")
    assert "in no form that means one thing: 'soon'" in refused(path, "id=id,timestamp=created,text=text")
    assert "in no form that means one thing: 'soon'" in refused(path)


JOINED = '{"type": "join", "id": %d, "date": "2024-06-05T14:05:00Z", "actor": "anna"}\n'
WRITTEN = '{"type": "message", "id": %d, "date": "2024-06-05T14:06:00Z", "from": "bob", "text": "hello"}\n'


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (JOINED % 1 + WRITTEN % 2, "id=id,timestamp=date,user_id=from,text=text"),
        ("".join(JOINED % n for n in range(150)) + WRITTEN % 150, "id=id,timestamp=date,user_id=from,text=text"),
        ('{"version": 2}\n' + WRITTEN % 1, "id=id,timestamp=date,user_id=from,text=text"),
        (f"[{JOINED % 1}, {WRITTEN % 2}]", "id=id,timestamp=date,user_id=from,text=text"),
        (f'{{"log": [{{"version": 2}}, {JOINED % 1}, {WRITTEN % 2}]}}', "id=id,timestamp=date,user_id=from,text=text"),
        # One row without an id takes the ids of none.
        ('{"date": "2024-06-05T14:05:00Z", "from": "a", "text": "b"}\n' + "".join(WRITTEN % n for n in range(5)),
         "id=id,timestamp=date,user_id=from,text=text"),
    ],
)  # fmt: skip
def test_rows_of_several_kinds_are_read_as_those_that_say_most(tmp_path: Path, text: str, columns: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(text)
    assert commands(refused(path)) == [columns]
    assert ids(path, columns)
