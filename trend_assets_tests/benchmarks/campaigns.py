"""How far injected campaigns lower NDCG@10 in the simulated world, with copies counted once and with all counted.

    python -m trend_assets_tests.benchmarks.campaigns --weeks 6 --share 0.2 --tgn

A world without spam is forecast for its last two weeks, and again with campaigns among its posts: young accounts that
paste one text with small changes, half of the time under a topic that people talk about just then. What is right is
what came true in the world without them, counted by the same rule.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from typing import NamedTuple

import numpy as np
import orjson
import polars as pl

from trend_assets.enrichment.copies.table import CopyTable
from trend_assets.enrichment.copies.texts import EVENT_COLUMNS
from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.forecasting.backtest import backtest
from trend_assets.forecasting.baselines import baseline_rankings
from trend_assets.forecasting.examples import CutMemory
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import LABELS, LabelSettings
from trend_assets.forecasting.metrics import ndcg_at_k
from trend_assets.forecasting.ranking import Ranking
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.tables import NEAR_COPIES, TOPIC_PHRASES
from trend_assets.simulator.collector import SimulatedCollector
from trend_assets.simulator.phrases import SPAM_TAGS
from trend_assets.simulator.spam import SpamFarm
from trend_assets.simulator.timeline import Post
from trend_assets.simulator.topics import Topic, TopicBook
from trend_assets.simulator.twitter import tweet_page
from trend_assets.simulator.world import Volume, World
from trend_assets.sources.event import Payload
from trend_assets.sources.frames import raw_frame
from trend_assets.sources.registry import parse
from trend_assets.topic_names import canonical_topic

START = datetime(2026, 1, 5, tzinfo=UTC)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_FIRST_ACCOUNT = 1_000_000
_BESIDE = ("", "", " 👀", " !!", " ok", " 🔥🔥", " now", " today", " RT")


class Told(NamedTuple):
    """What a cut's forecasts said, and what was right: by label, topics to scores and the set that came true."""

    scores: dict[str, dict[str, dict[str, float]]]
    came_true: dict[str, set[str]]


def world(events_per_day: float) -> World:
    """People without spam."""
    return World(7, START, events_per_day=events_per_day, volume=Volume(spam=0.0))


def organic(made: World, days: int) -> list[Payload]:
    """All that people post and search."""
    end = START + days * _DAY
    return [
        payload
        for source in ("twitter", "youtube", "google_trends")
        for payload in SimulatedCollector(source, made).collect(START, end)
    ]


def campaigns(made: World, days: int, per_day: float, seed: int = 5) -> Iterator[Payload]:
    """Posts of campaigns, about so many a day."""
    book = TopicBook(seed, int(START.timestamp()) - 30 * 86_400)
    farm = SpamFarm(seed, book, per_day, _FIRST_ACCOUNT)
    rng = random.Random(seed)
    number = 50_000_000
    for day in range(days):
        begins = START + day * _DAY
        farm.plan(int(begins.timestamp()))
        for hour in range(24):
            at = begins + hour * _HOUR
            hot = _talked_about(made, at)
            first = int(at.timestamp() * 1000)
            for pasting in farm.due(first, first + 3_600_000):
                number += 1
                topics = [pasting.tag, *([rng.choice(hot)] if pasting.hijack and hot else [])]
                text = " ".join([pasting.text + rng.choice(_BESIDE), *(topic.label for topic in topics)])
                post = Post(
                    pasting.milliseconds, number, pasting.author, "original", text, "en", tuple(topics), url=pasting.url
                )  # fmt: skip
                raw = orjson.dumps(tweet_page(post, first + 3_600_000)).decode()
                yield Payload("x_v2", raw, parse("x_v2", raw))


def _talked_about(made: World, at: datetime) -> list[Topic]:
    return sorted({topic for post in made.hour(at).posts for topic in post.topics}, key=lambda topic: topic.label)


def history(payloads: Sequence[Payload], days: int, weights: bool) -> History:
    """The mentions that the graph makes of them."""
    events, _ = EventHandler().handle(raw_frame(payloads, "simulator:campaigns", START))
    copies = NEAR_COPIES.frame()
    if weights:
        copies = CopyTable().place(events.select(EVENT_COLUMNS), TOPIC_PHRASES.frame())
    else:
        events = events.with_columns(edge_weight=1.0)
    graph = GraphBuilder().build(events, None, copies)
    kinds = graph.nodes.select("node_id", "kind", "key")
    acts = graph.edges.filter(pl.col("edge_type").is_in(events["event_type"].unique().implode())).select(
        "event_id", user="src", src="dst"
    )
    mentions = (
        graph.edges.filter(edge_type="about")
        .join(kinds.select(dst="node_id", topic="key"), on="dst")
        .join(acts, on=["event_id", "src"], how="left")
        .join(kinds.filter(kind="user").select(user="node_id", user_id="key"), on="user", how="left")
        .select("timestamp", "topic", "user_id", "weight")
    )
    return History.from_mentions(mentions, START, START + days * _DAY)


