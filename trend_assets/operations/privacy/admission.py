"""The filter before every write of events: drops forgotten data, and pseudonymizes users where that is set."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from trend_assets.errors import TrendError
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings
from trend_assets.sources.event import Rejected
from trend_assets.sources.identifiers import identifiers, rejected_identifiers
from trend_assets.sources.pseudonyms import Pseudonyms

ANY_SOURCE = "*"
#: Rejected payloads cannot be read, so that a user in them cannot be hashed.
WITHHELD = "(withheld: privacy.hash_user_ids)"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class PrivacyKey:
    """The secret behind the hashes of forgotten ids; `name` tells keys apart and nothing else."""

    secret: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Eight hex digits that say nothing of the secret."""
        return hashlib.blake2b(b"name", digest_size=4, key=self.secret).hexdigest()

    def hash(self, value: str) -> str:
        """BLAKE2b-128 of an id, keyed, as hex."""
        return hashlib.blake2b(value.encode(), digest_size=16, key=self.secret).hexdigest()


def privacy_key(settings: Settings) -> PrivacyKey:
    """The key in force: of `privacy.hash_key` where that is set, else the home's own, made at first use."""
    if settings.privacy.hash_key is not None:
        return _derived(settings)
    path = key_file(settings)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
    except FileExistsError:
        pass
    return PrivacyKey(path.read_bytes())


def key_file(settings: Settings) -> Path:
    """Where the home's own key is."""
    return settings.home / "privacy.key"


def pseudonyms(settings: Settings) -> Pseudonyms | None:
    """How users are named in the lake; None where under their own ids."""
    key = settings.privacy.hash_key
    if key is None or not settings.privacy.hash_user_ids:
        return None
    return Pseudonyms(key.get_secret_value().encode())


def _derived(settings: Settings) -> PrivacyKey:
    assert settings.privacy.hash_key is not None
    secret = settings.privacy.hash_key.get_secret_value().encode()
    return PrivacyKey(hashlib.blake2b(secret, digest_size=_KEY_BYTES, person=b"forgotten").digest())


def _known_keys(settings: Settings) -> dict[str, PrivacyKey]:
    found = [_derived(settings)] if settings.privacy.hash_key is not None else []
    if key_file(settings).is_file():
        found.append(PrivacyKey(key_file(settings).read_bytes()))
    return {key.name: key for key in found}


@dataclass(frozen=True)
class Guard:
    """Stands before every write of what sources and files gave.

    Args:
        hashes: by kind, the hash of each forgotten id and the sources that it is forgotten for.
        keys: what the hashes were made with.
        names: hashes users where that is set.
    """

    hashes: Mapping[str, Mapping[str, Collection[str]]]
    keys: Collection[PrivacyKey]
    names: Pseudonyms | None

    @classmethod
    def of(cls, lake: Lake, settings: Settings) -> Guard:
        """The guard as the lake and the settings have it now.

        Raises:
            TrendError: something was forgotten under a key that is no longer there: it could come back unseen.
        """
        rows = lake.read("SELECT kind, id_hash, source, key_id FROM forgotten")
        keys = _known_keys(settings) if rows.height else {}
        lost = set(rows["key_id"]) - set(keys)
        if lost:
            raise TrendError(
                f"the key by which forgotten ids are known ({', '.join(sorted(lost))}) is gone: restore "
                f"{key_file(settings)} or privacy.hash_key, else what was forgotten would come back"
            )
        hashes: dict[str, dict[str, set[str]]] = {"user": {}, "content": {}}
        for kind, hashed, source, _ in rows.iter_rows():
            hashes[kind].setdefault(hashed, set()).add(source)
        return cls(hashes, list(keys.values()), pseudonyms(settings))

    def knows(self, kind: str, source: str, value: str) -> bool:
        """Whether a user's or content's id of a source was forgotten."""
        return self._forgotten(self.hashes[kind], source, value)

    def raw(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of `RAW_EVENTS` as they may be kept, and ``hour``, ``source`` of those that are left out."""
        left_out = frame.select("hour", "source").clear()
        if self._any:
            gone = pl.Series([self._is_gone(*row) for row in self._rows(frame)], dtype=pl.Boolean)
            frame, left_out = frame.filter(~gone), frame.filter(gone).select("hour", "source")
        return (self._hashed(frame) if self.names else frame), left_out

    def rejected(self, frame: pl.DataFrame, formats: Collection[str] = ()) -> pl.DataFrame:
        """Rows of `REJECTED_EVENTS` as they may be kept.

        Args:
            formats: by which other rows of the same origin were read: they tell where ids stand, too.
        """
        if self._any:
            rows = frame.select("raw_data", "format").iter_rows()
            gone = [self._names_gone(raw, formats, format) for raw, format in rows]
            frame = frame.filter(~pl.Series(gone, dtype=pl.Boolean))
        return frame.with_columns(raw_data=pl.lit(WITHHELD)) if self.names and frame.height else frame

    @property
    def _any(self) -> bool:
        return any(self.hashes.values())

    @staticmethod
    def _rows(frame: pl.DataFrame) -> list[tuple[str, str, str | None, str, str]]:
        return frame.select("source", "content_id", "user_id", "format", "raw_data").rows()

    def _is_gone(self, source: str, content_id: str, user_id: str | None, format: str, raw_data: str) -> bool:
        return (
            self.knows("content", source, content_id)
            or (user_id is not None and self.knows("user", source, user_id))
            or any(self.knows(kind, source, value) for kind, value in identifiers(format, raw_data))
        )

    def _names_gone(self, raw_data: str, others: Collection[str], format: str | None) -> bool:
        found = rejected_identifiers(raw_data, others, format)
        return any(self._forgotten(self.hashes[kind], source, value) for source, kind, value in found)

    def _forgotten(self, hashes: Mapping[str, Collection[str]], source: str | None, value: str) -> bool:
        for key in self.keys:
            sources = hashes.get(key.hash(value))
            if sources and (source is None or source in sources or ANY_SOURCE in sources):
                return True
        return False

    def _hashed(self, frame: pl.DataFrame) -> pl.DataFrame:
        rows = [self._hashed_row(*row) for row in self._rows(frame)]
        columns = pl.DataFrame(rows, schema={"content_id": pl.String, "user_id": pl.String, "raw_data": pl.String},
                               orient="row")  # fmt: skip
        hashed = frame.with_columns(columns.get_columns())
        return hashed.with_columns(id=pl.concat_str("source", "event_type", "content_id", separator=":"))

    def _hashed_row(
        self, source: str, content_id: str, user_id: str | None, format: str, raw_data: str
    ) -> tuple[str, str | None, str]:
        assert self.names is not None
        hashed = None if user_id is None else self.names.user(source, user_id)
        if format.startswith("columns:"):
            return content_id, hashed, self.names.row(source, raw_data, user_id, format)
        try:
            payload = self.names.payload(source, raw_data, user_id)
        except Rejected:
            payload = WITHHELD
        return self.names.content(source, content_id), hashed, payload
