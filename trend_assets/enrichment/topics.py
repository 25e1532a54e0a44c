"""Topics of an event in their canonical spelling.

What counts as a hashtag or cashtag in a text is told by `sources.wire.tags`.
"""

from __future__ import annotations

from collections.abc import Iterable

from trend_assets.sources.event import Event
from trend_assets.sources.wire import tags
from trend_assets.topic_names import MAX_TOPIC_CHARACTERS, canonical_hashtag, canonical_topic


def hashtags_of(event: Event) -> list[str]:
    """The event's hashtags in canonical spelling, without sign, each once, in order."""
    listed: Iterable[str] = event.hashtags
    if _may_be_searched(event) and not event.hashtags:
        listed = tags.hashtags(event.text)
    return list(dict.fromkeys(tag for tag in map(canonical_hashtag, listed) if tag))


def topics_of(event: Event) -> list[str]:
    """The event's topics in canonical spelling, each once: hashtags, then what the source names.

    The text is searched for hashtags only where the event lists none, and for cashtags only where it
    names no topic, because a source that lists them knows better. The text of an archive's event that
    names its topic is not searched at all: there, `#eval` may be a command.
    """
    return topics_with(event, hashtags_of(event))


def topics_with(event: Event, hashtags: Iterable[str]) -> list[str]:
    """`topics_of` where the canonical hashtags are known already."""
    named: Iterable[str] = event.topics
    if not event.topics:
        named = ("$" + tag for tag in tags.cashtags(event.text))
    canonical = [f"#{tag}"[:MAX_TOPIC_CHARACTERS] for tag in hashtags]
    canonical += [topic for topic in map(canonical_topic, named) if topic]
    return list(dict.fromkeys(canonical))


def _may_be_searched(event: Event) -> bool:
    return event.source != "archive" or not event.topics
