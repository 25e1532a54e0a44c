"""What is restored is what was backed up, whatever the engines."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import boto3
import orjson
import pytest

from trend_assets.errors import TrendError
from trend_assets.lake.checkpoints import checkpoint_store
from trend_assets.lake.connection import LakeLocation, lake_location, open_duckdb
from trend_assets.lake.migrations import NEWEST
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTIONS, RAW_EVENTS, TABLES
from trend_assets.names import CHECKPOINT_DESCRIPTION, CHECKPOINT_TENSORS
from trend_assets.operations import backup
from trend_assets.operations.backup import back_up, restore
from trend_assets.settings import LakeSettings, Settings
from trend_assets_tests.api.conftest import fill
from trend_assets_tests.lake import conftest as lakes
from trend_assets_tests.lake import test_storage
from trend_assets_tests.lake.test_migrations import old

#: Fixtures.
location, postgres, bucket = lakes.location, lakes.postgres, test_storage.bucket

MODEL = "tgn-2024-01-01-s1"


@pytest.fixture
def filled(tmp_path: Path) -> Settings:
    """A home with a lake, a model and a privacy key."""
    settings = Settings(home=tmp_path / "filled")
    fill(settings.home).close()
    made = tmp_path / "made"
    made.mkdir()
    (made / CHECKPOINT_DESCRIPTION).write_text("{}")
    (made / CHECKPOINT_TENSORS).write_bytes(b"tensors")
    checkpoint_store(lake_location(settings)).add(made, MODEL)
    (settings.home / "privacy.key").write_bytes(b"k" * 32)
    return settings


def at(location: LakeLocation) -> Settings:
    lake = LakeSettings(catalog_url=location.catalog_url, data_path=location.data_path)
    return Settings(home=location.home, lake=lake)


def same(one: Settings, other: Settings) -> bool:
    with (
        closing(Lake(lake_location(one), read_only=True)) as a,
        closing(Lake(lake_location(other), read_only=True)) as b,
    ):
        return all(a.read_table(table).equals(b.read_table(table)) for table in TABLES.values())


def test_it_goes_from_sqlite_into_either_catalog_and_back(
    filled: Settings, location: LakeLocation, tmp_path: Path
) -> None:
    made = back_up(filled, str(tmp_path / "one"))
    assert made.rows["raw_events"] == 4 and made.models == [MODEL]
    there = at(location)
    assert asdict(restore(there, str(tmp_path / "one"))) == asdict(made)
    assert same(filled, there)
    opened = checkpoint_store(lake_location(there)).opened(MODEL)
    assert (opened / CHECKPOINT_TENSORS).read_bytes() == b"tensors"
    assert (there.home / "privacy.key").read_bytes() == b"k" * 32
    back_up(there, str(tmp_path / "two"))
    restore(again := Settings(home=tmp_path / "again"), str(tmp_path / "two"))
    assert same(filled, again)


def test_object_storage_takes_a_lake_and_a_backup(filled: Settings, bucket: str, tmp_path: Path) -> None:
    there = test_storage.settings(tmp_path / "s3", bucket, f"s3://trend/{tmp_path.name}/lake")
    back_up(filled, str(tmp_path / "one"))
    restore(there, str(tmp_path / "one"))
    target = f"s3://trend/{tmp_path.name}/backup"
    back_up(there, target)
    with pytest.raises(TrendError, match="is not empty: name another prefix"):
        back_up(there, target)
    elsewhere = test_storage.settings(tmp_path / "other", bucket, f"s3://trend/{tmp_path.name}/other")
    restore(elsewhere, target)
    assert same(filled, elsewhere)
    with pytest.raises(TrendError, match="is no backup"):
        restore(elsewhere, f"s3://trend/{tmp_path.name}/nothing")
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", endpoint_url=f"http://{bucket}", **keys)
    client.put_object(Bucket="trend", Key=f"{tmp_path.name}/backup/tables/events.parquet", Body=b"changed")
    with pytest.raises(TrendError, match="is not what was backed up"):
        restore(test_storage.settings(tmp_path / "third", bucket, f"s3://trend/{tmp_path.name}/third"), target)


def test_it_is_of_one_moment_while_others_write(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = backup._copy_tables

    def written_meanwhile(lake: Lake, snapshot: int, folder: Path) -> dict[str, int]:
        with closing(Lake(lake_location(filled))) as writer:
            rows = writer.read_table(RAW_EVENTS)
            writer.write(RAW_EVENTS, rows.with_columns(rows["id"] + " later"))
        return copied(lake, snapshot, folder)

    monkeypatch.setattr(backup, "_copy_tables", written_meanwhile)
    assert back_up(filled, str(tmp_path / "one")).rows["raw_events"] == 4


def test_nothing_is_overwritten(filled: Settings, tmp_path: Path) -> None:
    back_up(filled, str(tmp_path / "one"))
    with pytest.raises(TrendError, match="is not empty: name a new folder"):
        back_up(filled, str(tmp_path / "one"))
    with pytest.raises(TrendError, match="restore where there is none"):
        restore(filled, str(tmp_path / "one"))


def test_what_is_damaged_or_newer_is_refused_and_leaves_no_lake(filled: Settings, tmp_path: Path) -> None:
    made = back_up(filled, str(tmp_path / "one"))
    description = tmp_path / "one" / "backup.json"
    there = Settings(home=tmp_path / "there")
    for content, told in (
        (b"{", "backup.json is damaged"),
        (orjson.dumps(replace(made, lake_version=NEWEST + 1)), "update trend_assets"),
        (orjson.dumps(replace(made, files={"tables/none.parquet": "0"})), "none.parquet is missing"),
    ):
        description.write_bytes(content)
        with pytest.raises(TrendError, match=told):
            restore(there, str(tmp_path / "one"))
    assert not there.home.exists()


def test_a_backup_of_an_older_release_is_brought_up_to_date(filled: Settings, tmp_path: Path) -> None:
    made = back_up(filled, str(tmp_path / "one"))
    before = LakeLocation(tmp_path / "before")
    old(before, version=3)
    rows = {}
    with closing(open_duckdb(before, read_only=True)) as connection:
        found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'").fetchall()
        for (name,) in found:
            if name != "lake_versions":
                connection.execute(f"COPY {name} TO '{tmp_path / 'one' / 'tables' / name}.parquet'")
                rows[name] = len(connection.execute(f"FROM {name}").fetchall())
    older = replace(made, lake_version=3, rows=rows, files={}, models=[])
    (tmp_path / "one" / "backup.json").write_bytes(orjson.dumps(older))
    there = Settings(home=tmp_path / "there")
    restore(there, str(tmp_path / "one"))
    with closing(Lake(lake_location(there))) as lake:
        assert "#old" in lake.read_table(PREDICTIONS)["topic"]
        assert lake.read("SELECT max(version) AS version FROM lake_versions")["version"][0] == NEWEST
        assert {name: lake.read(f"SELECT count(*) AS n FROM {name}")["n"][0] for name in rows} == rows
