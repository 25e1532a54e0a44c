"""Backups: every table of the lake at one snapshot, the models and the privacy key, in plain files.

A backup names no engine: one of a SQLite catalog restores into PostgreSQL and object storage, and the other way round.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from trend_assets import __version__
from trend_assets.errors import TrendError
from trend_assets.lake.checkpoints import checkpoint_store
from trend_assets.lake.connection import LakeLocation, lake_location, open_duckdb, quoted
from trend_assets.lake.migrations import NEWEST, migrate, version
from trend_assets.lake.object_storage import object_storage, reaching
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TABLES
from trend_assets.lake.write_lock import holding, write_lock
from trend_assets.operations.models import stored_models
from trend_assets.operations.privacy.admission import key_file
from trend_assets.settings import Settings

_DESCRIPTION = "backup.json"
_TABLES, _MODELS, _DAGSTER = "tables", "models", "dagster"
_STORAGE = "s3://"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds.

    Args:
        made_at: when (UTC).
        release: of this package that made it.
        lake_version: of the tables.
        snapshot: of the lake, of which all tables are.
        rows: of each table.
        models: names.
        files: SHA-256 of each file, by its path in the backup.
    """

    made_at: datetime
    release: str
    lake_version: int
    snapshot: int
    rows: dict[str, int]
    models: list[str]
    files: dict[str, str]


def back_up(settings: Settings, target: str) -> Backup:
    """Writes a backup while others read and write; it is of the moment at which it begins.

    Args:
        settings: they name the lake.
        target: an empty or new folder, or `s3://BUCKET/PREFIX` with the keys of the lake's settings.

    Raises:
        TrendError: there is something at the target.
        LakeError: the lake or the storage cannot be read or written.
    """
    location = lake_location(settings)
    with _filled(location, target) as folder, closing(Lake(location, read_only=True)) as lake:
        snapshot = lake.snapshot()
        rows = _copy_tables(lake, snapshot, folder / _TABLES)
        models = _copy_models(settings, folder / _MODELS)
        if key_file(settings).is_file():
            shutil.copy2(key_file(settings), folder)
        _copy_records(settings.dagster_home, folder / _DAGSTER)
        files = {str(path.relative_to(folder)): _sha256(path) for path in _files(folder)}
        made = Backup(datetime.now(UTC), __version__, NEWEST, snapshot, rows, models, files)
        (folder / _DESCRIPTION).write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    return made


def restore(settings: Settings, source: str) -> Backup:
    """Makes a lake of a backup, in the place and with the engines that the settings name.

    Args:
        settings: they name where there is no lake yet.
        source: the folder or address of the backup.

    Raises:
        TrendError: it is no backup, is damaged, or is of a newer release; or there is a lake already.
        LakeError: the lake or the storage cannot be written.
    """
    location = lake_location(settings)
    with _fetched(location, source) as folder:
        made = _checked(folder, source)
        _insert_tables(location, made, folder / _TABLES)
        # What came in since that release is added as for any older lake.
        Lake(location).close()
        store = checkpoint_store(location)
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.home) as waiting:
            for name in made.models:
                # The store moves what it is given.
                store.add(shutil.copytree(folder / _MODELS / name, Path(waiting) / name), name)
        if (key := folder / key_file(settings).name).is_file():
            shutil.copy2(key, key_file(settings))
        if (folder / _DAGSTER).is_dir() and not settings.dagster_home.exists():
            shutil.copytree(folder / _DAGSTER, settings.dagster_home)
    return made


def _copy_tables(lake: Lake, snapshot: int, folder: Path) -> dict[str, int]:
    folder.mkdir()
    rows = {}
    for table in TABLES.values():
        path = quoted(str(folder / f"{table.name}.parquet"))
        order = ", ".join(name for name in (table.partition, *table.key) if name)
        rows_in_order = f"SELECT * FROM {lake.at(table, snapshot)} ORDER BY {order}"
        with lake.cursor() as cursor:
            counted = cursor.execute(f"COPY ({rows_in_order}) TO {path} (FORMAT parquet, COMPRESSION zstd)").fetchone()
        assert counted is not None
        rows[table.name] = int(counted[0])
    return rows


