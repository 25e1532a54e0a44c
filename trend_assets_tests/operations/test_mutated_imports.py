"""Broken files of every kind: no traceback, and each row that was read is in the lake or counted as left out."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.operations.importing import import_file
from trend_assets.settings import Settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import ArchiveError, read_archive
from trend_assets_tests.sources.archive.mutations import mutated

#: More for a longer search: TREND_FUZZ_FILES=20000, and TREND_FUZZ_FIRST for its first seed.
FILES = int(os.environ.get("TREND_FUZZ_FILES", "60"))
FIRST = int(os.environ.get("TREND_FUZZ_FIRST", "0"))
#: Seeds whose files broke an earlier version.
FAILED: tuple[int, ...] = ()
COLUMNS = (None, ColumnMap.parse("id=id,timestamp=ts,user_id=user,text=text,timezone=UTC"))
_ROWS = """
    SELECT (SELECT count(*) FROM raw_events) AS events, (SELECT count(*) FROM rejected_events) AS rejected
"""


@cache
def sound(folder: Path) -> tuple[bytes, ...]:
    """Small files of every kind, as people have them."""
    return tuple(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def check(lake: Lake, path: Path, columns: ColumnMap | None) -> None:
    """Imports a file twice: what is told adds up, with the file and with the lake."""
    read = payloads = 0
    try:
        for batch in read_archive(path, columns=columns):
            read, payloads = read + batch.rows, payloads + len(batch.payloads)
    except ArchiveError as error:
        assert str(error) and "\n" not in str(error)
    before = lake.read(_ROWS).row(0)
    report = import_file(lake, path, columns, settings=Settings(home=lake.location.home), folder=path.parent)
    after = lake.read(_ROWS).row(0)
    parts = report.parts.values()
    assert sum(part.rows for part in parts) == read
    assert sum(part.new + part.known + part.conflicts for part in parts) == payloads
    assert sum(part.rejected for part in parts) == read - payloads
    assert after[0] - before[0] == sum(part.new for part in parts)
    assert after[1] - before[1] <= sum(part.rejected + part.conflicts for part in parts)
    again = import_file(lake, path, columns, settings=Settings(home=lake.location.home), folder=path.parent)
    assert lake.read(_ROWS).row(0) == after
    assert sum(part.new for part in again.parts.values()) == 0


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(LakeLocation(tmp_path_factory.mktemp("mutated")))


def test_mutated_files(shared_data: Path, home: Path, lake: Lake, tmp_path: Path) -> None:
    files = sound(shared_data / "faults" / "inputs")
    for seed in [*FAILED, *range(FIRST, FIRST + FILES)]:
        path = tmp_path / f"mutated-{seed}"
        path.write_bytes(mutated(seed, files))
        try:
            check(lake, path, COLUMNS[seed % 2])
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        path.unlink()
