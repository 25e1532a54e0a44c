"""A lake of a stream: imported as `trend import` does, its graph built as the pipeline does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import NODES, RAW_EVENTS, TEMPORAL_EDGES
from trend_assets.operations.importing import import_file
from trend_assets.operations.phrasing import topic_choice
from trend_assets.settings import Settings
from trend_assets.settings.enrichment import EnrichmentSettings, TopicSettings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets_tests.benchmarks.streams.declared import File, Stream

_MONTH = timedelta(days=31)


class Absent(Exception):
    """A stream's files are not there; the message says where they were looked for."""


def settings_of(stream: Stream, home: Path) -> Settings:
    """The settings of a stream's lake: what is asked, and topics as the stream names them, without phrases."""
    topics = TopicSettings(kinds=["hashtags", "cashtags", "named"])
    return Settings(home=home, forecast=stream.forecast, enrichment=EnrichmentSettings(topics=topics))


def unseen_by(pretrained: Path, stream: Stream, settings: Settings) -> Settings:
    """The settings with trees that were fitted without the stream: those that `pretraining --each-left-out` made."""
    training = settings.training.model_copy(update={"pretrained": str(pretrained.absolute() / stream.name)})
    return settings.model_copy(update={"training": training})


def lake_of(stream: Stream, data: Path, homes: Path) -> tuple[Lake, Settings]:
    """The stream's lake in `homes`; made anew only if its files or how they are read have changed.

    Raises:
        Absent: a file is missing.
    """
    files = [(file, path) for file in stream.files for path in _found(file, data)]
    home = homes / f"{stream.name}-{_digest(files)}"
    settings = settings_of(stream, home)
    finished = home / "finished"
    lake = Lake(lake_location(settings))
    if not finished.exists():
        for file, path in files:
            _take_in(lake, settings, file, path)
        _build_graph(lake, settings)
        finished.touch()
    return lake, settings


def _found(file: File, data: Path) -> list[Path]:
    pattern = data.absolute() / file.path
    paths = sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))
    if not paths:
        raise Absent(f"nothing is called {file.path} in {data}")
    return paths


def _digest(files: list[tuple[File, Path]]) -> str:
    told = [f"{file.model_dump_json()} {path} {path.stat().st_size} {path.stat().st_mtime_ns}" for file, path in files]
    return hashlib.blake2b("\n".join(told).encode(), digest_size=4).hexdigest()


def _take_in(lake: Lake, settings: Settings, file: File, path: Path) -> None:
    columns = ColumnMap.parse(file.columns) if file.columns else None
    taken = _with_only(file, path, settings.home) if file.only else path
    report = import_file(lake, taken, settings, columns)
    if report.error:
        raise SystemExit(f"{path}: {report.error}")


def _with_only(file: File, path: Path, home: Path) -> Path:
    """A copy of a table without the rows that are not taken."""
    rows = pl.read_csv(path, infer_schema_length=0)
    taken = home / path.name.removesuffix(".gz")
    wanted = (pl.col(name).fill_null("").is_in(list(values)) for name, values in file.only.items())
    rows.filter(*wanted).write_csv(taken)
    return taken


def _build_graph(lake: Lake, settings: Settings) -> None:
    handler = EventHandler(topics=topic_choice(settings))
    builder = GraphBuilder(settings.graph.community_columns)
    for start, end in _months(lake):
        events, _ = handler.handle(lake.read_table(RAW_EVENTS, start, end))
        edges, nodes = builder.build(events)
        lake.write(TEMPORAL_EDGES, edges, start, end)
        lake.write(NODES, nodes)


def _months(lake: Lake) -> Iterator[tuple[datetime, datetime]]:
    first, last = lake.read("SELECT min(hour), max(hour) FROM raw_events").row(0)
    while first <= last:
        yield first, first + _MONTH
        first += _MONTH
