"""What the API reads by itself from the catalog is what DuckLake reads, whatever was done to the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from polars.testing import assert_frame_equal

from api.reading.catalog import Catalog
from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader
from trend_assets.lake.connection import LakeLocation, extension_file
from trend_assets.lake.maintenance import compact, expire, remove_files
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, PREDICTIONS, TABLES
from trend_assets.settings import Settings
from trend_assets_tests.api.conftest import CUT, ONE, collected, fill, forecasts


@pytest.fixture
def reader(lake: Lake) -> Iterator[LakeReader]:
    reader = LakeReader(Settings(home=lake.location.home))
    yield reader
    reader.close()


def write(lake: Lake, hours: int) -> None:
    cut = CUT + hours * ONE
    lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)


def both_read_the_same(reader: LakeReader, lake: Lake) -> None:
    reader.close()
    for name in TABLES:
        query = f"SELECT * FROM {name}"
        assert_frame_equal(reader.read(query), lake.read(query), check_row_order=False)


def sql(statement: str) -> Callable[[Lake], None]:
    def run(lake: Lake) -> None:
        with lake.transaction() as cursor:
            cursor.execute(statement)

    return run


def merged(lake: Lake) -> None:
    for hours in range(3, 6):
        write(lake, hours)
    compact(lake)


def twice(lake: Lake) -> None:
    sql("ALTER TABLE predictions ADD COLUMN first VARCHAR DEFAULT 'it''s old'")(lake)
    with lake.transaction() as cursor:
        cursor.execute(
            "INSERT INTO predictions SELECT * REPLACE (cut + INTERVAL 9 HOUR AS cut) FROM predictions LIMIT 2"
        )
    sql("ALTER TABLE predictions ADD COLUMN second TIMESTAMPTZ")(lake)
    sql("ALTER TABLE predictions DROP COLUMN growth")(lake)


def expired(lake: Lake) -> None:
    merged(lake)
    expire(lake, datetime.now(UTC))
    remove_files(lake)


def by_another(*statements: str) -> Callable[[Lake], None]:
    """Done by a DuckDB that keeps few rows in the catalog itself."""

    def run(lake: Lake) -> None:
        with duckdb.connect() as other:
            for name in ("ducklake", "sqlite_scanner"):
                other.load_extension(str(extension_file(name)))
            where = f"'ducklake:sqlite:{lake.location.sqlite_catalog}' AS lake"
            other.execute(f"ATTACH {where} (DATA_PATH '{lake.location.files}', OVERRIDE_DATA_PATH true)")
            other.execute("USE lake")
            for statement in statements:
                other.execute(statement)

    return run


@pytest.mark.parametrize(
    ("change", "by_files"),
    [
        (sql("DELETE FROM predictions WHERE rank > 5"), True),
        (sql("DELETE FROM predictions WHERE cut = (SELECT min(cut) FROM predictions)"), True),
        (sql("UPDATE predictions SET score = 2 WHERE rank = 1"), True),
        (merged, True),
        (expired, True),
        (sql("ALTER TABLE predictions ADD COLUMN more INTEGER DEFAULT 7"), True),
        (sql("ALTER TABLE predictions ADD COLUMN more VARCHAR; DELETE FROM predictions WHERE rank > 5"), True),
        (sql("ALTER TABLE predictions ADD COLUMN more VARCHAR[]"), False),
        (twice, True),
        (sql("ALTER TABLE predictions RENAME COLUMN score TO points"), False),
        (by_another("INSERT INTO predictions FROM predictions LIMIT 3"), False),
        (by_another("DELETE FROM predictions WHERE rank = 2"), False),
    ],
    ids=[
        "some",
        "all",
        "update",
        "merged",
        "expired",
        "column",
        "column-and-some",
        "list",
        "two-columns",
        "renamed",
        "inlined",
        "inlined-delete",
    ],
)
def test_whatever_was_done(lake: Lake, reader: LakeReader, change: Callable[[Lake], None], by_files: bool) -> None:
    before = reader.read("SELECT * FROM predictions")
    change(lake)
    both_read_the_same(reader, lake)
    assert not before.equals(reader.read("SELECT * FROM predictions"))
    files = reader.catalog_snapshot().files("predictions")
    assert isinstance(files, tuple) == by_files, files


def test_an_edition_goes_on_from_the_one_before(lake: Lake) -> None:
    catalog = Catalog(lake.location.files)
    with lake.cursor() as cursor:
        first = catalog.look(cursor)
        assert catalog.look(cursor) is first
        write(lake, 3)
        second = catalog.look(cursor)
        assert second.number == first.number + 1 == lake.snapshot()
        assert second.tables["events"] is first.tables["events"]
        assert len(second.files("predictions")) == len(first.files("predictions")) + 1
        lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(collected()[:3]))
        third = catalog.look(cursor)
        assert [bool(file.deletes) for file in third.files("collection_status")] == [True, False]
        assert third.files("predictions") == second.files("predictions")
        cursor.execute("CREATE TABLE lake.main.more (a INTEGER)")
        fourth = catalog.look(cursor)
        assert "more" in fourth.tables and fourth.files("predictions") == second.files("predictions")


def test_a_span_spares_files_and_loses_no_rows(lake: Lake, reader: LakeReader) -> None:
    for hours in range(3, 9):
        write(lake, hours)
    start, end = CUT + 4 * ONE, CUT + 6 * ONE
    within = Within("predictions", "cut", start, end)
    assert len(reader.catalog_snapshot().files("predictions", [within])) == 2
    query = "SELECT * FROM predictions WHERE cut >= ? AND cut < ? ORDER BY cut, rank"
    assert_frame_equal(reader.read(query, [start, end], within), lake.read(query, [start, end]))
    assert reader.read(query, [start - 90 * ONE, end], within).height == 24, "no file of another time was looked at"
    assert reader.newest("predictions", "cut") == CUT + 8 * ONE
    snapshot = reader.catalog_snapshot()
    assert len(snapshot.files("predictions", [snapshot.newest("predictions", "cut")])) == 1


def test_the_newest_may_have_been_deleted(lake: Lake, reader: LakeReader) -> None:
    write(lake, 3)
    with lake.transaction() as cursor:
        cursor.execute(
            "INSERT INTO predictions SELECT * REPLACE (cut + INTERVAL 9 HOUR AS cut) FROM predictions LIMIT 2"
        )
    with lake.transaction() as cursor:
        cursor.execute(
            "INSERT INTO predictions SELECT * REPLACE (cut + INTERVAL 10 HOUR AS cut) FROM predictions LIMIT 20"
        )
        newest: Any = cursor.execute("SELECT max(cut) FROM predictions").fetchone()
        cursor.execute("DELETE FROM predictions WHERE cut = ?", newest)
    assert reader.newest("predictions", "cut") == lake.read("SELECT max(cut) FROM predictions").item()


def test_a_lake_in_the_place_of_another_is_read_anew(home: Path, tmp_path: Path) -> None:
    first, second = fill(tmp_path / "one"), fill(tmp_path / "two")
    write(second, 3)
    first.close()
    with second.cursor() as cursor:
        catalog = Catalog(LakeLocation(tmp_path / "two").files)
        newer = catalog.look(cursor)
        catalog._newest = type(newer)(newer.number + 5, {})
        assert catalog.look(cursor).tables == newer.tables
    second.close()
