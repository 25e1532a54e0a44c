"""Decides hour by hour which phrases are topics, and which posts mention them.

A phrase becomes a topic in the hour in which enough different users of the last 24 hours have said it, in more than
one wording, and they are significantly more than its own past and than ordinary language would have. A name that no
dictionary holds may be no more than its past where many say it. It stays a topic while it is more than ordinary
language would have, and some days longer. It is never a topic of posts before that hour. On the first day nothing is
known of the past, so nothing becomes one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from trend_assets.enrichment.phrases.background import RARE
from trend_assets.enrichment.phrases.births import LEAST_WORDINGS, SignificantPhrases, Tags, cluster
from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.significance import Floats, PhraseBaseline, significance
from trend_assets.enrichment.phrases.window import Hour, Rows, Window, distinct_counts, known
from trend_assets.enrichment.phrases.words import Extractor

HOURS_A_DAY = 24
#: Users by post of the day who make a topic of a name that is no more than it has always been.
_STEADY_SHARE = 1e-3
#: Tags and names that are remembered beyond the window.
_REMEMBERED = 50_000


class TopicMention(NamedTuple):
    """A mention of a topic in a post: the row in the hour's events, the topic, and the phrase that was found."""

    row: int
    topic: str
    phrase: str


@dataclass(slots=True)
class Member:
    """A phrase that stands for a topic."""

    topic: str
    phrase: str
    #: Hour in which it was last unusual.
    last: int
    #: Whether it stands for the topic alone; else a post must say two such.
    strong: bool


