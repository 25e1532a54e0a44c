"""Posts a second of one core that each stage takes in, at several sizes of what came before.

    python -m trend_assets_tests.benchmarks.stages [--posts 100000 1000000] [--posts-a-day 240000]

Made-up posts (12 words of 50,000, two tags; a hundredth are copies) are written as CSV, imported, and taken hour by
hour through the stages as the assets do it, lake included. A stage's seconds are this process' CPU time; the last hours
tell whether it grows with what came before. Embeddings, phrases and forecasts have benchmarks of their own.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from trend_assets.enrichment.activity import topic_activity
from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.enrichment.spam.scorer import SpamScorer
from trend_assets.enrichment.spam.text_model import SHIPPED, load
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NEAR_COPIES, RAW_EVENTS, TEMPORAL_EDGES, TOPIC_ACTIVITY, TOPIC_PHRASES
from trend_assets.operations.copying import find_copies
from trend_assets.operations.importing import import_file
from trend_assets.settings import Settings
from trend_assets.sources.archive.column_map import ColumnMap

_START = datetime(2026, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_COLUMNS = ColumnMap.parse("id=id,timestamp=time,user_id=user,text=text,hashtags=tags")
#: Of the hours, the share at the end that is told apart.
_LAST = 0.2
T = TypeVar("T")


def made_up(count: int, a_day: int) -> pl.DataFrame:
    """Posts in order of time."""
    random = np.random.default_rng(7)
    words = np.array([f"word{number:x}" for number in range(50_000)])
    texts = [" ".join(row) for row in words[np.minimum(random.zipf(1.2, (count, 12)), len(words)) - 1]]
    copied = random.integers(0, count, count // 100)
    for place in copied.tolist():
        texts[place] = texts[copied[0]]
    tags = np.minimum(random.zipf(1.3, (count, 2)), 20_000)
    return pl.DataFrame(
        {
            "id": np.arange(count),
            "time": [(_START + timedelta(days=number / a_day)).isoformat() for number in range(count)],
            "user": [f"u{user}" for user in random.integers(0, 50_000, count)],
            "text": texts,
            "tags": [f"t{one} t{other}" for one, other in tags.tolist()],
        }
    )


class Clock:
    """CPU seconds by stage, of each hour."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def measure(self, stage: str, work: Callable[[], T]) -> T:
        """Does the work, and adds what it took."""
        began = time.process_time()
        found = work()
        self.seconds[stage].append(time.process_time() - began)
        return found


def measure(home: Path, count: int, a_day: int) -> None:
    """Prints a line for each stage."""
    settings, lake, clock = Settings(home=home), Lake(LakeLocation(home)), Clock()
    path = home / "posts.csv"
    made_up(count, a_day).write_csv(path)
    report = clock.measure("import", lambda: import_file(lake, path, settings, _COLUMNS))
    assert report.error is None, report.error
    handler, hours = EventHandler(spam=SpamScorer(load(SHIPPED))), -(-count * 24 // a_day)
    for number in range(hours):
        _hour(lake, handler, _START + number * _HOUR, clock)
    found = lake.read("SELECT count(*) FROM events").item()
    print(f"{found:,} posts, {hours} hours, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")
    hour = a_day / 24
    for stage, seconds in clock.seconds.items():
        last = seconds[-max(1, int(len(seconds) * _LAST)) :]
        told = f", in the first hour {hour / seconds[0]:,.0f}, in the last {hour * len(last) / sum(last):,.0f}"
        print(f"  {stage:10} {count / sum(seconds):>9,.0f} posts/s{told if len(seconds) > 1 else ''}")


def _hour(lake: Lake, handler: EventHandler, start: datetime, clock: Clock) -> None:
    end, phrases = start + _HOUR, TOPIC_PHRASES.frame()

    def enrich() -> pl.DataFrame:
        events, _ = handler.handle(lake.read_table(RAW_EVENTS, start, end))
        lake.write(EVENTS, events, start, end)
        return events

    events = clock.measure("events", enrich)

    def copies() -> pl.DataFrame:
        found = find_copies(lake, start, events, phrases)
        lake.write(NEAR_COPIES, found, start, end)
        return found

    copied = clock.measure("copies", copies)
    clock.measure("activity", lambda: lake.write(TOPIC_ACTIVITY, topic_activity(events, phrases, copied), start, end))
    clock.measure(
        "graph", lambda: lake.write(TEMPORAL_EDGES, GraphBuilder().build(events, phrases, copied).edges, start, end)
    )


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--posts-a-day", type=int, default=240_000)
    options = parser.parse_args()
    for count in options.posts:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count, options.posts_a_day)


if __name__ == "__main__":
    main()