def all_rankings(tgn: bool) -> list[Ranking]:
    """The baselines and, if asked for, the TGN."""
    memory = CutMemory(LabelSettings())
    rankings: list[Ranking] = list(baseline_rankings(LabelSettings(), memory))
    if tgn:
        from trend_assets.tgn.forecaster import TgnForecaster
        from trend_assets.tgn.settings import ForecasterSettings

        rankings.append(TgnForecaster(ForecasterSettings(), memory))
    return rankings


def told(history: History, days: int, rankings: Sequence[Ranking]) -> dict[int, Told]:
    """Forecasts and outcomes of the last two weeks' cuts."""
    found: dict[int, Told] = {}

    def observe(cut, came_true, scores) -> None:
        names = [history.topic_name(int(topic)) for topic in cut.topics]
        asked = {label: np.flatnonzero(cut.asked[label]) for label in LABELS}
        found[cut.time] = Told(
            {
                ranking: {
                    label: {names[at]: float(values[at]) for at in asked[label]} for label, values in by_label.items()
                }
                for ranking, by_label in scores.items()
            },
            {label: {names[at] for at in np.flatnonzero(came_true[label])} for label in LABELS},
        )

    start, end = START + (days - 15) * _DAY, START + (days - 1) * _DAY
    backtest(history, rankings, start, end, every_hours=6, observe=observe)
    return found


def mean_ndcg(found: dict[int, Told], right: dict[int, Told], ranking: str) -> float:
    """NDCG@10 of a ranking by what was right in the world without campaigns; the mean over labels and cuts."""
    figures: dict[str, list[float]] = {label: [] for label in LABELS}
    for time, truth in right.items():
        for label in LABELS:
            scores = found[time].scores.get(ranking, {}).get(label)
            missing = truth.came_true[label] - set(scores or ())
            if scores is None or not truth.came_true[label] or len(scores) < 10:
                continue
            low = min(scores.values()) - 1.0
            names = [*scores, *sorted(missing)]
            values = np.array([*scores.values(), *[low] * len(missing)])
            figures[label].append(ndcg_at_k(np.array([name in truth.came_true[label] for name in names]), values))
    return float(np.mean([np.mean(values) for values in figures.values() if values]))


def mean_tags(found: dict[int, Told], ranking: str) -> float:
    """How many of the ten topics likeliest to grow are tags of campaigns; the mean over cuts."""
    tags = {canonical_topic(tag) for tag in SPAM_TAGS}
    lists = [cut.scores[ranking]["emerges"] for cut in found.values() if "emerges" in cut.scores.get(ranking, {})]
    return float(
        np.mean([sum(topic in tags for topic in nlargest(10, scores, scores.__getitem__)) for scores in lists])
    )


def measured(
    weeks: int, share: float, events_per_day: float, rankings: Callable[[], list[Ranking]]
) -> dict[str, dict[str, dict[str, float]]]:
    """By rule and ranking: NDCG@10 without and with campaigns, by how much it fell, and tags of campaigns on top."""
    days = 7 * weeks
    made = world(events_per_day)
    clean = organic(made, days)
    spam = list(campaigns(made, days, len(clean) / days * share / (1 - share)))
    print(f"{len(clean):,} events of people, {len(spam):,} of campaigns", flush=True)
    answer: dict[str, dict[str, dict[str, float]]] = {}
    for rule, weights in (("weights on", True), ("weights off", False)):
        right = told(history(clean, days, weights), days, rankings())
        found = told(history([*clean, *spam], days, weights), days, rankings())
        answer[rule] = {}
        for name in next(iter(right.values())).scores:
            before, after = mean_ndcg(right, right, name), mean_ndcg(found, right, name)
            told_falls = {"without": before, "with": after, "fall": 1 - after / before}
            answer[rule][name] = {**told_falls, "tags_in_the_top_ten": mean_tags(found, name)}
        print(rule, json.dumps(answer[rule], indent=1), flush=True)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=6)
    parser.add_argument("--share", type=float, default=0.2, help="of all posts, which campaigns make")
    parser.add_argument("--events-per-day", type=float, default=700.0)
    parser.add_argument("--tgn", action="store_true")
    options = parser.parse_args()
    measured(options.weeks, options.share, options.events_per_day, lambda: all_rankings(options.tgn))


if __name__ == "__main__":
    main()
