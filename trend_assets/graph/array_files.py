"""Arrays in the files of a folder: opened at once however long they are, and saved at the cost of what is new.

Files are mapped into memory, so that only what is looked at is read, and what is changed or added stays in this
process until it is saved. Behind an array its file has room to spare, which takes no space on disk.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import xxhash

from trend_assets.graph.growing import GrowingArray

_PIECE = 4 << 20
_LEAST_ROOM = 1 << 16


class DamagedArrays(ValueError):
    """A file is missing, too short, or does not hold what was saved."""


@dataclass(slots=True)
class _File:
    """What is known of an array's file.

    Args:
        name: of the file.
        dtype: of the array, as NumPy spells it.
        shape: of the array.
        digests: XXH3 of each piece of `_PIECE` bytes.
        mapped: the array as it was mapped or saved, by which it is known again.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    digests: list[str]
    mapped: npt.NDArray[Any] | None = field(default=None, repr=False)

    @property
    def bytes(self) -> int:
        return int(np.dtype(self.dtype).itemsize * np.prod(self.shape, dtype=np.int64))


class ArrayFiles:
    """The arrays of a folder, by key.

    Nothing that a saved description names is changed, so that a process killed while it saves leaves the state of
    before: arrays only grow behind their ends, all others get new files. One process at a time may save.

    Args:
        folder: is made when something is saved.
        described: what `describe` gave; by default there are no arrays.
    """

    def __init__(self, folder: Path, described: Mapping[str, Any] | None = None) -> None:
        self._folder = folder
        self._known = {
            key: _File(one["name"], one["dtype"], tuple(one["shape"]), list(one["digests"]))
            for key, one in (described or {}).items()
        }
        self._saved: dict[str, _File] = {}

    def check(self) -> None:
        """Raises DamagedArrays where a file does not hold what was saved; reads all of them."""
        for file in self._known.values():
            try:
                with (self._folder / file.name).open("rb") as opened:
                    found = _digests(opened, 0, file.bytes)
            except OSError as error:
                raise DamagedArrays(f"{self._folder / file.name}: {error.strerror}") from None
            if found != file.digests:
                raise DamagedArrays(f"{self._folder / file.name} does not hold what was saved")

    def growing(self, key: str) -> GrowingArray:
        """An array to which more can be added."""
        return GrowingArray.within(self.roomy(key), self._known[key].shape[0])

    def roomy(self, key: str) -> npt.NDArray[Any]:
        """An array with the room behind it, all zero."""
        file = self._known[key]
        file.mapped = self._mapped(file)
        return file.mapped

    def fixed(self, key: str) -> npt.NDArray[Any]:
        """An array that can be changed in this process; of use for `keep` as long as it is not."""
        file = self._known[key]
        file.mapped = self._mapped(file)[: file.shape[0]]
        return file.mapped

    def _mapped(self, file: _File) -> npt.NDArray[Any]:
        """The array with the room behind it, changes to which stay in this process."""
        dtype = np.dtype(file.dtype)
        row = dtype.itemsize * int(np.prod(file.shape[1:], dtype=np.int64))
        path = self._folder / file.name
        try:
            rows = path.stat().st_size // row if row else file.shape[0]
            if rows < file.shape[0]:
                raise DamagedArrays(f"{path} is too short")
            if not rows * row:
                return np.empty((rows, *file.shape[1:]), dtype)
            return np.asarray(np.memmap(path, dtype, mode="c", shape=(rows, *file.shape[1:])))
        except OSError as error:
            raise DamagedArrays(f"{path}: {error.strerror}") from None

    def grow(self, key: str, array: GrowingArray) -> None:
        """Saves a growing array: only what came since, unless what was there has been changed."""
        values, file = array.array, self._known.get(key)
        if file is None or array.is_changed or not self._goes_on(file, values):
            self.put(key, values)
            return
        start = file.shape[0] * values.strides[0]
        self._write(file.name, values[file.shape[0] :], start)
        # The piece in which it ended before is another one now.
        whole = start // _PIECE
        with (self._folder / file.name).open("rb") as opened:
            digests = file.digests[:whole] + _digests(opened, whole * _PIECE, values.nbytes)
        self._saved[key] = _File(file.name, file.dtype, values.shape, digests, file.mapped)

    def keep(self, key: str, array: npt.NDArray[Any]) -> None:
        """Saves an array that never changes: nothing is written where it is one of the saved ones."""
        for file in self._known.values():
            if file.mapped is array:
                self._saved[key] = file
                return
        self.put(key, array)

    def retain(self, key: str) -> None:
        """Leaves a saved array as it is in its file, whatever became of it in this process."""
        self._saved[key] = self._known[key]

    def put(self, key: str, array: npt.NDArray[Any]) -> None:
        """Saves an array in a new file."""
        numbers = (int(path.name.partition(".")[0]) for path in self._folder.glob("[0-9]*.*"))
        name = f"{max(numbers, default=0) + 1}.{key.rpartition('.')[2].strip('_')}"
        values = np.ascontiguousarray(array)
        self._write(name, values, 0)
        self._saved[key] = _File(name, values.dtype.str, values.shape, _digests_of(values), array)

    def _goes_on(self, file: _File, values: npt.NDArray[Any]) -> bool:
        return file.mapped is not None and (file.dtype, file.shape[1:]) == (values.dtype.str, values.shape[1:])

    def _write(self, name: str, values: npt.NDArray[Any], start: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "r+b") as file:
            file.seek(start)
            file.write(_bytes(np.ascontiguousarray(values)))
            end = start + values.nbytes
            if os.fstat(descriptor).st_size < end + _LEAST_ROOM:
                # A hole, whole rows long.
                row = max(values.strides[0] if values.ndim else values.itemsize, 1)
                file.truncate(max(end + max(end // 2, _LEAST_ROOM) // row * row, end))

    def describe(self) -> dict[str, Any]:
        """What was saved since this was made, as JSON values, for `ArrayFiles`."""
        return {
            key: {"name": file.name, "dtype": file.dtype, "shape": list(file.shape), "digests": file.digests}
            for key, file in self._saved.items()
        }

    def commit(self) -> None:
        """To be told that the description is on disk: what it does not name goes."""
        names = {file.name for file in self._saved.values()}
        for path in self._folder.glob("[0-9]*.*"):
            if path.name not in names:
                path.unlink(missing_ok=True)
        self._known, self._saved = self._saved, {}


def _digests(file: BinaryIO, start: int, end: int) -> list[str]:
    """Of the pieces of a file, the first of which begins at `start`."""
    file.seek(start)
    return [_digest(file.read(min(_PIECE, end - piece))) for piece in range(start, end, _PIECE)]


def _digests_of(values: npt.NDArray[Any]) -> list[str]:
    data = _bytes(values)
    return [_digest(data[piece : piece + _PIECE]) for piece in range(0, len(data), _PIECE)]


def _digest(piece: bytes | memoryview) -> str:
    return xxhash.xxh3_128_hexdigest(piece)


def _bytes(values: npt.NDArray[Any]) -> memoryview:
    return memoryview(values.data).cast("B") if values.size else memoryview(b"")
