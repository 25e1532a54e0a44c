"""Simulated copy-paste spam: young accounts with few followers that repeat one text and one link."""

from __future__ import annotations

import random
from dataclasses import dataclass

from trend_assets.simulator import texts
from trend_assets.simulator.identifiers import opaque, snowflake
from trend_assets.simulator.news import poisson
from trend_assets.simulator.phrases import SPAM_TAGS
from trend_assets.simulator.population import User
from trend_assets.simulator.topics import Topic, TopicBook
from trend_assets.simulator.vocabulary import COMMUNITIES

_DAY = 86_400
_MEAN_POSTS = 13


@dataclass(frozen=True, slots=True)
class Pasting:
    """One post that a campaign will make at ``milliseconds`` since 1970."""

    milliseconds: int
    author: User
    text: str
    url: str
    tag: Topic
    hijack: bool


class SpamFarm:
    """Plans each day's campaigns.

    Args:
        seed: of the world.
        book: where topics come from.
        per_day: spam posts a day, on average.
        first_number: numbers its accounts from here.
    """

    def __init__(self, seed: int, book: TopicBook, per_day: float, first_number: int) -> None:
        self._seed = seed
        self._book = book
        self._campaigns = per_day / _MEAN_POSTS
        self._number = first_number
        self._planned: list[Pasting] = []

    def plan(self, day_begins: int) -> None:
        """Draw the campaigns of the day that begins then (seconds since 1970)."""
        rng = random.Random(f"{self._seed}:{day_begins}:spam")
        for campaign in range(poisson(rng, self._campaigns)):
            self._planned += self._campaign(rng, day_begins, f"{day_begins}:{campaign}")

    def due(self, begins: int, ends: int) -> list[Pasting]:
        """What is to be posted in ``[begins, ends)`` (ms since 1970); what was planned before is dropped."""
        due = [pasting for pasting in self._planned if begins <= pasting.milliseconds < ends]
        self._planned = [pasting for pasting in self._planned if pasting.milliseconds >= ends]
        return due

    def _campaign(self, rng: random.Random, day_begins: int, key: str) -> list[Pasting]:
        begins = day_begins + rng.uniform(0, _DAY)
        lasts = rng.uniform(1.5, 12) * 3600
        accounts = [self._account(rng, int(begins)) for _ in range(rng.randint(4, 9))]
        text = texts.spam(rng)
        url = f"https://win-{opaque(f'spam:{self._seed}:{key}', 6).lower()}.example/go"
        tag = self._book.spam(rng.choice(SPAM_TAGS), begins)
        return [
            Pasting(int((begins + rng.uniform(0, lasts)) * 1000), rng.choice(accounts), text, url, tag,
                    hijack=rng.random() < 0.5)
            for _ in range(1 + poisson(rng, _MEAN_POSTS - 1))
        ]  # fmt: skip

    def _account(self, rng: random.Random, begins: int) -> User:
        number = self._number
        self._number += 1
        created = begins - int(rng.uniform(0.2, 21) * _DAY)
        return User(
            number=number,
            user_id=snowflake(created * 1000, number),
            username=f"{rng.choice(('win', 'deal', 'promo', 'cash'))}{number}{rng.randint(10_000, 99_999)}",
            name="Best Deals",
            description="",
            created=created,
            community=COMMUNITIES[0],
            interests=(0.0,) * len(COMMUNITIES),
            language="en",
            utc_offset=0,
            country="US",
            activity=0.0,
            spammer=True,
            tweets_before=rng.randint(0, 400),
            followers_count=rng.randint(0, 12),
            following_count=rng.randint(50, 2000),
        )
