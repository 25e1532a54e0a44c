"""Where a lake's catalog and files are, and how to name them without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from trend_assets.errors import TrendError
from trend_assets.settings import Settings

#: The secret parameters of object storage.
_SECRET_PARAMETERS = frozenset({"KEY_ID", "SECRET", "SESSION_TOKEN"})
_SECRET_OPTIONS = frozenset({"password", "sslpassword"})
_HIDDEN = "****"
_CONNECT_SECONDS = 10


class LakeError(TrendError):
    """The lake cannot be opened, read or written; the message says why and what to do."""


class NoLake(LakeError):
    """Nobody has made the lake yet."""


class LakeUnavailable(LakeError):
    """The lake is busy, or cannot be reached for now: the same may work later."""


class CatalogLocked(LakeUnavailable):
    """Another program has the SQLite catalog locked; nothing was written."""


@dataclass(frozen=True, slots=True)
class LakeLocation:
    """Where a lake is.

    Args:
        home: the folder of everything that a run makes; holds the SQLite catalog and the lock.
        catalog_url: a `postgresql://` address of the catalog as libpq takes it, or None for SQLite in `home`.
        data_path: where the Parquet files are: a folder, or an address that DuckDB can write
            (`s3://…`); None for a folder in `home`.
        s3: credentials and endpoint of object storage, as DuckDB's secret parameters.
        s3_timeout: seconds that one request to object storage may take.
        memory_limit: DuckDB's memory limit, e.g. `2GB`.
        threads: DuckDB's threads.
    """

    home: Path
    catalog_url: str | None = field(default=None, repr=False)
    data_path: str | None = None
    s3: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    s3_timeout: int = 30
    memory_limit: str = "2GB"
    threads: int = 2

    @property
    def folder(self) -> Path:
        """What of it is on this machine."""
        return self.home / "lake"

    @property
    def sqlite_catalog(self) -> Path:
        """The catalog, where it is SQLite."""
        return self.folder / "catalog.sqlite"

    @property
    def lock_file(self) -> Path:
        """Held by whoever writes to a SQLite catalog."""
        return self.folder / "catalog.lock"

    @property
    def files(self) -> str:
        """Where the Parquet files are."""
        return self.data_path or f"{self.folder / 'files'}/"

    @property
    def uses_sqlite(self) -> bool:
        """Whether the catalog is SQLite."""
        return self.catalog_url is None

    @property
    def uses_storage(self) -> bool:
        """Whether the files are in object storage."""
        return "://" in self.files

    @property
    def extensions(self) -> tuple[str, ...]:
        """What DuckDB needs to open it, and no more: loading one takes a tenth of a second."""
        catalog = "sqlite_scanner" if self.uses_sqlite else "postgres_scanner"
        storage = ("httpfs",) if self.s3 or self.uses_storage else ()
        chain = ("aws",) if ("PROVIDER", "credential_chain") in self.s3 else ()
        return ("ducklake", catalog, *storage, *chain)

    def s3_parameter(self, name: str) -> str | None:
        """One of the parameters of object storage, by DuckDB's name."""
        return dict(self.s3).get(name)

    def libpq(self) -> str:
        """The catalog's address for libpq: as it was given, with a limit on how long connecting may take.

        Raises:
            LakeError: it is not a `postgresql://` address.
        """
        parts = _address(self.catalog_url)
        named = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if "connect_timeout" in named:
            return str(self.catalog_url)
        joint = "&" if parts.query else "" if str(self.catalog_url).endswith("?") else "?"
        return f"{self.catalog_url}{joint}connect_timeout={_CONNECT_SECONDS}"

    def __str__(self) -> str:
        """Where it is, in words, without a secret."""
        files = f", files in {self.files}" if self.data_path or not self.uses_sqlite else ""
        if self.uses_sqlite:
            return f"{self.folder}{files}"
        parts = _address(self.catalog_url)
        database = unquote(parts.path.strip("/")) or "the user's own"
        return f"the PostgreSQL database {database} on {parts.netloc.rpartition('@')[2] or 'this machine'}{files}"

    def without_secrets(self, text: str) -> str:
        """`text` with every key, token and password of this lake replaced by stars."""
        secrets = {value for name, value in self.s3 if name in _SECRET_PARAMETERS}
        if self.catalog_url:
            parts = urlsplit(self.catalog_url)
            written = [
                parts.password or "",
                *(v for n, v in parse_qsl(parts.query) if n in {"password", "sslpassword"}),
            ]
            secrets |= {form for value in written for form in (value, unquote(value), quote(unquote(value), safe=""))}
        # The longest first: one may be a part of another.
        for secret in sorted(secrets - {""}, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text


def lake_location(settings: Settings) -> LakeLocation:
    """Where the settings say that the lake is."""
    lake = settings.lake
    parameters = {
        "PROVIDER": "credential_chain" if lake.s3_credential_chain else None,
        "REFRESH": "auto" if lake.s3_credential_chain else None,
        "KEY_ID": lake.s3_key_id and lake.s3_key_id.get_secret_value(),
        "SECRET": lake.s3_secret and lake.s3_secret.get_secret_value(),
        "SESSION_TOKEN": lake.s3_session_token and lake.s3_session_token.get_secret_value(),
        "ENDPOINT": lake.s3_endpoint,
        "REGION": lake.s3_region,
        "URL_STYLE": lake.s3_url_style,
        "USE_SSL": None if lake.s3_use_ssl is None else str(lake.s3_use_ssl).lower(),
    }
    return LakeLocation(
        home=settings.home,
        catalog_url=lake.catalog_url.get_secret_value() if lake.catalog_url else None,
        data_path=lake.data_path,
        s3=tuple((key, value) for key, value in parameters.items() if value),
        s3_timeout=lake.s3_timeout_seconds,
        memory_limit=lake.memory_limit,
        threads=lake.threads,
    )


def _address(url: str | None) -> SplitResult:
    parts = urlsplit(url or "")
    if parts.scheme not in {"postgresql", "postgres"}:
        raise LakeError("lake.catalog_url must look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return parts
