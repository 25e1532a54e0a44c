"""External shocks: topics that begin on one platform and reach the others later."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from trend_assets.simulator.topics import News, Topic, TopicBook
from trend_assets.simulator.vocabulary import COMMUNITIES

_DAY = 86_400
#: After this many hours nobody outside talks about it any more.
_REMEMBERED = 96 * 3600
_FAINT = 0.005


class NewsDesk:
    """Announces each day's news.

    Args:
        seed: of the world.
        book: where topics come from.
        per_day: news a day, on average.
    """

    def __init__(self, seed: int, book: TopicBook, per_day: float) -> None:
        self._seed = seed
        self._book = book
        self._per_day = per_day
        self._current: deque[Topic] = deque()

    def announce(self, day_begins: int) -> None:
        """Draw the news of the day that begins then (seconds since 1970)."""
        rng = random.Random(f"{self._seed}:{day_begins}:news")
        for _ in range(poisson(rng, self._per_day)):
            community = rng.choices(COMMUNITIES, [community.size for community in COMMUNITIES])[0]
            language = rng.choices(list(community.languages), list(community.languages.values()))[0]
            news = _news(rng, day_begins)
            born = min(news.begins_on_x, news.begins_on_google, news.begins_on_youtube)
            self._current.append(self._book.give_birth(rng, born, community, language, news=news))
        while self._current and self._current[0].born < day_begins - _REMEMBERED:
            self._current.popleft()

    def on_x(self, now: float) -> list[tuple[Topic, float]]:
        """What the outside brings to X at ``now`` (seconds since 1970), with its intensity."""
        return self._told(now, lambda news: news.begins_on_x)

    def on_youtube(self, now: float) -> list[tuple[Topic, float]]:
        """The same for YouTube."""
        return self._told(now, lambda news: news.begins_on_youtube)

    def on_google(self, now: float) -> list[tuple[Topic, float]]:
        """The same for searches on Google."""
        return self._told(now, lambda news: news.begins_on_google)

    def _told(self, now: float, begins: Callable[[News], float]) -> list[tuple[Topic, float]]:
        told = [
            (topic, topic.news.intensity(now, begins(topic.news))) for topic in self._current if topic.news is not None
        ]
        return [(topic, intensity) for topic, intensity in told if intensity > _FAINT]


def poisson(rng: random.Random, mean: float) -> int:
    """A Poisson number from a stream: arrivals of rate 1 until ``mean``."""
    count = 0
    elapsed = rng.expovariate(1.0)
    while elapsed < mean:
        count += 1
        elapsed += rng.expovariate(1.0)
    return count


def _news(rng: random.Random, day_begins: int) -> News:
    hours = [0.0, rng.uniform(0, 9), rng.uniform(1, 14)]
    # Searches or X come first; videos take time to make, but a premiere or a trailer leads at times.
    order = rng.choices(("xgy", "gxy", "yxg"), (0.45, 0.35, 0.2))[0]
    first = day_begins + rng.uniform(0, _DAY)
    begins = {platform: first + hour * 3600 for platform, hour in zip(order, hours, strict=True)}
    return News(
        size=rng.lognormvariate(0.2, 0.8),
        rise=rng.uniform(0.5, 5),
        fade=rng.lognormvariate(1.9, 0.5),
        begins_on_x=begins["x"],
        begins_on_youtube=begins["y"],
        begins_on_google=begins["g"],
    )
