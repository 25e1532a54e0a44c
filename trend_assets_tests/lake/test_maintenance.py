"""Compaction, expiry and removal of files, with both catalogs."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import polars as pl
import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.maintenance import compact, expire, lake_size, maintain, remove_files, tighten_bounds, vacuum
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TOPIC_ACTIVITY
from trend_assets_tests import catalog_log
from trend_assets_tests.processes import context, process

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Sorts before and behind every other topic, so that the catalog holds them as bounds.
FIRST, LAST = "!first secret", "~last secret"


def rows(hour: datetime, *topics: str) -> pl.DataFrame:
    counts = {"mentions": 1, "weighted_mentions": 1.0, "distinct_users": 1}
    return TOPIC_ACTIVITY.frame({"hour": hour, "topic": topic, **counts} for topic in topics)


def fill(lake: Lake, hours: int) -> None:
    for index in range(hours):
        hour = START + index * HOUR
        lake.write(TOPIC_ACTIVITY, rows(hour, FIRST, "#kept", f"#hour{index}", LAST), hour, hour + HOUR)


def files(location: LakeLocation) -> list[Path]:
    return sorted(Path(location.files).rglob("*.parquet"))


@pytest.fixture
def lake(location: LakeLocation) -> Lake:
    opened = Lake(location)
    fill(opened, 12)
    return opened


def test_small_files_become_one_and_every_row_stays(lake: Lake) -> None:
    before = lake.read_table(TOPIC_ACTIVITY)
    size, now = lake_size(lake), datetime.now(UTC)
    done = maintain(lake, now - timedelta(days=1), now)
    assert done.before == size and size.files >= 12
    assert done.after.files < size.files and done.after == lake_size(lake)
    assert lake.read_table(TOPIC_ACTIVITY).equals(before)
    assert lake.read("SELECT count(DISTINCT rowid) AS n FROM topic_activity")["n"][0] == before.height
    assert done.snapshots == 0 and done.removed == 0
    assert maintain(lake, now - timedelta(days=1), now + timedelta(days=3)).removed >= 12
    assert lake.read_table(TOPIC_ACTIVITY).equals(before)
    lake.close()


def test_snapshots_within_the_days_stay_readable_and_older_ones_expire(lake: Lake) -> None:
    early = lake.snapshot()
    before = lake.read_table(TOPIC_ACTIVITY)
    lake.write(TOPIC_ACTIVITY, rows(START, "#only"), START, START + HOUR)
    late = lake.snapshot()
    lake.write(TOPIC_ACTIVITY, rows(START, "#now"), START, START + HOUR)
    now = datetime.now(UTC)
    maintain(lake, now - timedelta(days=1), now)
    assert lake.read(f"SELECT * FROM {lake.at(TOPIC_ACTIVITY, early)}").height == before.height
    assert maintain(lake, now + HOUR, now + timedelta(days=1), keep={early}).snapshots > 0
    seen = lake.read(f"SELECT * FROM {lake.at(TOPIC_ACTIVITY, early)} ORDER BY hour, topic")
    assert seen.cast(dict(before.schema)).equals(before.sort("hour", "topic"))
    with pytest.raises(Exception, match=f"the lake has no snapshot {late}"):
        lake.at(TOPIC_ACTIVITY, late)
    assert "#now" in lake.read("SELECT topic FROM topic_activity")["topic"]
    lake.close()


def test_a_few_deleted_rows_keep_no_small_file_apart(lake: Lake) -> None:
    """Else a table whose rows are changed now and then has more files every night."""
    for night in range(3):
        for index in range(10):
            hour = START + (100 + 10 * night + index) * HOUR
            lake.write(TOPIC_ACTIVITY, rows(hour, f"#night{night}"), hour, hour + HOUR)
        compact(lake)
        lake.write(TOPIC_ACTIVITY, rows(hour, "#again"), hour, hour + HOUR)
    before = lake.read_table(TOPIC_ACTIVITY)
    compact(lake)
    held = "SELECT file_count, delete_file_count FROM ducklake_table_info('lake') WHERE table_name = 'topic_activity'"
    assert lake.read(held).rows() == [(1, 0)]
    assert lake.read_table(TOPIC_ACTIVITY).equals(before)
    lake.close()


def test_what_is_deleted_leaves_the_files_and_the_bounds(lake: Lake, location: LakeLocation) -> None:
    other = Lake(location)
    other.read("SELECT topic FROM topic_activity WHERE topic > '#'")
    with lake.transaction() as connection:
        connection.execute("DELETE FROM topic_activity WHERE topic LIKE '%secret'")
    compact(lake, deleted_share=0.0)
    expire(lake, datetime.now(UTC))
    assert remove_files(lake) > 0
    tighten_bounds(lake)
    left = [path for path in files(location) if path.parent.name == "topic_activity"]
    texts = "".join(pl.read_parquet(path).select(pl.col(pl.String)).write_csv() for path in left)
    assert "#kept" in texts and "secret" not in texts
    bounds = "SELECT min_value, max_value FROM __ducklake_metadata_lake.ducklake_table_column_stats"
    with lake.cursor() as cursor:
        held = cursor.execute(bounds).fetchall()
    assert not [pair for pair in held if "secret" in str(pair)]
    assert ("#hour0", "#kept") in held
    # What is written next, by whoever had read the old bounds, must not bring them back or hide a row.
    other.write(TOPIC_ACTIVITY, rows(START + 50 * HOUR, "#later"), START + 50 * HOUR, START + 51 * HOUR)
    for each in (lake, other):
        for topic, count in (("#kept", 12), ("#hour11", 1), ("#later", 1), (FIRST, 0)):
            assert each.read("SELECT * FROM topic_activity WHERE topic = ?", [topic]).height == count, topic
    with lake.cursor() as cursor:
        assert not [pair for pair in cursor.execute(bounds).fetchall() if "secret" in str(pair)]
    other.close()
    vacuum(lake)
    if location.uses_sqlite:
        # From another process: to close a SQLite file undoes the locks of whoever has it open in this one.
        held = subprocess.run(["cat", *location.folder.glob("catalog.sqlite*")], capture_output=True, check=True).stdout
        assert b"#kept" in held and b"secret" not in held
    assert lake.read("SELECT count(*) AS n FROM topic_activity")["n"][0] == 25
    lake.close()


def test_open_lakes_leave_the_catalogs_log_to_be_written_back(sqlite_lake: LakeLocation) -> None:
    Lake(sqlite_lake).close()
    reader, writer = Lake(sqlite_lake, read_only=True), Lake(sqlite_lake)
    fill(writer, 2)
    assert reader.read("SELECT count(*) AS n FROM topic_activity")["n"][0] == 8
    assert catalog_log.is_free(sqlite_lake)
    reader.close()
    writer.close()


def _write_and_read(location: LakeLocation, stop: Event, failures: Queue[str]) -> None:
    writer, hour = Lake(location), START + 100 * HOUR
    while not stop.is_set():
        try:
            writer.write(TOPIC_ACTIVITY, rows(hour, "#live"), hour, hour + HOUR)
            assert writer.read("SELECT count(*) AS n FROM topic_activity")["n"][0] >= 49
        except Exception as error:
            failures.put(repr(error))
        hour += HOUR
    writer.close()
    failures.put("")


def test_writers_and_readers_go_on_meanwhile(lake: Lake, location: LakeLocation) -> None:
    """In another process: two connections to one SQLite file in one process undo each other's locks."""
    stop, failures = context().Event(), context().Queue()
    writer = process(_write_and_read, location, stop, failures)
    writer.start()
    try:
        while lake.read("SELECT count(*) AS n FROM topic_activity WHERE topic = '#live'")["n"][0] == 0:
            assert writer.is_alive()
        for _ in range(2):
            now = datetime.now(UTC)
            maintain(lake, now - timedelta(days=1), now)
    finally:
        stop.set()
    told = list(iter(failures.get, ""))
    writer.join()
    assert told == []
    assert lake.read("SELECT count(DISTINCT topic) AS n FROM topic_activity")["n"][0] == 16
    lake.close()
