"""Simulated web searches: Google's list of trends, hour by hour."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterable

from trend_assets.simulator.phrases import HOMES
from trend_assets.simulator.timeline import Post, Search
from trend_assets.simulator.topics import Topic

_MS_PER_HOUR = 3_600_000
_REMEMBERED_HOURS = 16
_COUNTED_HOURS = 6
#: Posts in six hours, at a thousand posts a day, from which searches follow.
_NOTICED = 4.0
#: The steps in which Google states approximate traffic.
_TRAFFIC = (200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


class SearchEngine:
    """Searches for what the news brings, and, some hours later, for what spreads on X.

    Args:
        posts_a_day: how many posts the world makes; tells what is much.
    """

    def __init__(self, posts_a_day: float) -> None:
        self._noticed = max(2.0, _NOTICED * posts_a_day / 1000)
        self._hours: deque[Counter[Topic]] = deque(maxlen=_REMEMBERED_HOURS)

    def trends(self, rng: random.Random, begins: int, size: int, news: Iterable[tuple[Topic, float]]) -> list[Search]:
        """At most ``size`` entries of the hour that begins then (ms since 1970), in order of time.

        Looks at the posts of the hours before only; ``news`` are outside topics with intensities.
        """
        heat = {topic: intensity * 2 for topic, intensity in news if intensity > 0.15}
        # A dict and not a set: sets of topics iterate in the order of memory addresses.
        for topic in dict.fromkeys(topic for hour in self._hours for topic in hour if topic.infectiousness):
            volume = self._volume(topic) / self._noticed
            if topic.news is None and volume >= 1:
                heat[topic] = volume
        listed: list[tuple[Topic, str, float]] = []
        while heat and len(listed) < size:
            topic = rng.choices(list(heat), list(heat.values()))[0]
            listed.append((topic, rng.choice(HOMES[topic.language])[1], heat.pop(topic)))
        times = sorted(rng.sample(range(_MS_PER_HOUR), len(listed)))
        return [
            Search(begins + time, topic.term, country, _traffic(rng, hot), topic)
            for time, (topic, country, hot) in zip(times, listed, strict=True)
        ]

    def notice(self, posts: Iterable[Post]) -> None:
        """Take in the posts of the hour that has ended."""
        self._hours.append(Counter(topic for post in posts for topic in post.topics))

    def _volume(self, topic: Topic) -> int:
        last = len(self._hours) - int(topic.lag)
        return sum(self._hours[hour][topic] for hour in range(max(0, last - _COUNTED_HOURS), max(0, last)))


def _traffic(rng: random.Random, heat: float) -> int:
    exact = 900 * heat * rng.lognormvariate(0, 0.5)
    return max((step for step in _TRAFFIC if step <= exact), default=_TRAFFIC[0])
