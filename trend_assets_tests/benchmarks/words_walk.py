"""The forecast of streams whose phrases are topics, too: against counting, and with the vectors of two text models.

    python -m trend_assets_tests.benchmarks.words_walk tweets --first 2014-01 --start 2014-09-01 --static FOLDER

The posts of the months from `--first` to the end of the walk are imported, and phrases, near copies and graph made as
the pipeline makes them. All rankings are fitted anew every fourth Monday. The model reads vectors only of the posts
with which topics begin; these alone are embedded, by the exact model, by the static one in FOLDER (of `trend
embeddings distil`), and by none. The three walks see the same cuts; whole weeks are resampled. `--home DIR` keeps the
lake, and takes one that was kept. `--no-network` leaves the network out, which takes most of the time; texts come in
beside it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from trend_assets.enrichment.embedder import RealtimeTextEmbedder
from trend_assets.enrichment.embedding_table import embedding_frame, text_hashes
from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.forecasting.backtest import LabelResult, backtest
from trend_assets.forecasting.baselines import baseline_rankings, counting_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.metrics import paired_bootstrap
from trend_assets.forecasting.ranking import Ranking
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import (
    EVENT_EMBEDDINGS,
    EVENTS,
    NEAR_COPIES,
    NODES,
    RAW_EVENTS,
    TEMPORAL_EDGES,
    TOPIC_PHRASES,
)
from trend_assets.operations.copying import find_copies
from trend_assets.operations.history import label_settings, load_history
from trend_assets.operations.importing import import_file
from trend_assets.operations.phrasing import topic_choice, track
from trend_assets.operations.training import new_forecaster
from trend_assets.settings import EmbeddingSettings, ForecastSettings, Settings
from trend_assets.settings.forecasting import TrainingSettings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.tgn.settings import GROUPS
from trend_assets_tests.benchmarks.homes import shared_data

_CHAT = "id=message_id,timestamp=sent_at,user_id=user,topics=topic,text=topic,event_type=kind"
#: Folder and end of the files' names, and their columns.
_STREAMS = {"tweets": ("tweets", ".jsonl.gz", None), "chat": ("chat", ".csv.gz", _CHAT)}
_DAY = timedelta(days=1)
_MONTH = 31 * _DAY
_NDCG = "ndcg_at_10"
_NO_TEXT = "no text"
_FIRSTS = """
    WITH about AS (FROM temporal_edges WHERE edge_type = 'about'),
         firsts AS (SELECT dst, min(timestamp) AS timestamp FROM about GROUP BY dst),
         begun AS (SELECT dst, min(event_id) AS id FROM about JOIN firsts USING (dst, timestamp) GROUP BY dst)
    SELECT id, hour, edge_weight, text FROM events SEMI JOIN begun USING (id) ORDER BY timestamp, id
"""


def imported(stream: str, first: str, end: datetime, settings: Settings) -> Lake:
    """A lake of the stream's months until `end`, with phrases, copies and graph; says how many topics are phrases."""
    folder, suffix, columns = _STREAMS[stream]
    lake = Lake(lake_location(settings))
    for path in sorted((shared_data() / folder).glob(f"*{suffix}")):
        if first <= path.name[:7] <= f"{end:%Y-%m}":
            import_file(lake, path, settings, ColumnMap.parse(columns) if columns else None)
    choice, builder = topic_choice(settings), GraphBuilder()
    handler = EventHandler(topics=choice)
    begin, last = lake.read("SELECT min(hour), max(hour) FROM raw_events").row(0)
    while begin <= last:
        until = begin + _MONTH
        events, _ = handler.handle(lake.read_table(RAW_EVENTS, begin, until))
        lake.write(EVENTS, events, begin, until)
        phrases = track(lake, choice, begin, until, events).rows
        lake.write(TOPIC_PHRASES, phrases, begin, until)
        copies = find_copies(lake, begin, events, phrases)
        lake.write(NEAR_COPIES, copies, begin, until)
        graph = builder.build(events, phrases, copies)
        lake.write(TEMPORAL_EDGES, graph.edges, begin, until)
        lake.write(NODES, graph.nodes)
        begin = until
    told = lake.read("""
        SELECT (SELECT count(*) FROM events) AS posts, (SELECT count(DISTINCT topic) FROM topic_phrases) AS phrases,
            (SELECT count(*) FROM topic_phrases) AS phrase_mentions,
            (SELECT count(*) FROM temporal_edges WHERE edge_type = 'about') AS mentions
    """)
    print(told.to_dicts()[0], flush=True)
    return lake


