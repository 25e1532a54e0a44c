"""Files of the lake that are missing or damaged: found, told, let go of; what is left goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from trend_assets.lake.connection import LakeError, LakeLocation, lake_location
from trend_assets.lake.damage import DamagedFile, damaged_files, let_go
from trend_assets.lake.maintenance import maintain
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import NODES, RAW_EVENTS, TOPIC_ACTIVITY
from trend_assets_tests.lake import test_storage
from trend_assets_tests.lake.test_storage import settings, stored
from trend_assets_tests.lake.test_store import activity, raw

#: A fixture.
bucket = test_storage.bucket

HOUR = datetime(2024, 1, 1, 5, tzinfo=UTC)
ONE = timedelta(hours=1)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _garble(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4)
        file.write(os.urandom(path.stat().st_size - 100))


def filled(location: LakeLocation) -> Lake:
    """Two hours, the second written twice, so that a file says which rows of another are deleted."""
    lake = Lake(location)
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 1, 2), HOUR, HOUR + ONE)
    lake.write(TOPIC_ACTIVITY, activity(HOUR + ONE, 3), HOUR + ONE, HOUR + 2 * ONE)
    lake.write(RAW_EVENTS, raw("a", "b", hour=HOUR))
    return lake


def of_hour(lake: Lake, hour: datetime) -> Path:
    query = f"SELECT filename FROM (SELECT filename, hour FROM {TOPIC_ACTIVITY.name}) WHERE hour = ?"
    return Path(lake.read(query, [hour])["filename"][0])


@pytest.mark.parametrize("harm", [Path.unlink, _cut, _garble])
def test_a_damaged_file_is_found_and_let_go_of_and_the_rest_goes_on(
    location: LakeLocation, harm: Callable[[Path], None]
) -> None:
    with closing(filled(location)) as lake, closing(Lake(location, read_only=True)) as reader:
        assert damaged_files(lake, read=True) == []
        harm(path := of_hour(lake, HOUR))
        with pytest.raises(LakeError, match="`trend repair`"):
            reader.read("SELECT bit_xor(hash(COLUMNS(*))) FROM topic_activity")
        # What is listed is the same where only the content is another.
        assert len(damaged_files(reader, read=False)) == (harm is not _garble)
        (found,) = damaged_files(reader, read=True)
        assert found == DamagedFile("topic_activity", found.file, str(path), found.why, 2, HOUR, HOUR)
        let_go(lake, [found])
        assert damaged_files(reader, read=True) == []
        assert reader.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [3]
        lake.write(TOPIC_ACTIVITY, activity(HOUR, 1, 2), HOUR, HOUR + ONE)
        assert lake.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [1, 2, 3]
        assert lake.read_table(RAW_EVENTS).height == 2


def test_a_file_of_deleted_rows_that_is_lost_takes_their_file_with_it(sqlite_lake: LakeLocation) -> None:
    """Otherwise what was replaced would be there again, beside what took its place."""
    with closing(Lake(sqlite_lake)) as lake:
        both = activity(HOUR, 1, 2).vstack(activity(HOUR + ONE, 3))
        lake.write(TOPIC_ACTIVITY, both, HOUR, HOUR + 2 * ONE)
        lake.write(TOPIC_ACTIVITY, activity(HOUR, 7), HOUR, HOUR + ONE)
        listed = lake.read("SELECT data_file, delete_file FROM ducklake_list_files('lake', 'topic_activity')")
        data, deletions = next(row for row in listed.iter_rows() if row[1])
        Path(deletions).unlink()
        (found,) = damaged_files(lake, read=False)
        assert (found.path, found.why, found.first, found.last) == (data, "missing", HOUR, HOUR + ONE)
        let_go(lake, [found])
        maintain(lake, datetime.now(UTC), datetime.now(UTC))
        assert lake.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [7]


def test_a_table_without_partitions_has_no_hours_to_name(sqlite_lake: LakeLocation) -> None:
    with closing(Lake(sqlite_lake)) as lake:
        lake.write(NODES, NODES.frame([{"node_id": 1, "kind": "topic", "key": "#a", "first_seen": HOUR}]))
        (path,) = (sqlite_lake.folder / "files" / "main" / "nodes").glob("*.parquet")
        path.unlink()
        (found,) = damaged_files(lake, read=False)
        assert (found.table, found.rows, found.first) == ("nodes", 1, None)


def test_an_object_that_was_deleted_is_found(bucket: str, tmp_path: Path) -> None:
    location = lake_location(settings(tmp_path, bucket, f"s3://trend/{tmp_path.name}"))
    with closing(Lake(location)) as lake:
        lake.write(TOPIC_ACTIVITY, activity(HOUR, 1), HOUR, HOUR + ONE)
        assert damaged_files(lake, read=True) == []
        (key,) = [key for key in stored(bucket) if key.startswith(f"{tmp_path.name}/main/topic_activity/")]
        client = boto3.client("s3", endpoint_url=f"http://{bucket}", aws_access_key_id="a", aws_secret_access_key="b")
        client.delete_object(Bucket="trend", Key=key)
        # This connection has it in memory, a new one has not.
        missing = rf"the lake's file \S+{Path(key).name} is missing: .*trend repair"
        with closing(Lake(location, read_only=True)) as reader, pytest.raises(LakeError, match=missing):
            reader.read_table(TOPIC_ACTIVITY)
        (found,) = damaged_files(lake, read=False)
        assert (found.path, found.why) == (f"s3://trend/{key}", "missing")
        let_go(lake, [found])
        assert lake.read_table(TOPIC_ACTIVITY).is_empty()
