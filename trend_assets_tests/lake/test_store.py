"""The lake's promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from trend_assets.lake import migrations
from trend_assets.lake.connection import LakeError, LakeLocation, extension_file, open_duckdb
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, NODES, RAW_EVENTS, TABLES, TOPIC_ACTIVITY
from trend_assets_tests.processes import process

HOUR = datetime(2024, 1, 1, 5, tzinfo=UTC)
ONE = timedelta(hours=1)


def activity(hour: datetime, *mentions: int) -> pl.DataFrame:
    return TOPIC_ACTIVITY.frame(
        {
            "hour": hour,
            "topic": f"#t{index}",
            "mentions": count,
            "weighted_mentions": count / 2,
            "distinct_users": 1,
        }
        for index, count in enumerate(mentions)
    )


def raw(*ids: str, hour: datetime = HOUR) -> pl.DataFrame:
    return RAW_EVENTS.frame(
        {
            "id": name,
            "hour": hour,
            "timestamp": hour + timedelta(minutes=3),
            "source": "archive",
            "event_type": "original",
            "content_id": name,
            "user_id": None,
            "format": "columns:id=id",
            "raw_data": "{}",
            "origin": "test",
            "collected_at": hour,
        }
        for name in ids
    )


def test_every_declared_table_exists_empty(location: LakeLocation) -> None:
    lake = Lake(location)
    for table in TABLES.values():
        frame = lake.read_table(table)
        assert frame.is_empty()
        assert dict(frame.schema) == table.schema


def test_writing_a_partition_replaces_it_alone(location: LakeLocation) -> None:
    lake = Lake(location)
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 1, 2, 3), HOUR, HOUR + ONE)
    lake.write(TOPIC_ACTIVITY, activity(HOUR + ONE, 9), HOUR + ONE, HOUR + 2 * ONE)
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 7), HOUR, HOUR + ONE)
    assert lake.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [7, 9]
    assert lake.read_table(TOPIC_ACTIVITY, HOUR, HOUR + ONE)["mentions"].to_list() == [7]
    lake.write(TOPIC_ACTIVITY, activity(HOUR), HOUR, HOUR + ONE)
    assert lake.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [9]


def test_a_range_is_written_and_read_at_once(location: LakeLocation) -> None:
    lake = Lake(location)
    frame = pl.concat([activity(HOUR + index * ONE, index + 1) for index in range(48)])
    before = lake.snapshot()
    lake.write(TOPIC_ACTIVITY, frame, HOUR, HOUR + 48 * ONE)
    assert lake.snapshot() == before + 1
    assert lake.read_table(TOPIC_ACTIVITY, HOUR + ONE, HOUR + 4 * ONE)["mentions"].to_list() == [2, 3, 4]


def test_rows_outside_the_partition_are_refused_and_nothing_is_written(location: LakeLocation) -> None:
    lake = Lake(location)
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 1), HOUR, HOUR + ONE)
    with pytest.raises(ValueError, match="outside the partitions"):
        lake.write(TOPIC_ACTIVITY, activity(HOUR + ONE, 5), HOUR, HOUR + ONE)
    assert lake.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        pl.DataFrame({"hour": [HOUR]}),
        activity(HOUR, 1).with_columns(pl.col("mentions").cast(pl.Int32)),
        activity(HOUR, 1).with_columns(pl.lit(None, pl.String).alias("topic")),
        activity(HOUR, 1).with_columns(pl.lit(1).alias("extra")),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(sqlite_lake: LakeLocation, wrong: pl.DataFrame) -> None:
    lake = Lake(sqlite_lake)
    with pytest.raises(ValueError, match="topic_activity"):
        lake.write(TOPIC_ACTIVITY, wrong, HOUR, HOUR + ONE)


def test_appending_adds_only_new_ids(location: LakeLocation) -> None:
    lake = Lake(location)
    assert lake.write(RAW_EVENTS, raw("a", "b", "a")) == 2
    assert lake.write(RAW_EVENTS, raw("b", "c")) == 1
    assert lake.write(RAW_EVENTS, raw("a", "b", "c")) == 0
    assert lake.read("SELECT id FROM raw_events ORDER BY id")["id"].to_list() == ["a", "b", "c"]


def test_merging_replaces_rows_of_the_same_key(location: LakeLocation) -> None:
    lake = Lake(location)

    def status(word: str) -> pl.DataFrame:
        row = {"hour": HOUR, "source": "twitter", "status": word, "events": 1, "rejected": 0, "requests": 1}
        return COLLECTION_STATUS.frame([{**row, "finished_at": HOUR, "message": ""}])

    lake.write(COLLECTION_STATUS, status("failed"))
    lake.write(COLLECTION_STATUS, status("complete"))
    assert lake.read_table(COLLECTION_STATUS)["status"].to_list() == ["complete"]


def test_a_node_keeps_its_earliest_sighting(location: LakeLocation) -> None:
    lake = Lake(location)

    def node(number: int, first_seen: datetime) -> dict[str, object]:
        return {"node_id": number, "kind": "user", "key": f"twitter:{number}", "first_seen": first_seen}

    lake.write(NODES, NODES.frame([node(1, HOUR), node(2, HOUR)]))
    lake.write(NODES, NODES.frame([node(1, HOUR - ONE), node(2, HOUR + ONE), node(3, HOUR)]))
    seen = lake.read("SELECT first_seen FROM nodes ORDER BY node_id")["first_seen"].to_list()
    assert seen == [HOUR - ONE, HOUR, HOUR]


def test_a_failed_transaction_leaves_nothing(location: LakeLocation) -> None:
    lake = Lake(location)
    with pytest.raises(RuntimeError, match="half way"), lake.transaction() as connection:
        connection.execute("INSERT INTO topic_activity VALUES (?, '#x', 1, 1.0, 1)", [HOUR])
        raise RuntimeError("half way")
    assert lake.read_table(TOPIC_ACTIVITY).is_empty()


def test_a_reader_sees_writes_of_others_and_cannot_write(location: LakeLocation) -> None:
    writer = Lake(location)
    reader = Lake(location, read_only=True)
    writer.write(TOPIC_ACTIVITY, activity(HOUR, 4), HOUR, HOUR + ONE)
    assert reader.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [4]
    with pytest.raises(duckdb.Error, match="read-only"):
        reader.cursor().execute("DELETE FROM topic_activity")


def write_many(location: LakeLocation, worker: int, writes: int) -> None:
    lake = Lake(location)
    for index in range(writes):
        hour = HOUR + timedelta(hours=1000 * worker + index)
        lake.write(TOPIC_ACTIVITY, activity(hour, *range(1, 21)), hour, hour + ONE)


def test_processes_write_and_read_at_the_same_time(location: LakeLocation) -> None:
    lake = Lake(location)
    workers = [process(write_many, location, worker, 8) for worker in range(3)]
    for worker in workers:
        worker.start()
    reads = 0
    while any(worker.is_alive() for worker in workers):
        rows = lake.read("SELECT count(*) AS n FROM topic_activity")["n"][0]
        assert rows % 20 == 0, "a partition was seen half written"
        reads += 1
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert reads > 0
    assert lake.read("SELECT count(*) AS n FROM topic_activity")["n"][0] == 3 * 8 * 20


def test_threads_share_one_lake(sqlite_lake: LakeLocation) -> None:
    lake = Lake(sqlite_lake)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            hour = HOUR + number * ONE
            lake.write(TOPIC_ACTIVITY, activity(hour, 1, 2), hour, hour + ONE)
            assert lake.read_table(TOPIC_ACTIVITY, hour, hour + ONE).height == 2
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_no_lake_to_read_is_explained(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="there is no lake in"):
        Lake(LakeLocation(tmp_path), read_only=True)


def test_a_lake_of_a_newer_release_is_refused(location: LakeLocation) -> None:
    lake = Lake(location)
    with lake.transaction() as connection:
        connection.execute("INSERT INTO lake_versions VALUES (?, now())", [migrations.NEWEST + 1])
    lake.close()
    for read_only in (True, False):
        with pytest.raises(LakeError, match="update trend_assets"):
            Lake(location, read_only=read_only)


def test_opening_again_migrates_nothing(location: LakeLocation) -> None:
    first = Lake(location)
    snapshot = first.snapshot()
    assert Lake(location).snapshot() == snapshot


def test_the_sqlite_catalog_is_in_wal_mode(sqlite_lake: LakeLocation) -> None:
    Lake(sqlite_lake)
    with sqlite3.connect(sqlite_lake.sqlite_catalog) as catalog:
        assert catalog.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_naive_time_is_refused(sqlite_lake: LakeLocation) -> None:
    lake = Lake(sqlite_lake)
    with pytest.raises(ValueError, match="no time zone"):
        lake.read_table(TOPIC_ACTIVITY, datetime(2024, 1, 1))


def test_passwords_stay_out_of_errors(tmp_path: Path) -> None:
    location = LakeLocation(tmp_path, catalog_url="postgresql://u:sentinel@127.0.0.1:1/nowhere")
    with pytest.raises(LakeError) as error:
        open_duckdb(location, read_only=True)
    assert "sentinel" not in str(error.value)


def test_unsigned_extensions_stay_refused(sqlite_lake: LakeLocation) -> None:
    Lake(sqlite_lake)
    connection = open_duckdb(sqlite_lake, read_only=True)
    assert connection.sql("SELECT current_setting('allow_unsigned_extensions')").fetchone() == (False,)
    assert extension_file("ducklake").is_file()


_LOADED = "SELECT extension_name FROM duckdb_extensions() WHERE loaded AND list_contains(?, extension_name)"


def test_only_what_a_lake_needs_is_loaded(sqlite_lake: LakeLocation) -> None:
    Lake(sqlite_lake).close()
    asked = [["ducklake", "sqlite_scanner", "postgres_scanner", "httpfs"]]
    here = open_duckdb(sqlite_lake, read_only=True)
    assert {name for (name,) in here.execute(_LOADED, asked).fetchall()} == {"ducklake", "sqlite_scanner"}
    away = open_duckdb(replace(sqlite_lake, s3=(("KEY_ID", "id"), ("SECRET", "sentinel"))), read_only=True)
    assert {name for (name,) in away.execute(_LOADED, asked).fetchall()} == {"ducklake", "sqlite_scanner", "httpfs"}
    assert away.execute("SELECT type FROM duckdb_secrets()").fetchall() == [("s3",)]


def test_a_home_that_was_moved_still_opens(sqlite_lake: LakeLocation, tmp_path: Path) -> None:
    lake = Lake(sqlite_lake)
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 4), HOUR, HOUR + ONE)
    lake.close()
    moved = sqlite_lake.home.rename(tmp_path / "elsewhere")
    assert Lake(LakeLocation(moved), read_only=True).read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [4]
    again = Lake(LakeLocation(moved))
    again.write(TOPIC_ACTIVITY, activity(HOUR, 5), HOUR, HOUR + ONE)
    assert again.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [5]
