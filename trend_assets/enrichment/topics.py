"""The topics of an event, in canonical spelling.

What counts as a hashtag or cashtag in a text is told by `sources.wire.tags`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from trend_assets.sources.event import Event
from trend_assets.sources.wire import tags
from trend_assets.topic_names import MAX_TOPIC_CHARACTERS, canonical_hashtag, canonical_topic


def hashtags_of(event: Event) -> list[str]:
    """The event's hashtags in canonical spelling, without sign, each once, in order."""
    listed = _listed_or_searched(event)
    return list(_canonical_hashtags(listed)) if listed else []


def topics_of(event: Event) -> list[str]:
    """The event's topics in canonical spelling, each once: hashtags, then what the source names.

    The text is searched for hashtags only where the event lists none, and for cashtags only where it
    names no topic, because a source that lists them knows better. The text of an archive's event that
    names its topic is not searched at all: there, `#eval` may be a command.
    """
    return list(_canonical_topics(_listed_or_searched(event), _named_or_searched(event)))


def topics_with(event: Event, hashtags: Iterable[str]) -> list[str]:
    """`topics_of` where the canonical hashtags are known already."""
    return list(_canonical_topics(tuple(hashtags), _named_or_searched(event)))


def _listed_or_searched(event: Event) -> tuple[str, ...]:
    if event.hashtags or (event.source == "archive" and event.topics):
        return event.hashtags
    return tags.hashtags(event.text)


def _named_or_searched(event: Event) -> tuple[str, ...]:
    return event.topics or tuple("$" + tag for tag in tags.cashtags(event.text))


@lru_cache(maxsize=1 << 14)  # posts name the same few together
def _canonical_hashtags(listed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for tag in map(canonical_hashtag, listed) if tag))


@lru_cache(maxsize=1 << 14)
def _canonical_topics(listed: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    topics = [f"#{tag}"[:MAX_TOPIC_CHARACTERS] for tag in _canonical_hashtags(listed)]
    topics += [topic for topic in map(canonical_topic, named) if topic]
    return tuple(dict.fromkeys(topics))
