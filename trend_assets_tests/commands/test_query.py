"""`trend sql`: whatever DuckDB answers is printed, and read at 80 columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from trend_assets.cli import app
from trend_assets.errors import TrendError
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TOPIC_ACTIVITY
from trend_assets_tests.api.conftest import CUT

Ask = Callable[..., Result]

HUGE = 2**127 - 1
#: A value of each of DuckDB's types, and how it stands in a table, in CSV and in JSON.
TYPES: dict[str, tuple[str, str, object]] = {
    "INTERVAL '1 month 2 days 03:04:05'": (*["1 month 2 days 03:04:05"] * 2, "1 month 2 days 03:04:05"),
    "[1, NULL]": ("[1, NULL]", "[1,null]", [1, None]),
    "array_value(1, 2)": ("[1, 2]", "[1,2]", [1, 2]),
    "{'a': 1}": ("{'a': 1}", '{"a":1}', {"a": 1}),
    "MAP {'k': 1}": ("{k=1}", '{"k":1}', {"k": 1}),
    "union_value(num := 2)": ("2", '{"num":2}', {"num": 2}),
    "'\\x00\\xFF'::BLOB": (*["\\x00\\xFF"] * 2, "\\x00\\xFF"),
    f"{HUGE}": (*[f"{HUGE}"] * 2, HUGE),
    f"{2 * HUGE + 1}::UHUGEINT": (*[f"{2 * HUGE + 1}"] * 2, 2 * HUGE + 1),
    "12345678901234567890.50::DECIMAL(38, 2)": (*["12345678901234567890.50"] * 2, Decimal("12345678901234567890.50")),
    "0.1::FLOAT": ("0.1", "0.1", Decimal("0.1")),
    "'nan'::DOUBLE": ("nan", "nan", None),
    "'-inf'::FLOAT": ("-inf", "-inf", None),
    "{'x': 'nan'::DOUBLE}": ("{'x': nan}", '{"x":NaN}', {"x": None}),
    "'00000000-0000-0000-0000-000000000001'::UUID": (*["00000000-0000-0000-0000-000000000001"] * 3,),
    "TIMESTAMPTZ '2024-01-01 00:00:00.5+02'": (
        "2023-12-31 22:00:00.5+00",
        "2023-12-31T22:00:00.5+00:00",
        "2023-12-31T22:00:00.5+00:00",
    ),
    "'infinity'::TIMESTAMPTZ": (*["infinity"] * 3,),
    "TIMESTAMP_NS '2024-01-01 00:00:00.123456789'": (*["2024-01-01 00:00:00.123456789"] * 3,),
    "TIMESTAMP '290000-01-01'": (*["290000-01-01 00:00:00"] * 3,),
    "DATE '20000-01-01'": (*["20000-01-01"] * 3,),
    "'12:30:00+02'::TIMETZ": (*["12:30:00+02"] * 3,),
    "'101'::BIT": (*["101"] * 3,),
    "'a'::ENUM('a', 'b')": (*["a"] * 3,),
    "'{\"a\": 1}'::JSON": ('{"a": 1}', '{"a": 1}', {"a": 1}),
    "'[bold]x[/b] :100:'": (*["[bold]x[/b] :100:"] * 3,),
    "true": ("true", "true", True),
    "NULL": ("NULL", "", None),
}
#: Parquet knows neither: a union is a struct there, a time with a zone one of UTC.
NOT_IN_PARQUET = {"union_value(num := 2)", "'12:30:00+02'::TIMETZ"}


@pytest.fixture(scope="module")
def lake_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lake with one row."""
    home = tmp_path_factory.mktemp("asked") / "home"
    lake = Lake(LakeLocation(home))
    row = {"hour": CUT, "topic": "#ai", "mentions": 2, "weighted_mentions": 1.0, "distinct_users": 1}
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame([row]))
    lake.close()
    return home


