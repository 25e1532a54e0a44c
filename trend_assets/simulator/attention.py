"""What a simulated user posts next: topics compete for limited attention along follower links.

The model is that of Weng, Flammini, Vespignani & Menczer (2012), "Competition among memes in a world with
limited attention", Scientific Reports 2: 335: everyone sees a short feed of what the followed accounts
posted and either passes on something seen or brings up something new. Added are complex contagion (several
neighbours persuade more than one, Centola & Macy 2007; Romero, Meeder & Kleinberg 2011), interests, decay
by recency and fatigue.
"""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trend_assets.simulator import texts
from trend_assets.simulator.population import User
from trend_assets.simulator.timeline import Post, PostKind
from trend_assets.simulator.topics import Topic, TopicBook
from trend_assets.simulator.vocabulary import COMMUNITIES

_MS_PER_HOUR = 3_600_000
_FEED_LENGTH = 45
_FEED_HOURS = 30.0
_RECENCY_HOURS = 7.0
_PERSUASION = 1.8
_FATIGUE = 0.4
_OTHER_LANGUAGE = 0.2
#: Relative weights of what competes for one post: set so that a day has about eight bursts and four
#: breakouts at the default volume, and more than counting can know.
_CONTAGION = 6.0
_PLATFORM = 0.4
_NEWS = 0.8
_PERENNIAL = 0.25
_CHATTER = 0.22
_SECOND_TOPIC = 0.10
_LABELLED_REPLY = 0.7
_BIRTHS_BY_SCOUTS = 6.0
_SCOUT_TASTE = 1.9
_OTHERS_TASTE = 0.75
_KINDS: tuple[PostKind, ...] = ("retweet", "quote", "reply", "original")
_KIND_SHARES = (0.42, 0.10, 0.15, 0.33)


@dataclass(slots=True)
class _Seen:
    """One topic as it stands in someone's feed."""

    latest: Post
    authors: set[int] = field(default_factory=set)


