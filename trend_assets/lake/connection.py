"""Opening the lake: DuckDB with DuckLake attached, from extensions that come as wheels.

A process keeps one connection a lake (attaching takes 140 ms) and hands out cursors. With the SQLite
catalog every commit happens under one inter-process file lock, since SQLite takes one writer at a
time; PostgreSQL needs none.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from trend_assets.errors import TrendError
from trend_assets.settings import Settings

LAKE = "lake"


class LakeError(TrendError):
    """The lake cannot be opened, read or written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class LakeLocation:
    """Where a lake is.

    Args:
        home: the folder of everything that a run makes; holds the SQLite catalog and the lock.
        catalog_url: a `postgresql://` address of the catalog, or None for SQLite in `home`.
        data_path: where the Parquet files are: a folder, or an address that DuckDB can write
            (`s3://…`); None for a folder in `home`.
        s3: credentials and endpoint of object storage, as DuckDB's secret parameters.
        memory_limit: DuckDB's memory limit, e.g. `2GB`.
        threads: DuckDB's threads.
    """

    home: Path
    catalog_url: str | None = None
    data_path: str | None = None
    s3: tuple[tuple[str, str], ...] = ()
    memory_limit: str = "2GB"
    threads: int = 2

    @property
    def folder(self) -> Path:
        return self.home / "lake"

    @property
    def sqlite_catalog(self) -> Path:
        return self.folder / "catalog.sqlite"

    @property
    def lock_file(self) -> Path:
        return self.folder / "catalog.lock"

    @property
    def files(self) -> str:
        return self.data_path or f"{self.folder / 'files'}/"

    @property
    def uses_sqlite(self) -> bool:
        return self.catalog_url is None

    @property
    def extensions(self) -> tuple[str, ...]:
        """What DuckDB needs to open it, and no more: loading one takes a tenth of a second."""
        catalog = "sqlite_scanner" if self.uses_sqlite else "postgres_scanner"
        return ("ducklake", catalog, "httpfs") if self.s3 or "://" in self.files else ("ducklake", catalog)


def lake_location(settings: Settings) -> LakeLocation:
    """Where the settings say that the lake is, secrets in the clear: not for logs."""
    lake = settings.lake
    secrets = {
        "KEY_ID": lake.s3_key_id and lake.s3_key_id.get_secret_value(),
        "SECRET": lake.s3_secret and lake.s3_secret.get_secret_value(),
        "ENDPOINT": lake.s3_endpoint,
        "REGION": lake.s3_region,
    }
    return LakeLocation(
        home=settings.home,
        catalog_url=lake.catalog_url and lake.catalog_url.get_secret_value(),
        data_path=lake.data_path,
        s3=tuple((key, value) for key, value in secrets.items() if value),
        memory_limit=lake.memory_limit,
        threads=lake.threads,
    )


def extension_file(name: str) -> Path:
    """The signed extension binary inside its wheel.

    Raises:
        LakeError: the wheel is not installed, or is for another DuckDB than the one installed.
    """
    package = f"duckdb_extension_{name}"
    spec = importlib.util.find_spec(package)
    wheel = f"duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}"
    if spec is None or spec.origin is None:
        raise LakeError(f"the DuckDB extension {name} is not installed: pip install {wheel}")
    path = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not path.is_file():
        raise LakeError(f"the installed {package} is not for DuckDB {duckdb.__version__}: pip install {wheel}")
    return path


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _catalog(location: LakeLocation, read_only: bool) -> str:
    if location.catalog_url is not None:
        return f"ducklake:postgres:{_libpq(location.catalog_url)}"
    if not location.sqlite_catalog.exists():
        if read_only:
            raise LakeError(
                f"there is no lake in {location.folder} yet: run `trend import FILE`, `trend collect` or `trend demo` "
                "first, or set TREND_HOME to the folder that holds one"
            )
        _create_sqlite_catalog(location)
    return f"ducklake:sqlite:{location.sqlite_catalog}"


def _create_sqlite_catalog(location: LakeLocation) -> None:
    location.folder.mkdir(parents=True, exist_ok=True)
    # In rollback mode readers and writers of other processes fail with "database is locked".
    with sqlite3.connect(location.sqlite_catalog, timeout=30) as catalog:
        catalog.execute("PRAGMA journal_mode=WAL")
    catalog.close()


def _libpq(url: str) -> str:
    """A `postgresql://` address in the key=value form that DuckDB's scanner takes."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise LakeError("lake.catalog_url must look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    values = {
        "dbname": parts.path.strip("/"),
        "host": parts.hostname,
        "port": parts.port,
        "user": parts.username,
        "password": parts.password,
    }
    return " ".join(f"{key}={value}" for key, value in values.items() if value is not None)


def open_duckdb(location: LakeLocation, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A new DuckDB connection with the lake attached as `lake` and in use; time zone UTC.

    Raises:
        LakeError: there is no lake to read, or it cannot be opened.
    """
    catalog = _catalog(location, read_only)
    connection = duckdb.connect(":memory:", config={"custom_user_agent": "trend_assets"})
    try:
        for name in location.extensions:
            connection.load_extension(str(extension_file(name)))
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = {_quoted(location.memory_limit)}")
        connection.execute(f"SET threads = {location.threads}")
        # In a notebook DuckDB refuses even to switch it off where there are no widgets, and it is off then.
        with contextlib.suppress(duckdb.InvalidInputException):
            connection.execute("SET enable_progress_bar = false")
        if location.s3:
            secret = ", ".join(f"{key} {_quoted(value)}" for key, value in location.s3)
            connection.execute(f"CREATE SECRET (TYPE s3, {secret})")
        # The catalog remembers where its files were; a home that was moved or copied still opens.
        options = f"DATA_PATH {_quoted(location.files)}, OVERRIDE_DATA_PATH true, DATA_INLINING_ROW_LIMIT 0"
        if read_only:
            options += ", READ_ONLY"
        connection.execute(f"ATTACH {_quoted(catalog)} AS {LAKE} ({options})")
        connection.execute(f"USE {LAKE}")
    except duckdb.Error as error:
        connection.close()
        where = "the PostgreSQL catalog" if location.catalog_url else str(location.sqlite_catalog)
        raise LakeError(f"the lake cannot be opened ({where}): {_without_secrets(error, location)}") from None
    return connection


@contextlib.contextmanager
def hiding_secrets(location: LakeLocation) -> Iterator[None]:
    """Errors of DuckDB inside are the same errors without passwords: it tells with which it could not connect."""
    try:
        yield
    except duckdb.Error as error:
        raise type(error)(_replaced(str(error), location)) from None


def _without_secrets(error: Exception, location: LakeLocation) -> str:
    return _replaced(str(error).splitlines()[0], location)


def _replaced(text: str, location: LakeLocation) -> str:
    secrets = [value for _, value in location.s3]
    if location.catalog_url and urlsplit(location.catalog_url).password:
        secrets.append(str(urlsplit(location.catalog_url).password))
    for secret in secrets:
        text = text.replace(secret, "****")
    return text
