"""A file's bytes, unpacked as they are read, and its lines."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import zstandard

from trend_assets.sources.wire.values import one_line

#: Compressed bytes taken at a time; also bounds what one step can unpack to.
_CHUNK = 1 << 16
#: A longer line is no row of anything that we read; its first part is kept.
MAX_LINE_BYTES = 64 << 20
_KEPT_OF_OVERLONG = 64 << 10
#: How much is looked at to tell what a file is.
_HEAD = 1 << 20

#: Reddit's dumps and other large archives are packed with `zstd --long=31`.
_LONG_RANGE = zstandard.ZstdDecompressor(max_window_size=1 << 31)

_UTF8_BOM = b"\xef\xbb\xbf"


class ArchiveError(Exception):
    """A file that gives no event; the message is one plain sentence on one line."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class TruncatedArchive(ArchiveError):
    """A file that breaks off: what came before has been read."""


class _Broken(Exception):
    """The compressed stream ends early or does not unpack."""


@dataclass(frozen=True, slots=True)
class _Compression:
    name: str
    magic: bytes
    new: Callable[[], Any]


_COMPRESSIONS = (
    _Compression("gzip", b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    _Compression("zstd", b"\x28\xb5\x2f\xfd", lambda: _LONG_RANGE.decompressobj()),
    _Compression("bzip2", b"BZh", bz2.BZ2Decompressor),
    _Compression("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)
_UNPACK_ERRORS = (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, its bytes without the line's end, and what is wrong with it."""

    number: int
    data: bytes
    problem: str | None = None


class ArchiveFile:
    """A file opened to be read once, front to back; memory does not grow with it.

    Attributes:
        head: the first unpacked bytes, at least one line of them where there is one.
        is_whole: whether `head` is all there is.

    Raises:
        ArchiveError: missing, a directory, not readable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        magic = self._file.peek(8)[:8]  # type: ignore[attr-defined]
        self._compression = next((c for c in _COMPRESSIONS if magic.startswith(c.magic)), None)
        self._chunks = self._unpacked()
        self._broken: _Broken | None = None
        self.is_whole = False
        self.head = self._read_head()

    def __enter__(self) -> ArchiveFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it is on disk, that were consumed so far."""
        return self._file.tell()

    @property
    def compression(self) -> str | None:
        """`gzip`, `zstd`, `bzip2`, `xz`, or None for a plain file."""
        return self._compression.name if self._compression else None

    def _read_head(self) -> bytes:
        head = bytearray()
        try:
            for chunk in self._chunks:
                head += chunk
                if (len(head) >= _HEAD and b"\n" in head) or len(head) >= MAX_LINE_BYTES:
                    break
            else:
                self.is_whole = True
        except _Broken as broken:
            self._broken = broken
        return bytes(head).removeprefix(_UTF8_BOM)

    def _unpacked(self) -> Iterator[bytes]:
        try:
            if self._compression is None:
                while chunk := self._file.read(_CHUNK):
                    yield chunk
            else:
                yield from _members(self._file, self._compression)
        except OSError as error:
            raise _Broken(f"cannot be read on ({error.strerror or error})") from None

    def rest(self) -> Iterator[bytes]:
        """Unpacked chunks from the first byte on (the head included).

        Raises:
            TruncatedArchive: the stream breaks off; said without a row, which `lines` knows.
        """
        try:
            yield from self._from_head()
        except _Broken as broken:
            raise TruncatedArchive(f"{self.path.name} {broken}") from None

    def _from_head(self) -> Iterator[bytes]:
        yield self.head
        if self._broken is not None:
            raise self._broken
        yield from self._chunks

    def lines(self) -> Iterator[Line]:
        """Lines that are not blank.

        Yields:
            Lines; one that is longer than `MAX_LINE_BYTES`, or that the file breaks off in, with a
            `problem` and what there is of it.

        Raises:
            TruncatedArchive: the compressed stream breaks off, saying at which row.
        """
        splitter = _Splitter()
        try:
            for chunk in self._from_head():
                yield from splitter.feed(chunk)
        except _Broken as broken:
            yield from splitter.finish("the file breaks off in this row")
            raise TruncatedArchive(f"{self.path.name} {broken}, at row {splitter.broke_at}") from None
        yield from splitter.finish(None)


class _Splitter:
    """Chunks to lines, numbered, with a bound on the length of one."""

    def __init__(self) -> None:
        self._number = 0
        self._pending = bytearray()
        self._is_overlong = False
        self.broke_at = 1

    def feed(self, chunk: bytes) -> Iterator[Line]:
        first, *others = chunk.split(b"\n")
        self._extend(first)
        for part in others:
            yield from self._take(None)
            self._extend(part)

    def finish(self, problem: str | None) -> Iterator[Line]:
        self.broke_at = self._number + 1
        if self._pending:
            yield from self._take(problem)

    def _extend(self, part: bytes) -> None:
        if self._is_overlong:
            return
        self._pending += part
        if len(self._pending) > MAX_LINE_BYTES:
            self._is_overlong = True
            del self._pending[_KEPT_OF_OVERLONG:]

    def _take(self, problem: str | None) -> Iterator[Line]:
        self._number += 1
        data, self._pending = bytes(self._pending), bytearray()
        if self._is_overlong:
            self._is_overlong = False
            problem = f"a line longer than {MAX_LINE_BYTES >> 20} MiB, of which the first part is kept"
        if data.strip():
            yield Line(self._number, data.rstrip(b"\r"), problem)


def _open(path: Path) -> BinaryIO:
    if path.is_dir():
        raise ArchiveError(f"{path} is a directory, not a file")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise ArchiveError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _members(file: BinaryIO, compression: _Compression) -> Iterator[bytes]:
    """The unpacked content of a file of one or more compressed members (`cat a.gz b.gz`)."""
    member = compression.new()
    is_inside = False
    while chunk := file.read(_CHUNK):
        while chunk:
            try:
                unpacked = member.decompress(chunk)
            except _UNPACK_ERRORS:
                raise _Broken(f"is damaged: its {compression.name} stream does not unpack") from None
            if unpacked:
                yield unpacked
            is_inside = not member.eof
            chunk = b"" if is_inside else _after_padding(member.unused_data)
            if member.eof:
                member = compression.new()
    if is_inside:
        raise _Broken(f"is truncated: its {compression.name} stream breaks off")


def _after_padding(data: bytes) -> bytes:
    """What follows a member: tapes and some tools fill the end with zeros."""
    return data.lstrip(b"\x00")
