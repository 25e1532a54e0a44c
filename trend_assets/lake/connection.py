"""Opening the lake: DuckDB with DuckLake attached, from extensions that come as wheels.

A process keeps one connection a lake (attaching takes 140 ms) and hands out cursors.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import duckdb

from trend_assets.lake.extensions import connect_with, extension_file
from trend_assets.lake.failures import (
    catalog_failure,
    explained,
    hiding_secrets,
    require_storage,
    storage_failure,
)
from trend_assets.lake.location import LakeError, LakeLocation, NoLake, lake_location

__all__ = [
    "LAKE",
    "LakeError",
    "LakeLocation",
    "NoLake",
    "explained",
    "extension_file",
    "hiding_secrets",
    "lake_location",
    "no_lake",
    "open_duckdb",
    "quoted",
]

LAKE = "lake"


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _catalog(location: LakeLocation, read_only: bool) -> str:
    if not location.uses_sqlite:
        return f"ducklake:postgres:{location.libpq()}"
    if not location.sqlite_catalog.exists():
        if read_only:
            raise no_lake(location)
        _create_sqlite_catalog(location)
    return f"ducklake:sqlite:{location.sqlite_catalog}"


def no_lake(location: LakeLocation) -> NoLake:
    """The error for a lake that is to be read and that nobody has made yet."""
    demo = location.home / "demo"
    if location.uses_sqlite and (demo / "lake").exists():
        shown = demo.relative_to(Path.cwd()) if demo.is_relative_to(Path.cwd()) else demo
        return NoLake(
            f"there is no lake in {location.folder} yet; that of the demo is asked with `TREND_HOME={shown} trend …`, "
            "one of your own posts begins with `trend import FILE`"
        )
    where = "or set TREND_HOME to the folder that holds one" if location.uses_sqlite else "or correct lake.catalog_url"
    return NoLake(
        f"there is no lake in {location.folder if location.uses_sqlite else location} yet: run `trend import FILE`, "
        f"`trend collect` or `trend demo` first, {where}"
    )


def _create_sqlite_catalog(location: LakeLocation) -> None:
    location.folder.mkdir(parents=True, exist_ok=True)
    # In rollback mode readers and writers of other processes fail with "database is locked".
    with sqlite3.connect(location.sqlite_catalog, timeout=30) as catalog:
        catalog.execute("PRAGMA journal_mode=WAL")
    catalog.close()


def open_duckdb(location: LakeLocation, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A new DuckDB connection with the lake attached as `lake` and in use; time zone UTC.

    Raises:
        LakeError: there is no lake to read, or it cannot be opened.
    """
    catalog = _catalog(location, read_only)
    require_storage(location)
    connection = None
    try:
        connection = connect_with([extension_file(name) for name in location.extensions])
        _set_up(connection, location)
        # The catalog stores the path of its files; with this a moved or copied home still opens.
        options = f"DATA_PATH {quoted(location.files)}, OVERRIDE_DATA_PATH true, DATA_INLINING_ROW_LIMIT 0"
        if read_only:
            options += ", READ_ONLY"
        connection.execute(f"ATTACH {quoted(catalog)} AS {LAKE} ({options})")
        connection.execute(f"USE {LAKE}")
    except duckdb.Error as error:
        if connection is not None:
            connection.close()
        if read_only and "Existing DuckLake at metadata catalog" in str(error):
            raise no_lake(location) from None
        raise (storage_failure(error, location) or catalog_failure(error, location)) from None
    return connection


def _set_up(connection: duckdb.DuckDBPyConnection, location: LakeLocation) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET memory_limit = {quoted(location.memory_limit)}")
    connection.execute(f"SET threads = {location.threads}")
    # In a notebook DuckDB refuses even to switch it off where there are no widgets, and it is off then.
    with contextlib.suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    if "httpfs" in location.extensions:
        connection.execute(f"SET http_timeout = {location.s3_timeout}")
    if location.s3:
        secret = ", ".join(f"{key} {quoted(value)}" for key, value in location.s3)
        connection.execute(f"CREATE SECRET (TYPE s3, {secret})")