class Tracker:
    """Hours go in in order; what an hour gives depends on the hours before and on itself alone.

    Attributes:
        day: since 1970, to which the newest hour belongs; None before the first.
        past: users a day of phrases, of the days before.
        members: phrases that stand for a topic now, by key.
        tags: topics that the sources gave, by their letters, to the last day with `least_users` posts.
        names: of phrases that were topics once, by key.
    """

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.extractor = Extractor(choice.watch)
        self.blocked = frozenset(Extractor(choice.block).watched)
        self.window = Window()
        self.day: int | None = None
        self.past = PhraseBaseline()
        self.members: dict[int, Member] = {}
        self.tags: dict[str, tuple[str, int]] = {}
        self.names: dict[int, str] = {}

    def fill(self, number: int, events: pl.DataFrame) -> None:
        """Takes in an hour that was judged before: hours of the day before a state."""
        self.window.add(Hour.of(number, events, self.extractor))

    def step(self, number: int, events: pl.DataFrame) -> Iterator[TopicMention]:
        """Takes in the next hour.

        Args:
            number: hours since 1970, greater than any before.
            events: the hour's rows of `EVENTS`.
        """
        self.advance(number // HOURS_A_DAY)
        hour = Hour.of(number, events, self.extractor)
        self.window.add(hour)
        self._judge(hour)
        return self._said(hour)

    def advance(self, day: int) -> None:
        """Ends the days before `day`: they are past now, and what was long usual is a topic no more."""
        if self.day is not None and day > self.day:
            self._end_day(self.day)
            oldest = (day - self.choice.days) * HOURS_A_DAY
            for key in [key for key, member in self.members.items() if member.last < oldest]:
                self.names[key] = self.members.pop(key).phrase
            for name in [name for name, (_, last) in self.tags.items() if last < day - 30]:
                del self.tags[name]
            while len(self.names) > _REMEMBERED:
                del self.names[next(iter(self.names))]
        self.day = day

    def _end_day(self, day: int) -> None:
        hours = [hour for hour in self.window.hours if hour.number // HOURS_A_DAY == day]
        if not hours:
            return
        keys, said = distinct_counts(
            np.concatenate([hour.keys for hour in hours]), np.concatenate([hour.users[hour.posts] for hour in hours])
        )
        self.past.add_day(keys, said.astype(np.float64))
        taggers = Counter(tag for tag, _ in set().union(*(hour.taggers for hour in hours)))
        for tag, users in sorted(taggers.items()):
            if users >= self.choice.least_users and (name := letters(tag)):
                before = self.tags.get(name)
                if before is None or before[1] < day or tag > before[0]:
                    self.tags[name] = (tag, day)

    def _judge(self, hour: Hour) -> None:
        many = hour.distinct[self.window.at_most(hour.distinct) >= self.choice.least_users]
        rows = self.window.rows(known({*many.tolist(), *self.members}))
        keys, users = distinct_counts(rows.keys, rows.users)
        if not len(keys):
            return
        _, wordings = distinct_counts(rows.keys, rows.wordings)
        starts = np.searchsorted(rows.keys, keys)
        usual = np.maximum.reduceat(rows.usual, starts)
        ordinary = usual * self.window.words
        said = users.astype(np.float64)
        unusual = significance(said, ordinary, posts=self.window.posts) >= self.choice.sigma
        here = np.isin(keys, hour.distinct)
        for key in keys[here & unusual].tolist():
            if key in self.members:
                self.members[key].last = hour.number
        least = self.choice.least_users
        enough = (users >= least) & ((wordings >= LEAST_WORDINGS) | (users >= 2 * least))
        trend = self._trend(keys, said, ordinary)
        # What no dictionary holds is the name of something, however long it has been talked about.
        names = np.isclose(usual, RARE, rtol=1e-6) & (users >= max(2 * least, _STEADY_SHARE * self.window.posts))
        chosen = here & unusual & enough & ((trend >= self.choice.sigma) | names)
        chosen[chosen] = [self._may_begin(key) for key in keys[chosen].tolist()]
        if chosen.any() and self.past.weight:
            self._add(rows, SignificantPhrases(keys[chosen], users[chosen], wordings[chosen]), hour.number)

    def _may_begin(self, key: int) -> bool:
        member = self.members.get(key)
        return (member is None or not member.strong) and key not in self.blocked

    def _trend(self, keys: np.ndarray, said: Floats, ordinary: Floats) -> Floats:
        mean, variance = self.past.of(keys)
        return significance(said, np.maximum(mean, ordinary), variance, self.window.posts)

    def _add(self, rows: Rows, born: SignificantPhrases, hour: int) -> None:
        known_tags = {name: tag for name, (tag, _) in self.tags.items()}
        tagged = self.window.tagged()
        known_tags |= {name: tag for tag, posts in sorted(tagged.items()) if posts > 1 and (name := letters(tag))}
        topics = {key: member.topic for key, member in self.members.items() if member.strong}
        tags = Tags(known_tags, tagged)
        for key, topic, phrase, strong in cluster(rows, born, self.window, self.extractor, self.choice, topics, tags):
            topic = self.names.get(key, topic) if topic == phrase else topic
            self.members[key] = Member(topic, phrase, hour, strong)

    def _said(self, hour: Hour) -> Iterator[TopicMention]:
        live = {key: (one.topic, one.phrase, one.strong) for key, one in self.members.items()}
        live |= {key: (name, name, True) for key, name in self.extractor.watched.items()}
        chosen = np.isin(hour.keys, known(live))
        found: dict[tuple[int, str], list[tuple[bool, str]]] = defaultdict(list)
        for post, key in zip(hour.posts[chosen].tolist(), hour.keys[chosen].tolist(), strict=True):
            topic, phrase, strong = live[key]
            found[post, self.choice.counted(topic)].append((not strong, phrase))
        for (post, topic), phrases in sorted(found.items()):
            weak, phrase = min(phrases)
            told = len(phrases) > 1 or not weak
            if told and topic not in hour.tags[post] and not self.choice.is_stopped(topic):
                yield TopicMention(post, topic, phrase)


def letters(tag: str) -> str:
    """The letters and digits of a topic, by which a phrase is recognised as a tag."""
    return "".join(char for char in tag if char.isalnum())
