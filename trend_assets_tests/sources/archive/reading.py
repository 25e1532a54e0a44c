"""What the tests of archives share: files made in the test, and all that reading one gives."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import orjson
import zstandard

from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import ArchiveError, Batch, read_archive
from trend_assets.sources.event import Payload
from trend_assets.sources.registry import Rejection

COLUMNS = ColumnMap.parse("id=id,timestamp=when,text=body,timezone=UTC")
PACK = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def tweet(number: int, **changes) -> dict:
    return {
        "created_at": "Wed Jan 01 00:00:48 +0000 2014",
        "id_str": str(number),
        "text": f"tweet {number}",
        "entities": {"hashtags": []},
        **changes,
    }


def tweets(count: int) -> bytes:
    return b"".join(orjson.dumps(tweet(n)) + b"\n" for n in range(1, count + 1))


def write(folder: Path, data: bytes, name: str = "file.bin") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


class Read:
    """All that a file gives, and the error that it ends with."""

    def __init__(self, path: Path, columns: ColumnMap | None = None, batch_rows: int = 100) -> None:
        self.payloads: list[Payload] = []
        self.rejections: list[Rejection] = []
        self.error: ArchiveError | None = None
        self.progress: list[int] = []
        self.batches: list[Batch] = []
        try:
            for batch in read_archive(path, columns=columns, batch_rows=batch_rows):
                assert batch.rows or batch.notes or batch.error
                self.batches.append(batch)
                self.payloads += batch.payloads
                self.rejections += batch.rejections
                self.progress.append(batch.bytes_read)
        except ArchiveError as error:
            self.error = error

    @property
    def ids(self) -> list[str]:
        return [payload.event.content_id for payload in self.payloads]

    @property
    def texts(self) -> list[str]:
        return [payload.event.text for payload in self.payloads]

    @property
    def notes(self) -> list[str]:
        return [note for batch in self.batches for note in batch.notes]

    @property
    def lines(self) -> list[int | None]:
        return [rejection.line for rejection in self.rejections]

    @property
    def reasons(self) -> list[str]:
        return [rejection.reason for rejection in self.rejections]
