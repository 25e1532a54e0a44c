"""How long `trend forget` takes on a large lake, and that nothing of the person is found in its files after it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import polars as pl

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.maintenance import lake_size
from trend_assets.lake.store import Lake
from trend_assets.operations.privacy.forgetting import forget
from trend_assets.operations.privacy.traces import Subject
from trend_assets.settings import Settings
from trend_assets_tests.benchmarks.synthetic_lake import END, make_lake

_DAY = timedelta(days=1)
_USER = "u31415"
_EDGES = """
    INSERT INTO temporal_edges BY NAME
    SELECT hour, timestamp, id AS event_id, (hash(user_id) >> 1)::BIGINT AS src, (hash(id) >> 1)::BIGINT AS dst,
           event_type AS edge_type, edge_weight AS weight
    FROM events WHERE hour >= $start AND hour < $end ORDER BY timestamp
"""
# Vectors of noise do not compress, as those of a text model do not.
_VECTORS = """
    INSERT INTO event_embeddings BY NAME
    SELECT id, hour, md5(text) AS text_hash, 'made' AS model,
           list_transform(range($width), n -> ((hash(id, n) % 2000001) / 1000000.0 - 1)::FLOAT) AS embedding
    FROM events WHERE hour >= $start AND hour < $end ORDER BY timestamp
"""


def add_edges_and_vectors(home: Path, days: int, width: int) -> None:
    lake = Lake(LakeLocation(home))
    for index in range(days):
        span = {"start": END - (days - index) * _DAY, "end": END - (days - index - 1) * _DAY}
        with lake.transaction() as connection:
            connection.execute(_EDGES, span)
            if width:
                connection.execute(_VECTORS, {**span, "width": width})
    lake.close()


def files_with(folder: Path, word: str) -> list[str]:
    """Files that hold the word, Parquet unpacked."""
    found = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            frame = pl.scan_parquet(path).select(pl.col(pl.String)).collect()
            hit = any(frame[name].str.contains(rf"\b{word}\b").any() for name in frame.columns)
        else:
            # From another process: to close a SQLite file undoes the locks of whoever has it open in this one.
            hit = path.is_file() and subprocess.run(["grep", "-qa", word, path]).returncode == 0
        found += [str(path.relative_to(folder))] if hit else []
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--width", type=int, default=384, help="of the embeddings; 0 for none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_lake(home, options.events, options.days)
        add_edges_and_vectors(home, options.days, options.width)
        lake = Lake(LakeLocation(home))
        before, found_before = lake_size(lake), len(files_with(home, _USER))
        began = time.process_time()
        forgotten = forget(lake, Settings(home=home), Subject("user", _USER))
        cpu = time.process_time() - began
        figures = {
            "events": options.events,
            "lake_mb": round(before.bytes / 1e6),
            "files": before.files,
            "files_with_the_person": found_before,
            "removed": forgotten.removed,
            "seconds": round(forgotten.seconds, 1),
            "cpu_seconds": round(cpu, 1),
            "files_with_the_person_afterwards": files_with(home, _USER),
            "files_afterwards": lake_size(lake).files,
            "load_average": os.getloadavg()[0],
        }
        lake.close()
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
