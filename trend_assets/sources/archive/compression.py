"""Streaming decompression: gzip, zstd, bzip2 and xz, also nested."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import zstandard

#: Compressed bytes taken at a time; also bounds what one step can unpack to.
CHUNK = 1 << 16
#: Of zstd: its blocks unpack to more than thirty thousand times their size at most.
_ZSTD_STEP = 1 << 12
#: A download may come packed once more (`posts.jsonl.gz.gz`).
_MOST_LAYERS = 3
#: Reddit's dumps and other large archives are packed with `zstd --long=31`.
_LONG_RANGE = zstandard.ZstdDecompressor(max_window_size=1 << 31)


class Broken(Exception):
    """The bytes end early or do not unpack; the message goes on from the file's name."""


class _Zlib:
    """A gzip member, unpacked a little at a time: what comes before damage is given, and memory has a bound."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        unpacked = b""
        while chunk or len(unpacked) == CHUNK:
            unpacked = self._inner.decompress(chunk, CHUNK)
            yield unpacked
            chunk = self._inner.unconsumed_tail

    def rest(self) -> bytes | None:
        """What follows the member; None while it goes on."""
        return self._inner.unused_data if self._inner.eof else None


class _Buffered:
    """The same of bzip2 and xz."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield self._inner.decompress(chunk, CHUNK)
        while not self._inner.eof and not self._inner.needs_input:
            yield self._inner.decompress(b"", CHUNK)

    def rest(self) -> bytes | None:
        return self._inner.unused_data if self._inner.eof else None


class _Zstd:
    """The same of zstd, whose steps are bounded by what goes in."""

    def __init__(self) -> None:
        self._inner = _LONG_RANGE.decompressobj()
        self._behind = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        for start in range(0, len(chunk), _ZSTD_STEP):
            yield self._inner.decompress(chunk[start : start + _ZSTD_STEP])
            if self._inner.eof:
                self._behind = chunk[start + _ZSTD_STEP :]
                return

    def rest(self) -> bytes | None:
        return self._inner.unused_data + self._behind if self._inner.eof else None


@dataclass(frozen=True, slots=True)
class _Compression:
    name: str
    magics: tuple[bytes, ...]
    new: Callable[[], _Zlib | _Buffered | _Zstd]


_COMPRESSIONS = (
    _Compression("gzip", (b"\x1f\x8b",), _Zlib),
    # A frame to be skipped comes first in what pzstd writes.
    _Compression("zstd", (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16))), _Zstd),
    _Compression(
        "bzip2",
        tuple(b"BZh%d" % level + block for level in range(1, 10) for block in (b"1AY&SY", b"\x17rE8P\x90")),
        lambda: _Buffered(bz2.BZ2Decompressor()),
    ),
    _Compression(
        "xz",
        (b"\xfd7zXZ\x00", b"\x5d\x00\x00\x80\x00", b"\x5d\x00\x00\x00\x04"),
        lambda: _Buffered(lzma.LZMADecompressor()),
    ),
)
_LONGEST_MAGIC = 10
_UNPACK_ERRORS = (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)


def unpacked(chunks: Iterator[bytes]) -> tuple[str | None, Iterator[bytes]]:
    """What packs the bytes, by name, and the bytes without it.

    Yields:
        Chunks, none of which is empty.

    Raises:
        Broken: while the chunks are taken: the stream ends early or does not unpack.
    """
    names = []
    for _ in range(_MOST_LAYERS):
        magic, chunks = _peeked(chunks)
        compression = next((c for c in _COMPRESSIONS if magic.startswith(c.magics)), None)
        if compression is None:
            break
        names.append(compression.name)
        chunks = _members(chunks, compression)
    return " within ".join(reversed(names)) or None, chunks


def _peeked(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    taken: list[bytes] = []
    try:
        while sum(map(len, taken)) < _LONGEST_MAGIC:
            taken.append(next(chunks))
    except StopIteration:
        return b"".join(taken), iter(taken)
    except Broken as broken:
        return b"".join(taken), _then(taken, broken)
    return b"".join(taken), chain(taken, chunks)


def _then(chunks: list[bytes], broken: Broken) -> Iterator[bytes]:
    yield from chunks
    raise broken


def _members(chunks: Iterator[bytes], compression: _Compression) -> Iterator[bytes]:
    """The unpacked content of one or more compressed members (`cat a.gz b.gz`)."""
    member = compression.new()
    is_inside = False
    for chunk in chunks:
        while chunk:
            try:
                for unpacked in member.feed(chunk):
                    if unpacked:
                        yield unpacked
            except _UNPACK_ERRORS:
                raise Broken(f"is damaged: its {compression.name} stream does not unpack") from None
            rest = member.rest()
            is_inside = rest is None
            chunk = _after_padding(rest or b"")
            if not is_inside:
                member = compression.new()
    if is_inside:
        raise Broken(f"is truncated: its {compression.name} stream breaks off")


def _after_padding(data: bytes) -> bytes:
    """What follows a member: tapes and some tools fill the end with zeros."""
    return data.lstrip(b"\x00")
