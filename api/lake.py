"""The API's hold on the lake: read-only, opened when first asked, opened again when it was lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Annotated, Any

import duckdb
import polars as pl
from fastapi import Depends

from trend_assets.lake.connection import LakeError, lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import load_settings


class LakeReader:
    """Reads for many threads over one connection; a lost lake is opened again by the next read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lake: Lake | None = None

    def read(self, query: str, parameters: Sequence[Any] = ()) -> pl.DataFrame:
        """The answer to a query.

        Raises:
            LakeError: there is no lake yet, or it cannot be read now.
        """
        lake = self._open()
        try:
            return lake.read(query, list(parameters))
        except duckdb.Error as error:
            self.close()
            raise LakeError(f"the lake cannot be read now: {str(error).splitlines()[0]}") from None

    def snapshot(self) -> int:
        """The lake's newest snapshot."""
        return int(self.read("SELECT id FROM lake.current_snapshot()")["id"][0])

    def _open(self) -> Lake:
        with self._lock:
            if self._lake is None:
                self._lake = Lake(lake_location(load_settings()), read_only=True)
            return self._lake

    def close(self) -> None:
        with self._lock:
            if self._lake is not None:
                self._lake.close()
                self._lake = None


reader = LakeReader()


def lake_reader() -> LakeReader:
    """The process's reader, for FastAPI's dependencies."""
    return reader


Reader = Annotated[LakeReader, Depends(lake_reader)]
