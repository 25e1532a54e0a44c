"""Simulated topics: perennial ones, and those that are born, spread and die."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trend_assets.simulator.phrases import ARABIC_NAMES, KANA, LATIN_SYLLABLES
from trend_assets.simulator.vocabulary import COMMUNITIES, EVERY_DAY, Community, Week

_HOUR = 3600.0
_ENTITIES = 18
#: How often something happens to one never heard of before.
_NEWCOMERS = 0.25
#: After this long the same thing may happen again, under the same label.
_FORGOTTEN_DAYS = 8


@dataclass(frozen=True, slots=True)
class News:
    """Attention that comes from outside the follower ties, platform by platform.

    It rises over ``rise`` and fades over ``fade`` hours from each platform's own beginning (seconds
    since 1970), so that one platform leads and another lags.
    """

    size: float
    rise: float
    fade: float
    begins_on_x: float
    begins_on_youtube: float
    begins_on_google: float

    def intensity(self, now: float, begins: float) -> float:
        """Attention at ``now`` on the platform where it begins at ``begins``; at most ``size``."""
        hours = (now - begins) / _HOUR
        if hours <= 0 or hours > 8 * self.fade:
            return 0.0
        return self.size * (1 - math.exp(-hours / self.rise)) * math.exp(-hours / self.fade)


@dataclass(frozen=True, eq=False, slots=True)
class Topic:
    """One topic.

    ``label`` is how X writes it, sign included, ``term`` how people search for it; ``interest`` is the
    community's place in a user's interests. ``infectiousness`` says
    how readily it is passed on, ``half_life`` (hours) how long. ``share`` and ``week`` are a perennial
    topic's, ``news`` that of a topic which the outside world brings. ``born`` is in seconds since 1970.
    """

    number: int
    label: str
    term: str
    entity: str
    kind: str
    community: Community
    interest: int
    language: str
    nouns: tuple[str, ...]
    born: float
    infectiousness: float = 0.0
    half_life: float = 24.0
    share: float = 0.0
    week: Week = EVERY_DAY
    news: News | None = None

    @property
    def perennial(self) -> bool:
        """Whether it is always talked of."""
        return self.share > 0

    @property
    def lag(self) -> float:
        """Hours by which searches follow the posts of a topic that spreads by itself; 1 to 7."""
        return 1.0 + self.number * 2.618 % 6.0


class TopicBook:
    """Makes topics and knows every one that was made.

    The entities of a community (people, products, teams) come back in topic after topic, and some are
    more talked about than others.
    """

    def __init__(self, seed: int, born: float) -> None:
        """Args: seed of the world; its beginning, when the perennial topics are already there."""
        rng = random.Random(f"{seed}:topics")
        self.topics: list[Topic] = []
        self._last_born: dict[str, float] = {}
        self._spam: dict[str, Topic] = {}
        self._entities = {
            (community.name, language): [_made_up(rng, language) for _ in range(_ENTITIES)]
            for community in COMMUNITIES
            for language in community.languages
        }
        for community in COMMUNITIES:
            for perennial in community.perennials:
                self._add(
                    label=perennial.label,
                    term=perennial.label[1:],
                    entity=perennial.label[1:],
                    kind="",
                    community=community,
                    language=next(iter(community.languages)),
                    nouns=next(iter(community.dialects.values())).nouns,
                    born=born,
                    share=perennial.share,
                    week=perennial.week,
                )

    @property
    def perennials(self) -> list[Topic]:
        """The topics that are always talked of."""
        return [topic for topic in self.topics if topic.perennial]

    def give_birth(
        self,
        rng: random.Random,
        born: float,
        community: Community,
        language: str,
        taste: float = 1.0,
        news: News | None = None,
    ) -> Topic:
        """A new topic; ``taste`` (1 is average) makes it more infectious."""
        dialect = community.dialects[language]
        entity, popularity = self._known_or_new(rng, community, language)
        kind = rng.choice(list(dialect.kinds))
        return self._add(
            label=self._free(_label(rng, entity, kind, language, community.cashtags), born),
            term=f"{entity} {kind}".casefold(),
            entity=entity,
            kind=kind,
            community=community,
            language=language,
            nouns=tuple(rng.sample(dialect.nouns, 4)),
            born=born,
            infectiousness=rng.lognormvariate(-0.35, 0.85) * dialect.kinds[kind] * popularity * taste,
            half_life=rng.lognormvariate(math.log(10), 0.5),
            news=news,
        )

    def spam(self, label: str, born: float) -> Topic:
        """The topic of a spam campaign; the same label is the same topic."""
        known = self._spam.get(label)
        if known is None:
            known = self._spam[label] = self._add(
                label=label, term=label[1:], entity=label[1:], kind="", community=COMMUNITIES[0],
                language="en", nouns=("offer", "link", "prize", "deal"), born=born,
            )  # fmt: skip
        return known

    def _known_or_new(self, rng: random.Random, community: Community, language: str) -> tuple[str, float]:
        known = self._entities[community.name, language]
        if rng.random() < _NEWCOMERS:
            known.append(_made_up(rng, language))
            return known[-1]
        return rng.choice(known)

    def _add(self, community: Community, **values: Any) -> Topic:
        interest = COMMUNITIES.index(community)
        topic = Topic(number=len(self.topics), community=community, interest=interest, **values)
        self.topics.append(topic)
        self._last_born[topic.label.casefold()] = topic.born
        return topic

    def _free(self, label: str, now: float) -> str:
        def is_free(name: str) -> bool:
            before = self._last_born.get(name.casefold())
            return before is None or now - before > _FORGOTTEN_DAYS * 24 * _HOUR

        return next(name for name in _numbered(label) if is_free(name))


def _numbered(label: str) -> Iterable[str]:
    yield label
    for number in itertools.count(2):
        # A cashtag takes no digits.
        yield f"{label}{number}" if label[0] == "#" else label + "X" * (number - 1)


def _made_up(rng: random.Random, language: str) -> tuple[str, float]:
    return _entity(rng, language), rng.lognormvariate(0, 0.45)


def _entity(rng: random.Random, language: str) -> str:
    if language == "ja":
        return "".join(rng.choices(KANA, k=rng.choice((3, 4))))
    if language == "ar":
        return rng.choice(ARABIC_NAMES)
    return "".join(rng.choices(LATIN_SYLLABLES, k=rng.choice((2, 2, 3)))).capitalize()


def _label(rng: random.Random, entity: str, kind: str, language: str, cashtags: bool) -> str:
    if cashtags and rng.random() < 0.6:
        return "$" + entity.upper()[:4]
    return f"#{entity}_{kind}" if language == "ar" else f"#{entity}{kind}"
