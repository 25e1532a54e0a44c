"""DuckDB with its extensions, from files that come as wheels; each file's signature is checked once a process."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import duckdb

from trend_assets.lake.location import LakeError

#: Files whose signature DuckDB has found right in this process, as they were then.
_checked: set[tuple[Path, int, int, int]] = set()


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


def connect_with(files: Sequence[Path]) -> duckdb.DuckDBPyConnection:
    """A new DuckDB in memory with these extensions, that refuses any other without a signature.

    To check a signature DuckDB hashes the whole file, a quarter of a second each. A file that this process has
    loaded before and that nobody has touched since is not hashed again.

    Raises:
        duckdb.Error: a file's signature is wrong, or it cannot be loaded.
    """
    states = [_state(file) for file in files]
    known = _checked.issuperset(states)
    config: dict[str, str | bool | int | float | list[str]] = {
        "custom_user_agent": "trend_assets",
        "allow_unsigned_extensions": str(known).lower(),
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        for file in files:
            connection.load_extension(str(file))
        connection.execute("SET allow_unsigned_extensions = false")
    except duckdb.Error:
        connection.close()
        raise
    _checked.update(states)
    return connection


def _state(file: Path) -> tuple[Path, int, int, int]:
    found = file.stat()
    return file, found.st_ino, found.st_size, found.st_mtime_ns
