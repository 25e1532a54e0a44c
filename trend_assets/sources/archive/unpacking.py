"""Opens a file as a decompressed stream, and its text as lines."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from trend_assets.sources.archive import lines
from trend_assets.sources.archive.compression import CHUNK, Broken, unpacked
from trend_assets.sources.archive.encodings import as_utf8, wide
from trend_assets.sources.archive.lines import Line, Splitter
from trend_assets.sources.wire.values import one_line

#: How much is looked at to tell what a file is.
_HEAD = 1 << 20
_UTF8_BOM = b"\xef\xbb\xbf"
#: A file that must be read at any place is kept in memory up to this size, else in a temporary file.
_IN_MEMORY = 32 << 20
_STANDARD_INPUT = "-"


class ArchiveError(Exception):
    """A file that gives no event; the message is one plain sentence on one line."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class NoFile(ArchiveError):
    """There is no file of that name."""


class TruncatedArchive(ArchiveError):
    """A file that breaks off: what came before has been read."""


class NoPosts(ArchiveError):
    """A file that holds no posts of any kind, as a picture or a letter; in an archive such files are no error."""


class Budget:
    """How much a container may unpack to: a little file that unpacks to terabytes is an attack.

    Args:
        packed: says the container's size in bytes, as far as it is known.
    """

    FREE = 1 << 30
    RATIO = 500

    def __init__(self, packed: Callable[[], int]) -> None:
        self._packed = packed
        self._spent = 0

    @property
    def is_spent(self) -> bool:
        """Whether more came out than a container of that size may hold."""
        return self._spent > self.FREE and self._spent > self.RATIO * self._packed()

    def counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks.

        Raises:
            Broken: while they are taken: there are more than may be.
        """
        for chunk in chunks:
            self._spent += len(chunk)
            if self.is_spent:
                raise Broken(f"unpacks to more than {self.RATIO} times its size, as no file of posts does")
            yield chunk


class ArchiveFile:
    """A file, or a member of one, opened to be read once, front to back; memory does not grow with it.

    Args:
        stream: its bytes; only `read` is asked of it.
        name: for messages.
        path: where it lies, if it is a regular file.
        budget: bounds what may be unpacked.
        typed: what to type for it in a command.

    Attributes:
        compression: `gzip`, `zstd`, `bzip2`, `xz`, one within another, or None for a plain file.
        head: the first unpacked bytes.
        is_whole: whether `head` is all there is.
        is_member: whether it is a member of an archive.
        notes: what was assumed about the file, in words for its owner.
    """

    def __init__(
        self, stream: BinaryIO, name: str, path: Path | None = None, budget: Budget | None = None, typed: str = ""
    ) -> None:
        self.name, self.path, self.typed = name, path, typed or name
        self.notes: list[str] = []
        self.is_member = budget is not None
        self.bytes_read = 0
        self._stream = stream
        self.compression, chunks = unpacked(self._packed())
        self._chunks = chunks if budget is None else budget.counted(chunks)
        self._broken: Broken | None = None
        self.is_whole = False
        self.head = self._read_head()

    def __enter__(self) -> ArchiveFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not sys.stdin.buffer:
            self._stream.close()

    def _packed(self) -> Iterator[bytes]:
        try:
            while chunk := self._stream.read(CHUNK):
                self.bytes_read += len(chunk)
                yield chunk
        except OSError as error:
            raise Broken(f"cannot be read on ({error.strerror or error})") from None

    def _read_head(self) -> bytes:
        head = bytearray()
        most = _HEAD
        try:
            for chunk in self._chunks:
                head += chunk
                if len(head) >= most:
                    # A page of a platform is one line, told apart as a whole.
                    is_page = head[:64].lstrip(_UTF8_BOM + b" \t\r\n").startswith(b"{") and b"\n" not in head
                    if not is_page or len(head) >= lines.MAX_LINE_BYTES:
                        break
                    most = 2 * len(head)
            else:
                self.is_whole = True
        except Broken as broken:
            self._broken = broken
        return bytes(head)

    def check(self) -> None:
        """Raises TruncatedArchive where not even the head could be read to its end."""
        if self._broken is not None:
            raise TruncatedArchive(f"{self.name} {self._broken}")

    def chunks(self) -> Iterator[bytes]:
        """Unpacked chunks from the first byte on.

        Raises:
            Broken: the stream breaks off.
        """
        yield self.head
        if self._broken is not None:
            raise self._broken
        yield from self._chunks

    @cached_property
    def _codec(self) -> str | None:
        codec = wide(self.head)
        if codec is not None:
            self.notes.append(f"read as {codec[:6].upper()}")
        return codec

    @cached_property
    def _ends_in_cr(self) -> bool:
        """Whether lines end in a carriage return alone, as on the Macs of old; in cells there may be line feeds."""
        head = self._decoded_head
        first = head.find(b"\r")
        return (
            0 <= first < len(head) - 1
            and head[first + 1 : first + 2] != b"\n"
            and b"\n" not in head[:first]
            and head.count(b'"', 0, first) % 2 == 0
        )

    @cached_property
    def _decoded_head(self) -> bytes:
        head = self.head if self._codec is None else b"".join(as_utf8(iter([self.head]), self._codec))
        return head.removeprefix(_UTF8_BOM)

    @cached_property
    def text_head(self) -> bytes:
        """The head of the text, as `text` gives it."""
        return self._decoded_head.replace(b"\r", b"\r\n") if self._ends_in_cr else self._decoded_head

    def text(self) -> Iterator[bytes]:
        """Chunks of the text: as it is, but UTF-16 as UTF-8, without a byte order mark, its lines ending in a feed.

        Raises:
            Broken: the stream breaks off.
        """
        if self._codec is None and not self._ends_in_cr:
            chunks = self.chunks()
            next(chunks)
            yield self.text_head
            yield from chunks
            return
        chunks = self.chunks() if self._codec is None else as_utf8(self.chunks(), self._codec)
        is_first = True
        for chunk in chunks:
            chunk = chunk.removeprefix(_UTF8_BOM) if is_first else chunk
            is_first = False
            yield chunk.replace(b"\r", b"\r\n") if self._ends_in_cr else chunk

    def lines(self, *, blank: bool = False) -> Iterator[Line]:
        """Lines of the text.

        Args:
            blank: whether lines of white space are given too.

        Yields:
            Lines; one that is longer than `MAX_LINE_BYTES`, or that the file breaks off in, with a
            `problem` and what there is of it.

        Raises:
            TruncatedArchive: the stream breaks off, saying at which row.
        """
        splitter = Splitter(blank, self._ends_in_cr)
        try:
            for chunk in self.text():
                yield from splitter.feed(chunk)
        except Broken as broken:
            yield from splitter.finish("the file breaks off in this row")
            raise TruncatedArchive(f"{self.name} {broken}, at row {splitter.broke_at}") from None
        yield from splitter.finish(None)

    def head_lines(self) -> Iterator[Line]:
        """Lines of the head, blank ones too; the last one may be cut where the head is not all there is."""
        splitter = Splitter(True, self._ends_in_cr)
        yield from splitter.feed(self.text_head)
        yield from splitter.finish(None)

    def seekable(self) -> BinaryIO:
        """The unpacked bytes as a file to be read at any place: itself, or a temporary one without a name.

        Raises:
            TruncatedArchive: the stream breaks off.
        """
        if self.path is not None and self.compression is None:
            return open_bytes(self.path)
        kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
        try:
            for chunk in self.chunks():
                kept.write(chunk)
        except Broken as broken:
            kept.close()
            raise TruncatedArchive(f"{self.name} {broken}") from None
        except OSError as error:
            kept.close()
            raise ArchiveError(f"{self.name} cannot be unpacked to {tempfile.gettempdir()}: {error.strerror}") from None
        kept.seek(0)
        return kept  # type: ignore[return-value]


class ChunkReader(io.RawIOBase):
    """Chunks as a file that is read front to back."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self._broken: Broken | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer only at the end.

        Raises:
            Broken: the stream breaks off; at every call from then on.
        """
        parts: list[bytes] = []
        while size > 0:
            part = self._rest or self._next()
            if not part:
                break
            parts.append(part[:size])
            self._rest = part[size:]
            size -= len(parts[-1])
        return b"".join(parts)

    def _next(self) -> bytes:
        if self._broken is not None:
            raise self._broken
        try:
            return next(self._chunks, b"")
        except Broken as broken:
            self._broken = broken
            raise


def open_archive(path: Path, typed: str | None = None) -> ArchiveFile:
    """A file, a pipe, or the standard input (`-`).

    Raises:
        ArchiveError: missing, a directory, not readable.
    """
    if str(path) == _STANDARD_INPUT:
        return ArchiveFile(sys.stdin.buffer, "the standard input", typed=_STANDARD_INPUT)
    if path.is_dir():
        raise NoFile(f"{path} is a directory, not a file")
    return ArchiveFile(open_bytes(path), path.name, path if path.is_file() else None, typed=typed or str(path))


def open_bytes(path: Path) -> BinaryIO:
    """Opens a file to be read.

    Raises:
        ArchiveError: missing, or not readable.
    """
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise NoFile(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
