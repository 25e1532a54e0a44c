"""Query results as text: DuckDB itself formats values of every type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

_ROWS_AT_ONCE = 10_000
_ISO = "CASE WHEN isfinite({0}) THEN replace({0}::VARCHAR, ' ', 'T') || ':00' ELSE {0}::VARCHAR END"
#: JSON has neither NaN nor infinity; and a FLOAT is 0.1, not the DOUBLE that is nearest to it.
_NUMBER = "CASE WHEN isfinite({0}) THEN {0}::VARCHAR END"
_PLAIN, _JSON = "{0}::VARCHAR", "to_json({0})::VARCHAR"
_CSV = {"timestamp with time zone": _ISO} | dict.fromkeys(("list", "array", "struct", "map", "union"), _JSON)
_JSON_SHAPES = {"timestamp with time zone": f"to_json({_ISO})::VARCHAR", "float": _NUMBER, "double": _NUMBER}
#: Parquet keeps them as floating point numbers, which have not all of their digits.
_HUGE = {"hugeint", "uhugeint"}

Answer = duckdb.DuckDBPyRelation
Row = tuple[str | None, ...]


def columns(answer: Answer) -> list[str]:
    """The columns, each name once: a repeated one gets a number."""
    found: list[str] = []
    for name in answer.columns:
        again, unique = 0, name
        while unique in found:
            again += 1
            unique = f"{name}_{again}"
        found.append(unique)
    return found


def kinds(answer: Answer) -> list[str]:
    """The columns' types in lower case, without what is in their brackets, e.g. `bigint`, `list`, `decimal`."""
    return [type_.id for type_ in answer.types]


def first_rows(answer: Answer, count: int) -> list[Row]:
    """Rows of text, as DuckDB writes each type; None is NULL."""
    return _shaped(answer, [_PLAIN] * len(answer.columns)).limit(count).fetchall()


def csv_parts(answer: Answer) -> Iterator[str]:
    """CSV with a header, piece by piece; lists, structs and maps are JSON, moments are ISO 8601."""
    schema = dict.fromkeys(columns(answer), pl.String)
    yield pl.DataFrame(schema=schema).write_csv()
    for rows in _pieces(_shaped(answer, [_CSV.get(kind, _PLAIN) for kind in kinds(answer)])):
        yield pl.DataFrame(rows, schema=schema, orient="row").write_csv(include_header=False)


def json_parts(answer: Answer) -> Iterator[str]:
    """A JSON array of objects, piece by piece; NaN and infinity are null, moments are ISO 8601."""
    keys = [json.dumps(name, ensure_ascii=False) for name in columns(answer)]
    before = "["
    for rows in _pieces(_shaped(answer, [_JSON_SHAPES.get(kind, _JSON) for kind in kinds(answer)])):
        for row in rows:
            fields = ",".join(f"{key}:{_strict(value)}" for key, value in zip(keys, row, strict=True))
            yield f"{before}{{{fields}}}"
            before = ",\n"
    yield "[]\n" if before == "[" else "]\n"


def write_parquet(answer: Answer, path: Path) -> None:
    """Writes the rows in types that Parquet keeps whole: huge integers are decimals, or text beyond 38 digits."""
    for huge in ("{0}::DECIMAL(38, 0)", _PLAIN):
        shaped = _shaped(answer, [huge if kind in _HUGE else "{0}" for kind in kinds(answer)])
        try:
            return shaped.write_parquet(str(path))
        except duckdb.ConversionException:
            if huge == _PLAIN or not _HUGE.intersection(kinds(answer)):
                raise


def _shaped(answer: Answer, shapes: Sequence[str]) -> Answer:
    """Each column by an expression; by its number, for names may be repeated."""
    named = (name.replace('"', '""') for name in columns(answer))
    return answer.project(
        ", ".join(
            f'{shape.format(f"#{number}")} AS "{name}"'
            for number, (shape, name) in enumerate(zip(shapes, named, strict=True), 1)
        )
    )


def _pieces(answer: Answer) -> Iterator[list[Row]]:
    while rows := answer.fetchmany(_ROWS_AT_ONCE):
        yield rows


def _strict(value: str | None) -> str:
    if value is None:
        return "null"
    if "NaN" in value or "Infinity" in value:
        return json.dumps(json.loads(value, parse_constant=lambda _: None), ensure_ascii=False)
    return value
