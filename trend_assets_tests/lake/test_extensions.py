"""DuckDB's extensions: a signature is checked once a process, and again for a file that was touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from trend_assets.lake.extensions import connect_with, extension_file

SCANNER = "SELECT loaded FROM duckdb_extensions() WHERE extension_name = 'sqlite_scanner'"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of one, that a test may damage."""
    return Path(shutil.copy2(extension_file("sqlite_scanner"), tmp_path))


def damage(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(1_000_000)
        byte = opened.read(1)
        opened.seek(-1, os.SEEK_CUR)
        opened.write(bytes([byte[0] ^ 1]))


def test_it_loads_as_often_as_it_is_asked_for(file: Path) -> None:
    for _ in range(2):
        with connect_with([file]) as connection:
            assert connection.execute(SCANNER).fetchone() == (True,)


@pytest.mark.parametrize("loaded_before", [False, True])
def test_a_damaged_file_is_refused_although_it_was_whole_before(file: Path, loaded_before: bool) -> None:
    if loaded_before:
        connect_with([file]).close()
    damage(file)
    for _ in range(2):
        with pytest.raises(duckdb.IOException, match="signature is either missing or invalid"):
            connect_with([file])


def test_beside_one_that_is_known_another_is_checked(file: Path) -> None:
    whole = extension_file("ducklake")
    connect_with([whole]).close()
    damage(file)
    with pytest.raises(duckdb.IOException, match="signature is either missing or invalid"):
        connect_with([whole, file])


def test_no_other_without_a_signature_can_be_loaded_later(file: Path) -> None:
    whole = extension_file("ducklake")
    damage(file)
    for _ in range(2):
        with connect_with([whole]) as connection:
            with pytest.raises(duckdb.IOException, match="signature is either missing or invalid"):
                connection.load_extension(str(file))
            with pytest.raises(duckdb.Error, match="Cannot change allow_unsigned_extensions"):
                connection.execute("SET allow_unsigned_extensions = true")