class Attention:
    """Everybody's feed, and the choice of what to post.

    Args:
        book: where topics come from.
        users: all who have feeds.
        births: topics born among users, per post.
    """

    def __init__(self, book: TopicBook, users: Sequence[User], births: float) -> None:
        self._book = book
        self._perennials = book.perennials
        self._feeds: dict[User, deque[Post]] = {user: deque(maxlen=_FEED_LENGTH) for user in users}
        self._said: dict[User, Counter[Topic]] = {user: Counter() for user in users}
        scouts = sum(user.scout for user in users) / len(users)
        self._births = births / (1 - scouts + scouts * _BIRTHS_BY_SCOUTS)
        self._recent: deque[Post] = deque(maxlen=60)
        self._platform: list[tuple[Topic, float]] = []

    def begin_hour(self) -> None:
        """Refresh what the whole platform is seen to talk about."""
        counts = Counter(topic for post in self._recent for topic in post.topics if topic.infectiousness)
        total = sum(counts.values()) or 1
        self._platform = [(topic, count / total) for topic, count in counts.most_common(6) if count > 1]

    def post(
        self, rng: random.Random, author: User, now: int, number: int, news: Iterable[tuple[Topic, float]]
    ) -> Post:
        """What ``author`` posts at ``now`` (ms since 1970) as post ``number``, drawn from the hour's stream.

        ``news`` are topics that the outside world talks about on this platform, with their intensities.
        """
        if rng.random() < self._births * (_BIRTHS_BY_SCOUTS if author.scout else 1.0):
            return self._original(rng, author, now, number, self._born(rng, author, now))
        seen = self._seen(author, now)
        topic = self._choose(rng, author, now, seen, news)
        if topic is None or topic not in seen:
            return self._original(rng, author, now, number, topic)
        return self._pass_on(rng, author, now, number, topic, seen[topic].latest)

    def choose(self, rng: random.Random, author: User, now: int, news: Iterable[tuple[Topic, float]]) -> Topic | None:
        """What ``author`` would talk about at ``now``, here or on another platform; None is small talk."""
        return self._choose(rng, author, now, self._seen(author, now), news)

    def on_the_platform(self) -> list[Topic]:
        """What most talk about at present, most first."""
        return [topic for topic, _ in self._platform]

    def publish(self, post: Post) -> None:
        """Show a post to all who follow its author."""
        post.author.posted.append(post.milliseconds)
        for follower in post.author.followers:
            self._feeds[follower].append(post)
        said = self._said.get(post.author)
        if said is not None:
            said.update(post.topics)
            self._recent.append(post)

    def _seen(self, author: User, now: int) -> dict[Topic, _Seen]:
        oldest = now - _FEED_HOURS * _MS_PER_HOUR
        seen: dict[Topic, _Seen] = {}
        for post in self._feeds[author]:
            if post.milliseconds < oldest:
                continue
            for topic in post.topics:
                entry = seen.get(topic)
                if entry is None:
                    entry = seen[topic] = _Seen(post)
                entry.latest = post
                entry.authors.add(post.author.number)
        return seen

    def _choose(
        self,
        rng: random.Random,
        author: User,
        now: int,
        seen: Mapping[Topic, _Seen],
        news: Iterable[tuple[Topic, float]],
    ) -> Topic | None:
        choices: list[tuple[Topic | None, float]] = [(None, _CHATTER)]
        choices += self._lasting(author, now)
        choices += self._contagious(author, now, seen)
        for topic, share in self._platform:
            choices.append((topic, _PLATFORM * share * self._pull(author, topic, now)))
        for topic, intensity in news:
            choices.append((topic, _NEWS * intensity * self._liking(author, topic)))
        return rng.choices([topic for topic, _ in choices], [weight for _, weight in choices])[0]

    def _lasting(self, author: User, now: int) -> list[tuple[Topic, float]]:
        weekday = (now // _MS_PER_HOUR + author.utc_offset) // 24 + 3
        return [
            (topic, _PERENNIAL * author.interests[topic.interest] * topic.share * topic.week[weekday % 7])
            for topic in self._perennials
        ]

    def _contagious(self, author: User, now: int, feed: Mapping[Topic, _Seen]) -> list[tuple[Topic, float]]:
        choices = []
        for topic, seen in feed.items():
            if not topic.infectiousness:
                continue
            persuasion = 1 + _PERSUASION * min(len(seen.authors) - 1, 4)
            recency = math.exp((seen.latest.milliseconds - now) / _MS_PER_HOUR / _RECENCY_HOURS)
            choices.append((topic, _CONTAGION * persuasion * recency * self._pull(author, topic, now)))
        return choices

    def _pull(self, author: User, topic: Topic, now: int) -> float:
        age = max(now / 1000 - topic.born, 0) / 3600
        return topic.infectiousness * self._liking(author, topic) * math.pow(0.5, age / topic.half_life)

    def _liking(self, author: User, topic: Topic) -> float:
        understood = 1.0 if author.language == topic.language else _OTHER_LANGUAGE
        said = self._said[author].get(topic, 0)
        return author.interests[topic.interest] * understood * _FATIGUE**said

    def _born(self, rng: random.Random, author: User, now: int) -> Topic:
        community = rng.choices(COMMUNITIES, author.interests)[0]
        language = author.language if author.language in community.dialects else "en"
        return self._book.give_birth(
            rng, now / 1000, community, language, taste=_SCOUT_TASTE if author.scout else _OTHERS_TASTE
        )

    def _original(self, rng: random.Random, author: User, now: int, number: int, topic: Topic | None) -> Post:
        if topic is None:
            text, language = texts.chatter(rng, author)
            return Post(now, number, author, "original", text, language, (), appeal=_appeal(rng, author, 0.5))
        text, language = texts.about(rng, author, topic)
        topics = [topic]
        if rng.random() < _SECOND_TOPIC:
            relatives = [other for other in self._perennials if other.community is topic.community]
            topics += [other for other in (rng.choice(relatives),) if other is not topic]
        text = " ".join([text, *(other.label for other in topics)])
        appeal = _appeal(rng, author, 0.6 + topic.infectiousness)
        return Post(now, number, author, "original", text, language, tuple(topics), appeal=appeal)

    def _pass_on(self, rng: random.Random, author: User, now: int, number: int, topic: Topic, seen: Post) -> Post:
        kind = rng.choices(_KINDS, _KIND_SHARES)[0]
        if kind == "original" or seen.author is author:
            return self._original(rng, author, now, number, topic)
        if kind == "retweet":
            origin = seen.parent if seen.kind == "retweet" and seen.parent is not None else seen
            if origin.author is author:
                return self._original(rng, author, now, number, topic)
            return Post(now, number, author, kind, "", origin.language, origin.topics, parent=origin)
        parent = seen.parent if seen.kind == "retweet" and seen.parent is not None else seen
        write = texts.about if kind == "quote" else texts.reply
        text, language = write(rng, author, topic)
        labelled = kind == "quote" or rng.random() < _LABELLED_REPLY
        text = f"{text} {topic.label}" if labelled else text
        topics = (topic,) if labelled else ()
        return Post(now, number, author, kind, text, language, topics, parent=parent, appeal=_appeal(rng, author, 0.4))


def _appeal(rng: random.Random, author: User, pull: float) -> float:
    return rng.lognormvariate(-3.6, 0.9) * author.followers_count * pull
