"""What topics are called: how right, how stable and how fast, on tweets of ten days and in the simulated world.

    python -m trend_assets_tests.benchmarks.labels tweets
    python -m trend_assets_tests.benchmarks.labels simulated

Prints the labels of the last hour, shares of names, groups and categories that stayed from one label to the next, and,
where the world knows what a topic is about, how many categories were right.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from trend_assets.enrichment.copies.table import CopyTable
from trend_assets.enrichment.copies.texts import EVENT_COLUMNS
from trend_assets.enrichment.embedder import RealtimeTextEmbedder
from trend_assets.enrichment.embedding_table import text_hashes
from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.enrichment.labels.categories import CATEGORIES_FILE, OTHER, Categories
from trend_assets.enrichment.labels.labeler import TopicLabeler
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENT_EMBEDDINGS, EVENTS, NEAR_COPIES, TOPIC_PHRASES
from trend_assets.operations.labelling import label_topics
from trend_assets.sources.archive.files import read_archive
from trend_assets.sources.event import Payload
from trend_assets.sources.frames import raw_frame
from trend_assets.topic_names import canonical_topic
from trend_assets_tests.benchmarks.campaigns import organic, world

SHARED = Path(os.environ.get("TREND_SHARED_DATA", "../shared/data"))
_HOUR = timedelta(hours=1)
#: What the simulated communities talk about.
_COMMUNITIES = {
    "technology": "tech", "gaming": "games", "music": "music", "football": "sports", "markets": "finance",
    "news": "news", "science": "science", "lifestyle": OTHER,
}  # fmt: skip
#: What their news may rightly be called, too.
_ALSO = {"news": ("politics", "weather")}


def tweets() -> list[Payload]:
    """The first ten days of April 2015."""
    file = SHARED / "tweets" / "2015-04.jsonl.gz"
    payloads = [payload for batch in read_archive(file) for payload in batch.payloads]
    return [payload for payload in payloads if payload.event.timestamp.day <= 10]


def labelled(payloads: list[Payload], lake: Lake) -> tuple[pl.DataFrame, float]:
    """The labels of all hours, and the CPU seconds that they took."""
    embedder = RealtimeTextEmbedder()
    events, _ = EventHandler().handle(raw_frame(payloads, "benchmark", datetime.now(UTC)))
    start = events["hour"].min().replace(hour=0)  # type: ignore[union-attr]
    end = events["hour"].max() + _HOUR  # type: ignore[operator]
    texts = text_hashes(events)
    different = texts.unique("text_hash", maintain_order=True)
    vectors = dict(
        zip(different["text_hash"], np.asarray(embedder.embed(different["text"].to_list())).tolist(), strict=True)
    )
    known = texts.select("id", "hour", "text_hash").with_columns(
        model=pl.lit(embedder.model_name),
        embedding=pl.Series([vectors[key] for key in texts["text_hash"]], dtype=pl.List(pl.Float32)),
    )
    copies = CopyTable().place(events.select(EVENT_COLUMNS), TOPIC_PHRASES.frame())
    for table, frame in ((EVENTS, events), (NEAR_COPIES, copies), (EVENT_EMBEDDINGS, EVENT_EMBEDDINGS.conform(known))):
        lake.write(table, frame, start, end)
    labeler = TopicLabeler(Categories.read(CATEGORIES_FILE, embedder.embed))
    begun = time.process_time()
    return label_topics(lake, labeler, embedder.model_name, start, end), time.process_time() - begun


def stable(labels: pl.DataFrame) -> dict[str, float]:
    """Shares of what stayed from a topic's label to its next one."""
    columns = ("name", "group_topic", "category")
    before = labels.sort("topic", "hour").with_columns(pl.col(columns).shift(1).over("topic").name.suffix("_before"))
    pairs = before.drop_nulls("name_before")
    return {name: float((pairs[name] == pairs[f"{name}_before"]).mean() or 0) for name in columns}


def right(labels: pl.DataFrame, truth: dict[str, str]) -> pl.DataFrame:
    """By true category: topics, the share that got a category, and how many of these are right."""
    last = labels.sort("hour").unique("topic", keep="last").filter(pl.col("topic").is_in(list(truth)))
    rows = [
        (truth[topic], category != OTHER, category == truth[topic] or category in _ALSO.get(truth[topic], ()))
        for topic, category in last.select("topic", "category").rows()
    ]
    told = pl.DataFrame(rows, schema=["true", "said", "right"], orient="row")
    every = told.with_columns(true=pl.lit("all"))
    return (
        pl.concat([told, every])
        .group_by("true")
        .agg(pl.len(), pl.col("said").mean(), pl.col("right").filter("said").mean().alias("right where said"))
        .sort("true")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stream", choices=("tweets", "simulated"))
    stream = parser.parse_args().stream
    made = world(700.0)
    payloads = tweets() if stream == "tweets" else organic(made, 6)
    with tempfile.TemporaryDirectory() as home:
        labels, seconds = labelled(payloads, Lake(LakeLocation(Path(home))))
    pl.Config.set_tbl_rows(60).set_fmt_str_lengths(50).set_tbl_hide_dataframe_shape(True)
    print(labels.filter(pl.col("hour") == pl.col("hour").max()).sort("posts", descending=True).drop("hour"))
    print(f"{len(payloads):,} events, {labels.height} labels, {seconds / labels['hour'].n_unique():.3f} CPU s an hour")
    print("stayed from one label to the next", stable(labels))
    if stream == "simulated":
        truth = {canonical_topic(topic.label) or "": _COMMUNITIES[topic.community.name] for topic in made.topics}
        print(right(labels, truth))


if __name__ == "__main__":
    main()