def embed_firsts(lake: Lake, models: Sequence[str]) -> None:
    """Writes the vectors of the posts with which topics begin, by each model."""
    texts = text_hashes(lake.read(_FIRSTS))
    frames = []
    for model in models:
        begun = time.process_time()
        found = embedding_frame(texts, None, RealtimeTextEmbedder(model))
        print(f"{found.embedded} texts by {model}: {time.process_time() - begun:.0f} s of CPU", flush=True)
        frames.append(found.frame)
    first, last = texts["hour"].min(), texts["hour"].max()
    lake.write(EVENT_EMBEDDINGS, pl.concat(frames), first, last + _DAY)  # type: ignore[arg-type, operator]


def walked(
    lake: Lake, settings: Settings, model: str, start: datetime, end: datetime, network: bool
) -> Mapping[str, LabelResult]:
    """The forecast's results with the vectors of one text model and, with those of the exact one, the baselines'."""
    labels = label_settings(settings.forecast)
    memory = CutMemory(labels, days=settings.training.history_days)
    forecaster = new_forecaster(settings, memory, threads=1)
    if not network:
        groups = tuple(group for group in GROUPS if group != "network")
        forecaster.settings = replace(forecaster.settings, groups=groups)
    rankings: list[Ranking] = [forecaster]
    if model == EmbeddingSettings().model:
        rankings += baseline_rankings(labels, memory)
    history = load_history(lake, messages=settings.training.messages, text_model=model)
    begun = time.process_time()
    found = backtest(history, rankings, start, end, settings=labels, retraining="four-weekly")
    means = {label: result.mean("tgn", _NDCG) for label, result in found.labels.items()}
    print(f"walked with {model}: {found.cuts} cuts, {time.process_time() - begun:.0f} s of CPU, {means}", flush=True)
    return found.labels


def compared(results: Mapping[str, Mapping[str, LabelResult]], exact: str) -> dict[str, Any]:
    """By label: NDCG@10 of all, the lead of the exact walk over each ranking, and of each walk over the exact one."""
    told: dict[str, Any] = {}
    counting = [ranking.name for ranking in counting_rankings()]
    for label, of_exact in results[exact].items():
        if len(of_exact.times) == 0 or of_exact.mean("tgn", _NDCG) is None:
            continue
        ndcg = {name: of_exact.mean(name, _NDCG) for name in of_exact.values}
        best = max((name for name in counting if ndcg[name] is not None), key=lambda name: ndcg[name] or 0.0)
        leads = {name: of_exact.lead("tgn", name, _NDCG) for name in (best, "gradient_boosting")}
        ours = of_exact.values["tgn"][_NDCG]
        for model, labels in results.items():
            values = labels[label].values["tgn"][_NDCG]
            both = ~np.isnan(values - ours)
            if model != exact:
                ndcg[f"tgn, {model}"] = float(np.nanmean(values))
                leads[f"exact over {model}"] = paired_bootstrap((ours - values)[both], of_exact.times[both])
        told[label] = {
            "cuts": len(of_exact.times),
            "weeks": len({time // (7 * 86_400) for time in of_exact.times.tolist()}),
            "ndcg_at_10": ndcg,
            "leads": {name: lead and [lead.mean, lead.low, lead.high] for name, lead in leads.items()},
        }
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stream", choices=_STREAMS)
    parser.add_argument("--first", required=True, help="month")
    parser.add_argument("--start", required=True, type=datetime.fromisoformat, help="a Monday")
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--static", type=Path, help="a folder of `trend embeddings distil`; default: none is compared")
    parser.add_argument("--home", type=Path, help="where the lake is kept; default: it is thrown away")
    parser.add_argument("--no-network", dest="network", action="store_false")
    parser.add_argument("--pretrained", default="none", help="trees that have not seen the stream (`pretraining`)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    start = options.start.replace(tzinfo=UTC)
    end = start + timedelta(weeks=options.weeks)
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(
            home=options.home or Path(scratch),
            forecast=ForecastSettings(further_horizons={}),
            training=TrainingSettings(pretrained=options.pretrained),
        )
        exact = EmbeddingSettings().model
        models = [exact, *([str(options.static)] if options.static else [])]
        if (settings.home / "embedded").exists():
            lake = Lake(lake_location(settings))
        else:
            lake = imported(options.stream, options.first, end + _DAY, settings)
            embed_firsts(lake, models)
            (settings.home / "embedded").touch()
        walks = [*models, *([_NO_TEXT] if options.static else [])]
        results = {model: walked(lake, settings, model, start, end, options.network) for model in walks}
    told = compared(results, exact)
    print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    if options.json:
        options.json.write_bytes(orjson.dumps(told))


if __name__ == "__main__":
    main()
