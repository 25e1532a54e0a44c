"""Broken files of every kind: no traceback, and each row that was read is in the lake or counted as left out."""

from __future__ import annotations

import io
import os
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.operations.import_report import FileReport
from trend_assets.operations.importing import import_file
from trend_assets.operations.origins import within
from trend_assets.settings import Settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import ArchiveError, Batch, read_archive
from trend_assets_tests.sources.archive.mutations import mutated

#: More for a longer search: TREND_FUZZ_FILES=20000, and TREND_FUZZ_FIRST for its first seed.
FILES = int(os.environ.get("TREND_FUZZ_FILES", "60"))
FIRST = int(os.environ.get("TREND_FUZZ_FIRST", "0"))
COLUMNS = (None, ColumnMap.parse("id=id,timestamp=ts,user_id=user,text=text,timezone=UTC"))
#: A lake's transaction costs as much as reading hundreds of small files: most are imported as members of one archive.
_MEMBERS = 60
_ROWS = """
    SELECT (SELECT count(*) FROM raw_events) AS events, (SELECT count(*) FROM rejected_events) AS rejected
"""


@cache
def sound(folder: Path) -> tuple[bytes, ...]:
    """Small files of every kind, as people have them."""
    return tuple(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def batches(path: Path, columns: ColumnMap | None) -> Iterator[Batch]:
    """What can be read of a file; an error is one line."""
    try:
        yield from read_archive(path, columns=columns)
    except ArchiveError as error:
        assert str(error) and "\n" not in str(error)


def imported(lake: Lake, path: Path, columns: ColumnMap | None) -> FileReport:
    return import_file(lake, path, Settings(home=lake.location.home), columns, folder=path.parent)


def check(lake: Lake, path: Path, columns: ColumnMap | None) -> None:
    """Imports a file twice: what is told adds up, member by member with the file, and in all with the lake."""
    rows: Counter[str] = Counter()
    payloads: Counter[str] = Counter()
    for batch in batches(path, columns):
        rows[within(path.name, batch.member)] += batch.rows
        payloads[within(path.name, batch.member)] += len(batch.payloads)
    before = lake.read(_ROWS).row(0)
    parts = imported(lake, path, columns).parts
    after = lake.read(_ROWS).row(0)
    assert {name: part.rows for name, part in parts.items() if part.rows} == +rows
    for name, part in parts.items():
        assert part.new + part.known + part.conflicts == payloads[name], name
        assert part.rejected == rows[name] - payloads[name], name
    assert after[0] - before[0] == sum(part.new for part in parts.values())
    assert after[1] - before[1] <= sum(part.rejected + part.conflicts for part in parts.values())
    again = imported(lake, path, columns).parts
    assert lake.read(_ROWS).row(0) == after
    assert sum(part.new for part in again.values()) == 0


def packed(path: Path, files: dict[int, bytes]) -> Path:
    """A tar archive of the files, each named by its seed."""
    with tarfile.open(path, "w") as archive:
        for seed, data in files.items():
            member = tarfile.TarInfo(str(seed))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(LakeLocation(tmp_path / "home", threads=1))
    yield lake
    lake.close()


def made(folder: Path, seeds: Sequence[int]) -> dict[int, bytes]:
    return {seed: mutated(seed, sound(folder / "faults" / "inputs")) for seed in seeds}


@pytest.mark.parametrize("first", range(FIRST, FIRST + FILES, _MEMBERS))
def test_mutated_files(shared_data: Path, home: Path, lake: Lake, tmp_path: Path, first: int) -> None:
    files = made(shared_data, range(first, first + _MEMBERS))
    for seed, data in files.items():
        path = tmp_path / f"mutated-{seed}"
        path.write_bytes(data)
        for columns in COLUMNS:
            try:
                assert all(batch.rows or batch.notes or batch.error for batch in batches(path, columns))
            except Exception as error:
                error.add_note(f"seed {seed}")
                raise
    check(lake, packed(tmp_path / "all.tar", files), COLUMNS[first // _MEMBERS % 2])


def test_mutated_files_one_by_one(shared_data: Path, home: Path, lake: Lake, tmp_path: Path) -> None:
    for seed, data in made(shared_data, range(FIRST, FIRST + FILES, max(6, FILES // 50))).items():
        path = tmp_path / f"mutated-{seed}"
        path.write_bytes(data)
        try:
            check(lake, path, COLUMNS[seed % 2])
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
