"""Decides hour by hour which phrases are topics, and which posts mention them.

A phrase becomes a topic in the hour in which enough different users of the last 24 hours have said it, in more than
one wording, and they are significantly more than its own past and than ordinary language would have. A name that no
dictionary holds may be no more than its past where many say it, and any word where the stream is about it. It stays
a topic while it is more than ordinary language would have, and some days longer. It is never a topic of posts before
that hour. On the first day nothing is known of the past, so nothing becomes one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from trend_assets.enrichment.phrases.background import RARE
from trend_assets.enrichment.phrases.births import SignificantPhrases, Tags, cluster, is_alone, is_borrowed, letters
from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.significance import Floats, Keys, PhraseBaseline, significance
from trend_assets.enrichment.phrases.window import Counts, Hour, Rows, Window, distinct_counts, known
from trend_assets.enrichment.phrases.words import Extractor

HOURS_A_DAY = 24
#: Users by post of the day who make a topic of a name that is no more than it has always been.
_STEADY_SHARE = 1e-3
#: Users by post of the day, today and on the days before, of a word that the stream is about.
_SUBJECT_SHARE = 0.05
#: The most frequent word (its share of the words of ordinary texts) that may be steady where the settings ask for such,
#: and the deviations above ordinary language that it needs, by those of a trend. Chosen on Hacker News' titles.
_RARE_WORD, _STEADY_SIGMA = 3e-5, 2
#: A user who says a phrase hour after hour counts so often.
_MOST_HOURS = 2
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

    def step(self, number: int, events: pl.DataFrame) -> list[TopicMention]:
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
        keys, places = np.unique(np.concatenate([hour.keys for hour in hours]), return_inverse=True)
        said = np.bincount(places, np.concatenate([hour.said_by for hour in hours]), len(keys))
        self.past.add_day(keys, said.astype(np.float64))
        taggers = Counter(tag for tag, _ in set().union(*(hour.taggers for hour in hours)))
        for tag, users in sorted(taggers.items()):
            if users >= self.choice.least_users and (name := letters(tag)):
                before = self.tags.get(name)
                if before is None or before[1] < day or tag > before[0]:
                    self.tags[name] = (tag, day)

    def _judge(self, hour: Hour) -> None:
        self._renew(hour)
        self._let_go(hour)
        if not self.past.weight:
            return
        at = self._promising(hour)
        if not len(at):
            return
        rows = self.window.rows(hour.keys[at])
        keys, users = distinct_counts(rows.keys, rows.users)
        said = np.minimum(self.window.said(keys), _MOST_HOURS * users)
        trend = self._trend(hour, at, said, users)
        chosen = (users >= self.choice.least_users) & (trend >= self.choice.sigma)
        if chosen.any():
            born = SignificantPhrases(keys[chosen], trend[chosen], users[chosen], hour.usual[at][chosen])
            self._add(rows, born, hour.number)

    def _renew(self, hour: Hour) -> None:
        """Notes which topics are unusual still."""
        keys = known(self.members)
        at, here = hour.places(keys)
        keys, usual = keys[here], hour.usual[at[here]]
        said = self.window.said(keys).astype(np.float64)
        unusual = significance(said, usual * self.window.words, posts=self.window.posts)
        for key in keys[unusual >= self.choice.sigma].tolist():
            self.members[key].last = hour.number

    def _let_go(self, hour: Hour) -> None:
        """Forgets phrases that were a tag's, and come with others now; they may become topics of their own."""
        keys = known(key for key, one in self.members.items() if is_borrowed(one.phrase, one.topic))
        keys = keys[hour.places(keys)[1]]
        rows = self.window.rows(keys)
        for key in keys.tolist():
            if not is_alone(rows.of(key), self.members[key].topic, self.window):
                del self.members[key]

    def _promising(self, hour: Hour) -> Counts:
        """Places of the hour's phrases that may have become significant, by a bound of who says them."""
        most = self.window.at_most(hour.keys)
        at = np.flatnonzero(most >= self.choice.least_users)
        ordinary = significance(
            most[at].astype(np.float64), hour.usual[at] * self.window.words, posts=self.window.posts
        )
        at = at[ordinary >= self.choice.sigma]
        settled = known({key for key, one in self.members.items() if one.strong} | self.blocked)
        at = at[~np.isin(hour.keys[at], settled)]
        return at[self._trend(hour, at, most[at], most[at]) >= self.choice.sigma]

    def _trend(self, hour: Hour, at: Counts, said: Counts, users: Counts) -> Floats:
        """By how many deviations the hour's phrases at these places are above their past, where they are unusual."""
        usual = hour.usual[at]
        unusual, trend = self.significances(hour.keys[at], usual, said, users)
        if self.choice.steady:
            words = (hour.lengths[at] == 1) & (usual <= _RARE_WORD)
            trend[words & (unusual >= _STEADY_SIGMA * self.choice.sigma)] = np.inf
        return np.where(unusual >= self.choice.sigma, trend, 0.0)

    def significances(self, keys: Keys, usual: np.ndarray, said: Counts, users: Counts) -> tuple[Floats, Floats]:
        """By how many deviations phrases are above ordinary language, and above their past as well.

        Infinitely far above their past are steady names and what the stream is about.
        """
        posts = self.window.posts
        counted, ordinary = said.astype(np.float64), usual * self.window.words
        mean, variance = self.past.of(keys)
        trend = significance(counted, np.maximum(mean, ordinary), variance, posts)
        least = 2 * self.choice.least_users
        # What no dictionary holds is the name of something, however long it has been talked about.
        named = np.isclose(usual, RARE, rtol=1e-6) & (users >= max(least, _STEADY_SHARE * posts))
        subject = np.minimum(mean, users) >= max(least, _SUBJECT_SHARE * posts)
        trend[named | subject] = np.inf
        return significance(counted, ordinary, posts=posts), trend

    def _add(self, rows: Rows, born: SignificantPhrases, hour: int) -> None:
        known_tags = {name: tag for name, (tag, _) in self.tags.items()}
        tagged = self.window.tagged()
        known_tags |= {name: tag for tag, posts in sorted(tagged.items()) if posts > 1 and (name := letters(tag))}
        topics = {key: member.topic for key, member in self.members.items() if member.strong}
        tags = Tags(known_tags, tagged)
        for key, topic, phrase, strong in cluster(rows, born, self.window, self.extractor, self.choice, topics, tags):
            topic = self.names.get(key, topic) if topic == phrase else topic
            self.members[key] = Member(topic, phrase, hour, strong)

    def _said(self, hour: Hour) -> list[TopicMention]:
        live = {
            key: (self.choice.counted(one.topic), one.phrase, one.strong, is_borrowed(one.phrase, one.topic))
            for key, one in self.members.items()
        }
        live |= {key: (self.choice.counted(name), name, True, False) for key, name in self.extractor.watched.items()}
        keys = known(key for key, (topic, *_) in live.items() if not self.choice.is_stopped(topic))
        at, here = hour.places(keys)
        keys = keys[here]
        if not len(keys):
            return []
        told = [live[key] for key in keys.tolist()]
        names = sorted({topic for topic, *_ in told})
        phrases = sorted({phrase for _, phrase, *_ in told})
        which, posts = hour.spread(at[here])
        # A post's own tags tell more than what a phrase has come with.
        borrowed = np.array([borrowed for *_, borrowed in told], bool)[which]
        kept = ~(borrowed & np.isin(posts, list(hour.tags)))
        which, posts = which[kept], posts[kept]
        topic = _numbered([topic for topic, *_ in told], names)[which]
        phrase = _numbered([phrase for _, phrase, *_ in told], phrases)[which]
        weak = np.array([not strong for _, _, strong, _ in told], bool)[which]
        rows = hour.rows[posts]
        order = np.lexsort((phrase, weak, topic, rows))
        rows, posts, topic, phrase, weak = (column[order] for column in (rows, posts, topic, phrase, weak))
        first = np.ones(len(rows), bool)
        first[1:] = (rows[1:] != rows[:-1]) | (topic[1:] != topic[:-1])
        # What says little alone needs another phrase of the same topic beside it.
        first &= ~weak | np.append(~first[1:], False)
        columns = (column[first].tolist() for column in (rows, posts, topic, phrase))
        return [
            TopicMention(row, names[topic], phrases[phrase])
            for row, post, topic, phrase in zip(*columns, strict=True)
            if names[topic] not in hour.tags.get(post, ())
        ]


def _numbered(values: list[str], among: list[str]) -> np.ndarray:
    numbers = {value: number for number, value in enumerate(among)}
    return np.array([numbers[value] for value in values], np.int64)