@pytest.fixture
def ask(home: Path, lake_home: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks the lake; a table is 80 columns wide."""
    monkeypatch.setenv("TREND_HOME", str(lake_home))
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *arguments: CliRunner().invoke(app, ["sql", *arguments], prog_name="trend")


ALL = "SELECT " + ", ".join(f"{value} AS x{index}" for index, value in enumerate(TYPES))


def test_every_type_is_printed_as_text(ask: Ask) -> None:
    printed = ask(ALL)
    assert printed.exit_code == 0, printed.output
    shown = [line.split(maxsplit=1)[1].rstrip() for line in printed.stdout.splitlines()[1:]]
    assert shown == [table for table, _, _ in TYPES.values()]
    rows = list(csv.reader(io.StringIO(ask(ALL, "--format", "csv").stdout)))
    assert rows[1] == [text for _, text, _ in TYPES.values()]


def test_every_type_is_printed_as_json(ask: Ask) -> None:
    made = ask(ALL, "--format", "json").stdout
    values = json.loads(made, parse_float=Decimal, parse_constant=pytest.fail)[0]
    assert [values[f"x{index}"] for index in range(len(TYPES))] == [parsed for _, _, parsed in TYPES.values()]


def test_every_type_is_kept_in_parquet(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    kept = [value for value in TYPES if value not in NOT_IN_PARQUET]
    query = "SELECT " + ", ".join(f"{value} AS x{index}" for index, value in enumerate(kept))
    assert ask(query, "--output", str(path)).exit_code == 0
    columns = ", ".join(f"x{index}::VARCHAR" for index in range(len(kept)))
    duckdb.execute("SET TimeZone = 'UTC'")
    assert list(duckdb.sql(f"SELECT {columns} FROM '{path}'").fetchall()[0]) == [
        None if value == "NULL" else TYPES[value][0] for value in kept
    ]


def test_parquet_keeps_the_digits_of_sums(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    ask("SELECT sum(9007199254740993) AS n, 170141183460469231731687303715884105727 AS most", "-o", str(path))
    assert duckdb.sql(f"SELECT n::VARCHAR, most::VARCHAR FROM '{path}'").fetchall() == [
        ("9007199254740993", "170141183460469231731687303715884105727")
    ]
    made = ask("SELECT sum(9007199254740993) AS n", "--format", "parquet").stdout_bytes
    path.write_bytes(made)
    assert duckdb.sql(f"SELECT n::BIGINT FROM '{path}'").fetchall() == [(9007199254740993,)]


def test_null_and_empty_text_differ_in_csv(ask: Ask) -> None:
    assert ask("SELECT NULL AS a, '' AS b", "--format", "csv").stdout.splitlines() == ["a,b", ',""']


def test_what_is_too_wide_for_a_table_is_printed_as_records(ask: Ask) -> None:
    lines = ask("FROM topic_activity, (SELECT repeat('long text ', 30) AS text)").stdout.splitlines()
    assert lines[0] == "row 1" and lines[1].split() == ["hour", "2024-01-02", "00:00:00+00"]
    assert all(len(line) <= 80 for line in lines)
    assert sum("long text" in line for line in lines) > 3
    table = ask("SELECT topic, mentions, repeat('word ', 30) AS text FROM topic_activity").stdout.splitlines()
    assert "topic" in table[1] and all(len(line) <= 80 for line in table)


def test_long_answers_say_how_to_get_the_rest(ask: Ask) -> None:
    assert "first 100 rows: --output FILE.csv" in ask("FROM range(101)").stdout
    assert "first" not in ask("FROM range(100)").stdout
    assert "Long values end in …" in ask("SELECT repeat('x', 5000) AS x").stdout
    lines = ask("SELECT range AS x, 2 AS x FROM range(20001)", "--format", "csv").stdout.splitlines()
    assert len(lines) == 20_002 and lines[0] == "x,x_1"
    assert len(orjson.loads(ask("FROM range(20001)", "--format", "json").stdout)) == 20_001


def test_an_empty_answer_says_so(ask: Ask) -> None:
    empty = "SELECT topic, mentions FROM topic_activity WHERE false"
    assert ask(empty).stdout == "no rows (columns: topic, mentions)\n"
    assert ask(empty, "--format", "csv").stdout == "topic,mentions\n"
    assert ask(empty, "--format", "json").stdout == "[]\n"
    assert "no rows" in ask("SET threads = 1").stdout


def test_what_a_terminal_would_obey_is_shown(ask: Ask) -> None:
    shown = ask("SELECT 'a' || chr(27) || '[31m' || chr(10) || chr(8238) || 'b' AS x").stdout
    assert "a\\x1b[31m\\n\\u202eb" in shown


def test_a_plan_is_printed_as_it_is(ask: Ask) -> None:
    assert "┌─────" in ask("EXPLAIN SELECT 1").stdout


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "the query is empty"),
        ("SELECT 1; SELECT 1", "2 statements: ask one at a time"),
        ("SELECT nope FROM topic_activity", 'Referenced column "nope" not found'),
        ("SELECT topik FROM topic_activity", '"topic"'),
        ("FROM topic_activty", 'Did you mean "topic_activity"?'),
        ("SELEC 1", "syntax error"),
        ("DELETE FROM topic_activity", "opened for reading only"),
        ("CREATE TABLE mine (x INTEGER)", "opened for reading only"),
    ],
)
def test_an_error_is_one_sentence_with_the_hint(ask: Ask, query: str, told: str) -> None:
    error = ask(query).exception
    assert isinstance(error, TrendError)
    assert told in str(error) and "\n" not in str(error) and "LINE" not in str(error)


def test_a_pivot_is_one_statement(ask: Ask) -> None:
    assert ask("PIVOT topic_activity ON topic USING sum(mentions)", "--format", "csv").stdout.startswith("hour,")


def test_a_file_is_there_only_whole(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    failed = ask("SELECT CASE WHEN range > 15000 THEN error('no') ELSE range END FROM range(20000)", "-o", str(path))
    assert failed.exit_code == 1 and list(tmp_path.glob("answer*")) == []
    assert ask("SELECT 1 AS x", "-o", str(path)).exit_code == 0 and path.read_text() == "x\n1\n"
    assert "name it .csv, .json or .parquet" in ask("SELECT 1", "-o", str(tmp_path / "x.txt")).stderr
