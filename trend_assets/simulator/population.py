"""The simulated users, and who follows whom."""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

from trend_assets.simulator.identifiers import snowflake
from trend_assets.simulator.phrases import FIRST_NAMES, HOMES, LAST_NAMES
from trend_assets.simulator.rhythm import HOURS_PER_WEEK, weekly_activity
from trend_assets.simulator.vocabulary import COMMUNITIES, Community

_DAY = 86_400
_SCOUTS = 0.08
_CREATORS = 0.14
_FOLLOWS = 13
_SAME_COMMUNITY = 9.0
_SAME_LANGUAGE = 2.5
_FOLLOWS_BACK = 0.25
#: One simulated follower stands for this many accounts outside the simulation.
_UNSEEN_FOLLOWERS = 9.0


@dataclass(eq=False, slots=True)
class User:
    """One person, or one spam account.

    ``number`` counts all users ever made; ``interests`` are shares by community; ``activity`` is
    relative; ``scout`` marks those who find topics that later spread. Times are seconds since 1970.
    ``followers`` and ``following`` are users of this world, the two counts include the unseen ones;
    ``posted`` are the times (ms, rising) of the user's posts here.
    """

    number: int
    user_id: str
    username: str
    name: str
    description: str
    created: int
    community: Community
    interests: tuple[float, ...]
    language: str
    utc_offset: int
    country: str
    activity: float
    scout: bool = False
    creator: bool = False
    gen_z: bool = False
    spammer: bool = False
    verified: bool = False
    tweets_before: int = 0
    followers_count: int = 0
    following_count: int = 0
    followers: list[User] = field(default_factory=list, repr=False)
    following: list[User] = field(default_factory=list, repr=False)
    posted: list[int] = field(default_factory=list, repr=False)

    def posted_before(self, milliseconds: int) -> int:
        """Posts made in this world before that time (ms since 1970)."""
        return bisect_left(self.posted, milliseconds)


class Population:
    """All ordinary users with their ties; spam accounts come and go with their campaigns.

    Ties grow by preferential attachment (Barabási & Albert 1999) with homophily by community and
    language, so that communities are dense and a few accounts are followed by very many.
    """

    def __init__(self, seed: int, start: int, size: int) -> None:
        """Args: seed of the world; its beginning in seconds since 1970; the number of users."""
        rng = random.Random(f"{seed}:population")
        self.users = [_person(rng, number, start) for number in range(size)]
        _tie(self.users, np.random.default_rng([seed & 0xFFFFFFFF, size, 7]), rng)
        self._activity = _cumulative_activity(self.users)
        weekly = sum(row[-1] for row in self._activity)
        self._rhythm = [row[-1] * HOURS_PER_WEEK / weekly for row in self._activity]

    def rhythm(self, hour: int) -> float:
        """How busy an hour of the week is, 1 on average."""
        return self._rhythm[hour]

    def draw(self, rng: random.Random, hour: int, count: int) -> list[User]:
        """Who acts in an hour of the week, with repetition, by activity and rhythm."""
        return rng.choices(self.users, cum_weights=self._activity[hour], k=count)


def interests_around(rng: random.Random, community: Community) -> tuple[float, ...]:
    """Shares of attention by community, most of it for the person's own."""
    side = [rng.gammavariate(0.35, 1.0) for _ in COMMUNITIES]
    own = rng.betavariate(6, 3)
    total = sum(side) or 1.0
    return tuple(
        own * (other is community) + (1 - own) * share / total for other, share in zip(COMMUNITIES, side, strict=True)
    )


def _person(rng: random.Random, number: int, start: int) -> User:
    community = rng.choices(COMMUNITIES, [c.size for c in COMMUNITIES])[0]
    language = rng.choices(list(community.languages), list(community.languages.values()))[0]
    utc_offset, country = rng.choice(HOMES[language])
    created = start - int(_DAY * rng.uniform(60, 12 * 365))
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    dialect = community.dialects[language]
    return User(
        number=number,
        user_id=snowflake(created * 1000, number),
        username=f"{first}{last}{number}",
        name=f"{first} {last}",
        description=f"{community.name} | {rng.choice(dialect.nouns)}, {rng.choice(dialect.nouns)}",
        created=created,
        community=community,
        interests=interests_around(rng, community),
        language=language,
        utc_offset=utc_offset,
        country=country,
        activity=rng.lognormvariate(0.0, 1.1),
        scout=rng.random() < _SCOUTS,
        creator=rng.random() < _CREATORS,
        gen_z=rng.random() < community.youth,
        tweets_before=int(rng.lognormvariate(7.0, 1.2)),
    )


def _tie(users: list[User], draws: np.random.Generator, rng: random.Random) -> None:
    size = len(users)
    community = np.array([COMMUNITIES.index(user.community) for user in users])
    languages = sorted(HOMES)
    language = np.array([languages.index(user.language) for user in users])
    popularity = np.ones(size)
    follows: set[tuple[int, int]] = set()
    for newcomer in range(1, size):
        weight = (
            popularity[:newcomer]
            * np.where(community[:newcomer] == community[newcomer], _SAME_COMMUNITY, 1.0)
            * np.where(language[:newcomer] == language[newcomer], _SAME_LANGUAGE, 1.0)
        )
        wanted = min(newcomer, 1 + draws.poisson(_FOLLOWS))
        # Exponential keys draw without replacement in proportion to the weights (Efraimidis & Spirakis 2006).
        chosen = np.argsort(draws.exponential(size=newcomer) / weight)[:wanted]
        for followed in chosen.tolist():
            follows.add((newcomer, followed))
            popularity[followed] += 1
            if rng.random() < _FOLLOWS_BACK:
                follows.add((followed, newcomer))
                popularity[newcomer] += 1
    for follower, followed in sorted(follows):
        users[follower].following.append(users[followed])
        users[followed].followers.append(users[follower])
    for user in users:
        user.followers_count = int((1 + len(user.followers)) * rng.lognormvariate(0, 0.5) * _UNSEEN_FOLLOWERS)
        user.following_count = int(len(user.following) * rng.uniform(3, 12))
        user.verified = user.followers_count > 900


def _cumulative_activity(users: list[User]) -> list[list[float]]:
    rows = np.array(
        [
            np.multiply(
                user.activity,
                weekly_activity(
                    user.utc_offset,
                    lateness=(2.5 if user.gen_z else 0.0) + (user.number % 5 - 2) * 0.5,
                    week=user.community.week,
                ),
            )
            for user in users
        ]
    )
    sums: list[list[float]] = np.cumsum(rows, axis=0).T.tolist()
    return sums