def _copy_models(settings: Settings, folder: Path) -> list[str]:
    store = checkpoint_store(lake_location(settings))
    names = [model.version for model in stored_models(settings)]
    for name in names:
        shutil.copytree(store.opened(name), folder / name)
    return names


def _copy_records(home: Path, folder: Path) -> None:
    """Dagster's records, where they are files: each database as it is at one moment, also while others write to it."""
    for path in sorted(home.rglob("*.db")) if home.is_dir() else []:
        target = folder / path.relative_to(home)
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as database, closing(sqlite3.connect(target)) as copy:
            database.backup(copy)
    if folder.is_dir() and (home / "dagster.yaml").is_file():
        shutil.copy2(home / "dagster.yaml", folder)


def _insert_tables(location: LakeLocation, made: Backup, folder: Path) -> None:
    with closing(write_lock(location)) as lock, holding(lock), closing(open_duckdb(location, read_only=False)) as lake:
        if version(lake):
            raise TrendError(f"there is a lake in {location} already: restore where there is none")
        migrate(lake, made.lake_version)
        lake.execute("BEGIN")
        for name, rows in made.rows.items():
            lake.execute(f"INSERT INTO {name} BY NAME FROM read_parquet(?)", [str(folder / f"{name}.parquet")])
            counted = lake.execute(f"SELECT count(*) FROM {name}").fetchone()
            if counted is None or counted[0] != rows:
                raise TrendError(f"{name} has {counted and counted[0]} rows after the restore, {rows} in the backup")
        lake.execute("COMMIT")


def _checked(folder: Path, source: str) -> Backup:
    """The description of a backup whose files are as they were written."""
    try:
        values: dict[str, Any] = orjson.loads((folder / _DESCRIPTION).read_bytes())
        made = Backup(**{**values, "made_at": datetime.fromisoformat(values["made_at"])})
    except FileNotFoundError:
        raise TrendError(f"{source} is no backup: it has no {_DESCRIPTION}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise TrendError(f"{source}/{_DESCRIPTION} is damaged: {error}") from None
    if made.lake_version > NEWEST:
        raise TrendError(
            f"{source} is of release {made.release} (lake version {made.lake_version}), this one knows versions up to "
            f"{NEWEST}: update trend_assets"
        )
    for name, digest in made.files.items():
        path = folder / name
        if not path.is_file() or _sha256(path) != digest:
            raise TrendError(f"{source}/{name} is missing or is not what was backed up: take another backup")
    return made


@contextmanager
def _filled(location: LakeLocation, target: str) -> Iterator[Path]:
    """A folder that becomes the backup once it is complete."""
    if target.startswith(_STORAGE):
        with tempfile.TemporaryDirectory() as waiting:
            yield Path(waiting)
            _send(location, Path(waiting), target)
        return
    folder = Path(target)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrendError(f"{folder} is not empty: name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as waiting:
        made = Path(waiting) / folder.name
        made.mkdir()
        yield made
        if folder.exists():
            folder.rmdir()
        made.rename(folder)


@contextmanager
def _fetched(location: LakeLocation, source: str) -> Iterator[Path]:
    """A local folder with the backup."""
    if not source.startswith(_STORAGE):
        yield Path(source)
        return
    from pyarrow.fs import LocalFileSystem, copy_files

    with tempfile.TemporaryDirectory() as waiting:
        storage = object_storage(location)
        with reaching(location, source), suppress(FileNotFoundError):
            copy_files(_path(source), waiting, source_filesystem=storage, destination_filesystem=LocalFileSystem())
        yield Path(waiting)


def _send(location: LakeLocation, folder: Path, target: str) -> None:
    """The description last: what has none is no backup."""
    from pyarrow.fs import FileSelector, LocalFileSystem, copy_files

    storage, local = object_storage(location), LocalFileSystem()
    with reaching(location, target):
        if storage.get_file_info(FileSelector(_path(target), allow_not_found=True)):
            raise TrendError(f"{target} is not empty: name another prefix")
        for path in [*_files(folder), folder / _DESCRIPTION]:
            there = f"{_path(target)}/{path.relative_to(folder)}"
            copy_files(str(path), there, source_filesystem=local, destination_filesystem=storage)


def _path(address: str) -> str:
    return address.removeprefix(_STORAGE).rstrip("/")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / _DESCRIPTION)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
