"""The simulated world: computed hour by hour, deterministic for a seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from trend_assets.simulator.attention import Attention
from trend_assets.simulator.crossposting import is_posted
from trend_assets.simulator.identifiers import SNOWFLAKE_EPOCH
from trend_assets.simulator.news import NewsDesk, poisson
from trend_assets.simulator.population import Population, User
from trend_assets.simulator.rhythm import hour_of_week
from trend_assets.simulator.search_engine import SearchEngine
from trend_assets.simulator.spam import Pasting, SpamFarm
from trend_assets.simulator.timeline import Comment, Hour, Occurrence, Post, Search, Video
from trend_assets.simulator.topics import Topic, TopicBook
from trend_assets.simulator.video_site import VideoSite

Source = Literal["twitter", "youtube", "google_trends", "bluesky", "mastodon"]

SECONDS_PER_HOUR = 3600
_MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Volume:
    """How much happens, as shares of all events, and how much of it is new.

    ``births`` and ``news`` are topics per thousand events: those that users begin, and those that the
    outside world brings. ``warm_up_hours`` pass unseen before the world's start, so that topics are in
    all stages of life when it begins.
    """

    posts: float = 0.75
    spam: float = 0.05
    videos: float = 0.14
    searches: float = 0.06
    births: float = 48.0
    news: float = 3.0
    warm_up_hours: int = 96


class World:
    """A world of people and topics on X, YouTube and Google; some of the people post on Bluesky and Mastodon, too.

    Hour by hour it depends on the seed and the start only: it is computed forward from its start, every
    hour from its own streams of chance, and kept, so that neither the order nor the number of questions
    changes an answer. Safe for use by threads.

    Args:
        seed: any integer.
        start: when its history begins, timezone-aware, on a full hour.
        users: ordinary users; spam accounts come on top.
        events_per_day: on average, all platforms together.
        volume: how the events divide.

    Raises:
        ValueError: a naive start, one not on a full hour, or before X had its present ids (2010-11-04);
            fewer than 2 users, or a volume that is not positive.
    """

    def __init__(
        self,
        seed: int,
        start: datetime,
        users: int = 600,
        events_per_day: float = 700.0,
        volume: Volume | None = None,
    ) -> None:
        self.seed = seed
        self.start = _hour_start(start)
        if users < 2 or events_per_day <= 0:
            raise ValueError(f"a world needs 2 users and some events, got {users} and {events_per_day}")
        self._volume = volume or Volume()
        self._per_hour = events_per_day / 24
        self._start_hour = int(self.start.timestamp()) // SECONDS_PER_HOUR
        self._next = self._start_hour - self._volume.warm_up_hours
        born = self._next * SECONDS_PER_HOUR
        self._population = Population(seed, born, users)
        self._book = TopicBook(seed, born)
        posts = events_per_day * self._volume.posts
        births = self._volume.births * events_per_day / 1000 / posts
        self._attention = Attention(self._book, self._population.users, births)
        self._news = NewsDesk(seed, self._book, self._volume.news * events_per_day / 1000)
        self._spam = SpamFarm(seed, self._book, events_per_day * self._volume.spam, users)
        self._videos = VideoSite(self._attention)
        self._searches = SearchEngine(posts)
        self._hours: list[Hour] = []
        self._number = 0
        self._day = -1
        self._lock = threading.Lock()

    @property
    def users(self) -> list[User]:
        """The ordinary users."""
        return list(self._population.users)

    @property
    def topics(self) -> list[Topic]:
        """Every topic made so far, as far as the world has been computed."""
        return list(self._book.topics)

    def hour(self, at: datetime) -> Hour:
        """Everything that happened in the hour that holds ``at``; nothing before the world's start.

        Raises:
            ValueError: ``at`` is naive.
        """
        index = _epoch_seconds(at) // SECONDS_PER_HOUR - self._start_hour
        if index < 0:
            return Hour((), (), ())
        with self._lock:
            while len(self._hours) <= index:
                self._advance()
            return self._hours[index]

    def events(self, source: Source, start: datetime, end: datetime) -> Iterator[Occurrence]:
        """What happened on one platform in ``[start, end)``, in order of time.

        A time is what the platform says, in whole seconds: a post at 0.4 s past the hour is at the hour.

        Raises:
            ValueError: a naive time.
        """
        first, last = _epoch_seconds(start), _epoch_seconds(end)
        for hour in range(first // SECONDS_PER_HOUR, -(-last // SECONDS_PER_HOUR)):
            record = self.hour(datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC))
            yield from (event for event in _on(source, record) if first <= event.milliseconds // 1000 < last)

    def _advance(self) -> None:
        hour = self._next
        if hour // 24 != self._day:
            self._day = hour // 24
            self._news.announce(self._day * 24 * SECONDS_PER_HOUR)
            self._spam.plan(self._day * 24 * SECONDS_PER_HOUR)
        self._attention.begin_hour()
        record = Hour(
            posts=tuple(self._post_all(hour)),
            videos=tuple(self._film_all(hour)),
            searches=tuple(self._search_all(hour)),
        )
        self._searches.notice(record.posts)
        if hour >= self._start_hour:
            self._hours.append(record)
        self._next += 1

    def _stream(self, hour: int, name: str) -> random.Random:
        return random.Random(f"{self.seed}:{hour}:{name}")

    def _agenda(self, rng: random.Random, hour: int, share: float) -> list[tuple[int, User]]:
        clock = hour_of_week(hour)
        count = poisson(rng, self._per_hour * share * self._population.rhythm(clock))
        times = sorted(rng.sample(range(_MS_PER_HOUR), count))
        authors = self._population.draw(rng, clock, count)
        return [(hour * _MS_PER_HOUR + time, author) for time, author in zip(times, authors, strict=True)]

    def _post_all(self, hour: int) -> Iterator[Post]:
        rng = self._stream(hour, "posts")
        agenda: list[tuple[int, User | Pasting]] = list(self._agenda(rng, hour, self._volume.posts))
        pasted = self._spam.due(hour * _MS_PER_HOUR, (hour + 1) * _MS_PER_HOUR)
        agenda += [(pasting.milliseconds, pasting) for pasting in pasted]
        news = self._news.on_x(hour * SECONDS_PER_HOUR)
        for now, who in sorted(agenda, key=lambda entry: entry[0]):
            self._number += 1
            if isinstance(who, Pasting):
                post = self._paste(rng, who)
            else:
                post = self._attention.post(rng, who, now, self._number, news)
            if post.parent is not None:
                post.parent.react(post.kind, now)
            self._attention.publish(post)
            yield post

    def _paste(self, rng: random.Random, pasting: Pasting) -> Post:
        topics = [pasting.tag]
        hot = self._attention.on_the_platform()
        if pasting.hijack and hot:
            topics.append(rng.choice(hot))
        text = " ".join([pasting.text, *(topic.label for topic in topics)])
        return Post(
            pasting.milliseconds, self._number, pasting.author, "original", text, "en", tuple(topics),
            url=pasting.url,
        )  # fmt: skip

    def _film_all(self, hour: int) -> Iterator[Video | Comment]:
        rng = self._stream(hour, "videos")
        news = self._news.on_youtube(hour * SECONDS_PER_HOUR)
        for index, (now, user) in enumerate(self._agenda(rng, hour, self._volume.videos)):
            yield self._videos.act(rng, user, now, f"{self.seed}:{hour}:{index}", news)

    def _search_all(self, hour: int) -> Iterator[Search]:
        rng = self._stream(hour, "searches")
        size = poisson(rng, self._per_hour * self._volume.searches)
        news = self._news.on_google(hour * SECONDS_PER_HOUR)
        yield from self._searches.trends(rng, hour * _MS_PER_HOUR, size, news)


def _on(source: Source, record: Hour) -> Iterable[Occurrence]:
    if source == "twitter":
        return record.posts
    if source == "youtube":
        return record.videos
    if source == "google_trends":
        return record.searches
    return (post for post in record.posts if is_posted(post, source))


def _epoch_seconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return int(at.timestamp())


def _hour_start(start: datetime) -> datetime:
    seconds = _epoch_seconds(start)
    if seconds % SECONDS_PER_HOUR or start.microsecond:
        raise ValueError(f"a world starts on a full hour, not at {start.isoformat()}")
    if seconds * 1000 < SNOWFLAKE_EPOCH:
        raise ValueError(f"a world starts after 2010-11-04, not at {start.isoformat()}")
    return start.astimezone(UTC)
