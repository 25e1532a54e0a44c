"""Reads tar and zip archives, also nested; each member is a file of its own.

Members are read as streams under the names that they have in the archive; nothing is written under a name, so
that absolute names, `..` and links reach nothing on this machine.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from trend_assets.sources.archive.compression import Broken
from trend_assets.sources.archive.unpacking import ArchiveError, ArchiveFile, Budget, ChunkReader, TruncatedArchive
from trend_assets.sources.wire.values import one_line

_ENCRYPTED = 1
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: A zip in a tar in a zip; what is deeper is left.
_DEEPEST = 3
#: What systems add to archives.
_SYSTEM_NAMES = ("__MACOSX/", "._", ".DS_Store", "Thumbs.db", "desktop.ini")
_DAMAGES = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RuntimeError,  # and NotImplementedError: a method of compression that Python lacks
)
#: Marks of Office's files, which are zips: the folder that one has, what it is.
_OFFICE = {b"xl/": "xlsx", b"word/": "docx", b"ppt/": "pptx"}


@dataclass(slots=True)
class Member:
    """A file in an archive.

    Args:
        name: its path in the archive; where archives are nested, their paths joined by `/`.
        file: opened, to be read before the next member is asked for; None where it cannot be.
        error: why it cannot be read.
        note: why there is nothing to be read.
    """

    name: str
    file: ArchiveFile | None = None
    error: str | None = None
    note: str | None = None


def is_tar(head: bytes) -> bool:
    """Whether a file is a tar archive, by the checksum of its first header."""
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError as error:
        return isinstance(error, tarfile.EOFHeaderError)  # type: ignore[attr-defined]
    return True


def zip_kind(file: ArchiveFile) -> str | None:
    """`zip`, `xlsx`, `docx`, `pptx` or `ods`; None for what is no zip file.

    Raises:
        ArchiveError: a zip archive without its end.
    """
    if not file.head.startswith(_ZIP):
        return None
    first = file.head[30 : 30 + int.from_bytes(file.head[26:28], "little")]
    if first == b"mimetype" and b"opendocument" in file.head[:200]:
        return "ods"
    if first.startswith((b"[Content_Types].xml", b"_rels/", b"docProps/", *_OFFICE)):
        return next((kind for folder, kind in _OFFICE.items() if folder in file.head), "zip")
    return "zip"


def members(file: ArchiveFile) -> Iterator[Member]:
    """The members of a tar or zip archive, those of archives in it among them.

    Raises:
        TruncatedArchive: the archive breaks off; what came before has been yielded.
        ArchiveError: it cannot be read at all.
    """
    size = file.path.stat().st_size if file.path else 0
    yield from _members(file, "", Budget(lambda: max(size, file.bytes_read)), 1)


def _members(file: ArchiveFile, folder: str, budget: Budget, depth: int) -> Iterator[Member]:
    skipped: Counter[str] = Counter()
    found = _of_zip(file, skipped) if file.head.startswith(_ZIP) else _of_tar(file, budget, skipped)
    for name, stream, problem in found:
        path = f"{folder}{one_line(name)}"
        if stream is None:
            yield Member(path, error=problem)
        else:
            member = ArchiveFile(stream, f"{file.name}: {one_line(name)}", budget=budget, typed=file.typed)
            yield from _opened(member, path, budget, depth)
        if budget.is_spent:
            raise ArchiveError(f"{file.name} unpacks to more than {Budget.RATIO} times its size: it is not read on")
    for what, count in skipped.items():
        yield Member(folder.rstrip("/"), note=f"{count:,} {what} left out")


def _opened(member: ArchiveFile, path: str, budget: Budget, depth: int) -> Iterator[Member]:
    if not (zip_kind(member) == "zip" or is_tar(member.head)):
        yield Member(path, member)
    elif depth >= _DEEPEST:
        yield Member(path, error=f"{member.name} is an archive within {depth} archives: unpack it first")
    else:
        try:
            yield from _members(member, f"{path}/", budget, depth + 1)
        except ArchiveError as error:
            yield Member(path, error=str(error))


_Found = Iterator[tuple[str, BinaryIO | None, str | None]]


def _of_tar(file: ArchiveFile, budget: Budget, skipped: Counter[str]) -> _Found:
    try:
        with tarfile.open(fileobj=ChunkReader(budget.counted(file.chunks())), mode="r|") as archive:
            for entry in archive:
                if _is_of_system(entry.name):
                    skipped["files that a system added"] += 1
                elif entry.isfile():
                    yield entry.name, _Careful(archive.extractfile(entry)), None  # type: ignore[arg-type, misc]
                elif not entry.isdir():
                    skipped["links and devices"] += 1
    except Broken as broken:
        raise TruncatedArchive(f"{file.name} {broken}") from None
    except _DAMAGES as error:
        raise TruncatedArchive(f"{file.name} is a damaged tar archive: {error}") from None


def _of_zip(file: ArchiveFile, skipped: Counter[str]) -> _Found:
    with file.seekable() as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except _DAMAGES as error:
            raise ArchiveError(f"{file.name} is a damaged zip archive, perhaps cut off: {error}") from None
        with archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                if _is_of_system(entry.filename):
                    skipped["files that a system added"] += 1
                elif stat.S_ISLNK(entry.external_attr >> 16):
                    skipped["links and devices"] += 1
                else:
                    yield entry.filename, *_unzipped(file.name, archive, entry)


def _unzipped(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[BinaryIO | None, str | None]:
    if entry.flag_bits & _ENCRYPTED:
        return None, f"{name}: {entry.filename} is encrypted: unpack it with its password first"
    try:
        return _Careful(archive.open(entry)), None  # type: ignore[return-value]
    except _DAMAGES as error:
        return None, f"{name}: {entry.filename} cannot be unpacked: {error}"


class _Careful(io.RawIOBase):
    """A member's bytes; whatever is said of damage becomes `Broken`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except _DAMAGES:
            raise Broken("is damaged: it does not unpack to its end") from None


def _is_of_system(name: str) -> bool:
    return any(part.startswith(_SYSTEM_NAMES) for part in (name, name.rpartition("/")[2]))
