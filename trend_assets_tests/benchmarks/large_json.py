"""Memory and speed of reading one large JSON file of each layout.

A process of its own writes the file, reads it and deletes it; what is told is how much its memory grew while it read.

    python -m trend_assets_tests.benchmarks.large_json --megabytes 2000
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path

import orjson

from trend_assets.sources.archive.files import read_archive

_BLOCK = 2_000
_PRETTY = orjson.OPT_INDENT_2


def _tweet(number: int) -> dict[str, object]:
    return {
        "id_str": str(number + 1),
        "created_at": "Wed Jan 01 00:00:48 +0000 2014",
        "text": f"tweet {number} of a large file #json",
        "user": {"id_str": str(number % 1_000), "screen_name": "somebody", "description": "words " * 500},
        "entities": {"hashtags": [{"text": "json", "indices": [31, 36]}], "symbols": [], "urls": []},
    }


def _separated(first: bytes, between: bytes, last: bytes, option: int = 0) -> Callable[[int], Iterator[bytes]]:
    def chunks(count: int) -> Iterator[bytes]:
        separators = chain([first], repeat(between))
        for begin in range(0, count, _BLOCK):
            rows = (orjson.dumps(_tweet(number), option=option) for number in range(begin, min(begin + _BLOCK, count)))
            yield b"".join(part for row in rows for part in (next(separators), row))
        yield last

    return chunks


LAYOUTS = {
    "a row a line": _separated(b"", b"\n", b"\n"),
    "an array in one line": _separated(b"[", b",", b"]"),
    "an array, a row a line": _separated(b"[\n", b",\n", b"\n]\n"),
    "an array, comma first": _separated(b"[", b"\n,", b"\n]"),
    "an array, pretty-printed": _separated(b"[\n  ", b",\n  ", b"\n]\n", _PRETTY),
    "rows below a key": _separated(b'{"statuses": [', b",\n", b'], "search_metadata": {"count": 1}}'),
    "documents in a row": _separated(b"", b"\n", b"\n", _PRETTY),
}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(layout: str, folder: Path, size: int) -> None:
    """Prints what reading `size` bytes in a layout costs."""
    path = folder / "large.json"
    row = len(b"".join(LAYOUTS[layout](_BLOCK))) // _BLOCK
    with path.open("wb") as file:
        file.writelines(LAYOUTS[layout](size // row))
    small = folder / "small.json"
    with small.open("wb") as file:
        file.writelines(LAYOUTS[layout](_BLOCK))
    list(read_archive(small))
    before, started = _peak(), time.process_time()
    events = sum(len(batch.payloads) for batch in read_archive(path))
    seconds = time.process_time() - started
    assert events == size // row
    written = path.stat().st_size
    print(
        f"{layout:<26} {written / 1e6:7,.0f} MB {events:10,} events {seconds:7.1f} s CPU "
        f"{written / seconds / 1e6:6.1f} MB/s  memory +{(_peak() - before) / 1e6:5.1f} MB",
        flush=True,
    )
    path.unlink()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--megabytes", type=int, default=200, help="size of each file")
    arguments.add_argument("--only", nargs="*", default=list(LAYOUTS), help="layouts")
    asked = arguments.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for layout in asked.only:
            process = context.Process(target=measure, args=(layout, Path(folder), asked.megabytes * 10**6))
            process.start()
            process.join()
            if process.exitcode:
                raise SystemExit(f"{layout}: see above")


if __name__ == "__main__":
    main()
