"""Words that become topics, measured on real posts: coverage, hidden tags, speed, and topics to be judged by hand.

    python -m trend_assets_tests.benchmarks.phrases coverage|hidden|titles|week|speed|sample [--posts N] [--steady]

`titles` compares with YAKE and BERTopic where `pip install yake bertopic` was said; `--days 12` takes so many days,
spread evenly, for BERTopic takes seconds a day.

Reads `TREND_SHARED_DATA`, by default the folder `shared/data` beside the checkout. `speed` makes posts of a made-up
vocabulary that grows with them.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from itertools import zip_longest

import numpy as np
import polars as pl

from trend_assets.enrichment.embedder import RealtimeTextEmbedder
from trend_assets.enrichment.phrases.background import key_of, language_code, word
from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.tracker import TopicMention, Tracker
from trend_assets.enrichment.topics import topics_of
from trend_assets.sources.event import Rejected
from trend_assets.sources.formats import TWITTER_V1
from trend_assets.sources.registry import parse
from trend_assets_tests.benchmarks.homes import shared_data

_HOUR = 3600
_SCHEMA = {
    "time": pl.Int64, "id": pl.String, "source": pl.String, "user_id": pl.String, "text": pl.String,
    "language": pl.String, "topics": pl.List(pl.String), "event_type": pl.String,
}  # fmt: skip


def tweets(first: str, last: str) -> pl.DataFrame:
    """Tweets of the months from `first` to `last`, as `2015-01`."""
    rows = []
    for path in sorted((shared_data() / "tweets").glob("*.jsonl.gz")):
        if first <= path.name[:7] <= last:
            for line in gzip.decompress(path.read_bytes()).splitlines():
                try:
                    event = parse(TWITTER_V1, line.decode())
                except Rejected:
                    continue
                rows.append(
                    (int(event.timestamp.timestamp()), event.id, event.source, event.user_id, event.text,
                     event.language, topics_of(event), event.event_type)
                )  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("time", "id")


def titles() -> pl.DataFrame:
    """Half a year of stories of Hacker News: the words of their titles, sorted, for titles themselves are not kept."""
    stories = pl.read_csv(shared_data() / "streams/tech_news/stories.csv.gz").filter(
        (pl.col("platform") == "hn") & pl.col("time").is_between(pl.lit("2019-06-01"), pl.lit("2019-12-01"))
    )
    return stories.select(
        pl.col("time").str.to_datetime(time_zone="UTC").dt.epoch("s").alias("time"),
        pl.col("id").cast(pl.String),
        pl.lit("archive").alias("source"),
        pl.col("user").alias("user_id"),
        pl.col("title_terms").fill_null("").str.replace_all("|", ". ", literal=True).alias("text"),
        pl.lit("en").alias("language"),
        pl.lit([], dtype=pl.List(pl.String)).alias("topics"),
        pl.lit("original").alias("event_type"),
    ).sort("time", "id")


def hours(posts: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    """Hours since 1970 with their posts, in order."""
    numbered = posts.with_columns(hour=pl.col("time") // _HOUR)
    for part in numbered.partition_by("hour", maintain_order=True):
        yield int(part["hour"][0]), part


def run(
    posts: pl.DataFrame,
    choice: Choice = Choice(),  # noqa: B008
) -> Iterator[tuple[int, pl.DataFrame, list[TopicMention], Tracker]]:
    """Each hour with what it gave."""
    tracker = Tracker(choice)
    for number, part in hours(posts):
        yield number, part, tracker.step(number, part), tracker


def coverage(options: argparse.Namespace) -> None:
    """Share of posts with a topic, before and after."""
    for name, posts in (("tweets 2015-01..06", tweets("2014-12", "2015-06")), ("HN title words", titles())):
        seen, topics, days = Counter[str](), set[str](), set[int]()
        for number, part, said, _ in run(posts, Choice(steady=options.steady)):
            with_phrase = {one.row for one in said}
            topics |= {one.topic for one in said}
            days.add(number // 24)
            for row, (tags, kind) in enumerate(part.select("topics", "event_type").iter_rows()):
                seen[kind, "all"] += 1
                seen[kind, "before"] += bool(tags)
                seen[kind, "after"] += bool(tags) or row in with_phrase
                seen[kind, "phrase"] += row in with_phrase
        for kind in sorted({kind for kind, _ in seen}):
            total = seen[kind, "all"]
            shares = " ".join(f"{what} {seen[kind, what] / total:6.1%}" for what in ("before", "after", "phrase"))
            print(f"{name:20} {kind:10} {total:7,} posts: {shares}")
        print(f"{name:20} phrase topics: {len(topics):,} in {len(days)} days")


def hidden(_: argparse.Namespace) -> None:
    """Hashtags whose signs are taken off: are they found, and how soon?"""
    posts = tweets("2014-12", "2015-06")
    plain = posts.with_columns(
        pl.col("text").str.replace_all("[#$\uff03]", " "), topics=pl.lit([], dtype=pl.List(pl.String))
    )
    tags = dict(zip(posts["id"], posts["topics"], strict=True))
    mentions: dict[tuple[str, int], list[tuple[int, str | None]]] = defaultdict(list)
    found: dict[tuple[str, int], int] = {}
    topics = set()
    of_tags = set()
    for number, part, said, tracker in run(plain):
        topics |= {one.topic for one in said}
        for post, time_, user, language in part.select("id", "time", "user_id", "language").iter_rows():
            for tag in tags[post]:
                if tag[0] != "#" or time_ < datetime(2015, 1, 1, tzinfo=UTC).timestamp():
                    continue
                pair = (tag, number // 24)
                mentions[pair].append((time_, user))
                member = tracker.members.get(key_of(word(tag[1:], language_code(language) or "en").stem))
                if member is not None:
                    of_tags.add(member.topic)
                    found.setdefault(pair, number)
    judged = [pair for pair, said in mentions.items() if len(said) >= 8 and len({user for _, user in said}) >= 3]
    hits = [pair for pair in judged if pair in found]
    delays = []
    for pair in hits:
        third = sorted(mentions[pair])[2][0]
        end = (found[pair] + 1) * _HOUR
        delays.append(max(0, end - third) / _HOUR if end - _HOUR > third - _HOUR else 0.0)
    print(f"hidden tags: {len(judged)} (tag, day); found {len(hits) / max(len(judged), 1):.3f}")
    print(f"hours from the third mention to the end of the hour that finds it: median {statistics.median(delays):.2f}, "
          f"90 % {np.quantile(delays, 0.9):.2f}")  # fmt: skip
    print("missed:", Counter(tag for tag, day in judged if (tag, day) not in found).most_common(20))
    print(f"phrase topics: {len(topics):,}, of which hashtags or with them {len(of_tags & topics):,}")


def front_page(options: argparse.Namespace) -> None:
    """Of the words that several stories on Hacker News' front page of a day had, how many are among 50 of that day."""
    posts = titles()
    words = {id_: _words(text) for id_, text in posts.select("id", "text").iter_rows()}
    shown = pl.read_csv(shared_data() / "streams/tech_news/hn_frontpage.csv.gz").select(
        pl.col("id"), day=pl.col("time").str.to_datetime(time_zone="UTC").dt.epoch("d")
    )
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for id_, day in shown.unique().iter_rows():
        counts[day].update(words.get(id_, {}).keys())
    several = {day: {key for key, count in found.items() if count > 1} for day, found in counts.items()}
    fresh = {
        day: {key for key in found if counts[day][key] > 2 * max(counts[day - back][key] for back in range(1, 8))}
        for day, found in several.items()
        if all(day - back in several for back in range(1, 8))
    }
    days = {
        int(part["day"][0]): part
        for part in posts.with_columns(day=pl.col("time") // (24 * _HOUR)).partition_by("day", maintain_order=True)
        if several.get(int(part["day"][0]))
    }
    if options.days:
        judged = sorted(days.keys() & fresh.keys())
        days = {day: days[day] for day in judged[:: max(1, len(judged) // options.days)][: options.days]}
    for name, truth in (("of several stories", several), ("of twice as many as on each of 7 days before", fresh)):
        each = [len(truth[day]) for day in days if day in truth]
        print(f"words {name}: {np.mean(each):.1f} a day on {len(each)} days")
    for name, ranked in (("counting", _counted), ("unusual", _unusual), ("trend", _trend), ("YAKE", _yake),
                         ("BERTopic", _bertopic)):  # fmt: skip
        began, memory = time.process_time(), _memory()
        found = ranked(posts, days)
        if found is None:
            print(f"{name:10} is not installed")
            continue
        spent = time.process_time() - began
        both = [_recall(found, truth, days) for truth in (several, fresh)]
        print(f"{name:10} recall at {_TOP}: {both[0]:.3f}, of the new {both[1]:.3f}; {spent:.1f} s of CPU, "
              f"{_memory() - memory} MiB more")  # fmt: skip


_TOP = 50
Ranking = dict[int, list[int]]


def _recall(found: Ranking, truth: dict[int, set[int]], days: Iterable[int]) -> float:
    shares = [len(truth[day] & set(found.get(day, [])[:_TOP])) / len(truth[day]) for day in days if truth.get(day)]
    return statistics.mean(shares)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _words(text: str) -> dict[int, str]:
    """Words of a title that are no stop words, by key."""
    found = {key_of(told.stem): token for token in text.split(". ") if not (told := word(token, "en")).stop}
    return {key: token for key, token in found.items() if len(token) > 2}


def _counted(_: pl.DataFrame, days: dict[int, pl.DataFrame]) -> Ranking:
    ranking = {}
    for day, part in days.items():
        counts = Counter(key for text in part["text"].to_list() for key in _words(text))
        ranking[day] = [key for key, _ in counts.most_common(_TOP)]
    return ranking


def _unusual(posts: pl.DataFrame, _: dict[int, pl.DataFrame]) -> Ranking:
    """The words of a day's topics, then those most above ordinary language."""
    return _significant(posts, 0)


def _trend(posts: pl.DataFrame, _: dict[int, pl.DataFrame]) -> Ranking:
    """The words of a day's topics, then those most above their own past."""
    return _significant(posts, 1)


def _significant(posts: pl.DataFrame, which: int) -> Ranking:
    ranking: Ranking = {}
    tracker = Tracker(Choice())
    today, topics = 0, dict[int, None]()
    for number, part in hours(posts):
        if number // 24 != today:
            if today:
                ranking[today] = _ranked(tracker, list(topics), which)
            today, topics = number // 24, {}
        topics |= {key_of(word(one.phrase, "en").stem): None for one in tracker.step(number, part)}
    return ranking


def _ranked(tracker: Tracker, topics: list[int], which: int) -> list[int]:
    keys = np.unique(np.concatenate([hour.keys for hour in tracker.window.hours]))
    usual = np.zeros(len(keys))
    for hour in tracker.window.hours:
        at, here = hour.places(keys)
        usual[here] = hour.usual[at[here]]
    said = tracker.window.said(keys)
    deviations = np.nan_to_num(tracker.significances(keys, usual, said, said)[which], posinf=1e3)
    order = np.lexsort((keys, -said, -deviations))
    return [*topics, *(key for key in keys[order[: 2 * _TOP]].tolist() if key not in topics)]


def _yake(_: pl.DataFrame, days: dict[int, pl.DataFrame]) -> Ranking | None:
    """YAKE (Campos et al. 2020) on the day's titles as one text."""
    try:
        yake = import_module("yake")
    except ImportError:
        return None
    ranking = {}
    for day, part in days.items():
        found = yake.KeywordExtractor(lan="en", n=1, top=_TOP).extract_keywords("\n".join(part["text"].to_list()))
        ranking[day] = [key_of(word(phrase, "en").stem) for phrase, _ in found]
    return ranking


def _bertopic(_: pl.DataFrame, days: dict[int, pl.DataFrame]) -> Ranking | None:
    """BERTopic (Grootendorst 2022) as it comes on the day's titles: its topics' words, the most telling first."""
    try:
        bertopic = import_module("bertopic")
    except ImportError:
        return None
    embedder = RealtimeTextEmbedder()
    ranking = {}
    for day, part in days.items():
        texts = part["text"].to_list()
        topics = bertopic.BERTopic(embedding_model=embedder.model)
        topics.fit(texts, embedder.embed(texts))
        words = [[token for token, _ in told] for topic, told in sorted(topics.get_topics().items()) if topic >= 0]
        every = [token for column in zip_longest(*words) for token in column if token]
        keys = (key_of(told.stem) for token in every if not (told := word(token, "en")).stop)
        ranking[day] = list(dict.fromkeys(keys))
    return ranking


def speed(options: argparse.Namespace) -> None:
    """Posts a second of this process's CPU, and memory, as posts and their vocabulary grow."""
    random = np.random.default_rng(7)
    words = np.array([f"w{number:x}q" for number in range(1_000_000)])
    tracker, start, spent, day = Tracker(Choice()), 400_000, 0.0, options.posts_a_day // 24
    for at in range(options.posts // day):
        ranks = np.minimum(random.zipf(1.2, (day, 12)), len(words)) - 1
        part = pl.DataFrame(
            {
                "source": "twitter",
                "user_id": [f"u{user}" for user in random.integers(0, 50_000, day)],
                "text": [" ".join(row) for row in words[ranks]],
                "language": "en",
                "topics": pl.Series([[]] * day, dtype=pl.List(pl.String)),
            }
        )
        began = time.process_time()
        count = len(tracker.step(start + at, part))
        spent += time.process_time() - began
        if at % max(1, options.posts // day // 10) == 0:
            rate = (at + 1) * day / spent
            print(f"{(at + 1) * day:>10,} posts: {rate:8,.0f}/s, {_memory():,} MiB, {len(tracker.members):,} phrases, "
                  f"{count:,} rows")  # fmt: skip


def week(_: argparse.Namespace) -> None:
    """The ten topics that grew most in the week in which Alibaba went public, by tags and with phrases."""
    begins = int(datetime(2014, 9, 15, tzinfo=UTC).timestamp()) // _HOUR
    tags, phrases = Counter[str](), Counter[str]()
    for number, part, said, _ in run(tweets("2014-08", "2014-09")):
        if not begins - 168 <= number < begins + 168:
            continue
        sign = 1 if number >= begins else -1
        told = {(row, tag) for row, tags_of in enumerate(part["topics"]) for tag in tags_of}
        more = told | {(one.row, one.topic) for one in said}
        for count, pairs in ((tags, told), (phrases, more)):
            for _, topic in pairs:
                count[topic] += sign
    for name, count in (("tags alone", tags), ("with phrases", phrases)):
        print(f"{name:12}", ", ".join(f"{topic} +{more}" for topic, more in count.most_common(10)))


def sample(options: argparse.Namespace) -> None:
    """Twenty topics at random, with three posts each."""
    for name, posts in (("tweets", tweets("2015-01", "2015-06")), ("HN title words", titles())):
        examples: dict[str, list[str]] = defaultdict(list)
        for _, part, said, _ in run(posts, Choice(steady=options.steady)):
            texts = part["text"].to_list()
            for one in said:
                examples[one.topic].append(texts[one.row])
        chosen = np.random.default_rng(options.seed).permutation(sorted(examples))[:20]
        print(f"== {name}: {len(examples):,} topics")
        for topic in chosen:
            print(f"-- {topic}  ({len(examples[topic])} posts)")
            for text in examples[topic][:3]:
                print("      ", " ".join(text.split())[:150])


_PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "coverage": coverage, "hidden": hidden, "titles": front_page, "week": week, "speed": speed, "sample": sample,
}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("part", choices=_PARTS)
    options.add_argument("--posts", type=int, default=1_000_000)
    options.add_argument("--posts-a-day", type=int, default=240_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--days", type=int, default=0, help="of titles; default: all")
    options.add_argument("--steady", action="store_true", help="words that are no more than before, too")
    chosen = options.parse_args()
    _PARTS[chosen.part](chosen)


if __name__ == "__main__":
    main()
