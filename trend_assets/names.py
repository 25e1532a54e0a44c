"""Names that all packages share and the API may import: files, and the sources and their event types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: The two files of a checkpoint: tensors, and what they are.
CHECKPOINT_TENSORS, CHECKPOINT_DESCRIPTION = "model.safetensors", "model.json"
#: Folders of the inbox: files that were imported, and files that could not be.
INBOX_DONE, INBOX_FAILED = "done", "failed"

#: What people do where they post; the words are those of the live sources, so that the graph knows them.
_POSTING = ("original", "retweet", "reply", "quote", "comment", "upload")


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from.

    Args:
        name: as in the column `source` and in every id.
        title: for people.
        event_types: what is done there; empty where any word is allowed.
        rare_types: what only archives of it tell; in the graph one with all other rare words.
        live: whether it can be asked hour by hour.
    """

    name: str
    title: str
    event_types: tuple[str, ...] = _POSTING
    rare_types: tuple[str, ...] = ()
    live: bool = False


#: The one list of sources: a new one is one row here, and its parsers' rows in `sources/registry.py`.
SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("twitter", "X", ("original", "retweet", "reply", "quote"), live=True),
        Source("youtube", "YouTube", ("upload", "trending", "comment"), ("watch", "search"), live=True),
        Source("google_trends", "Google Trends", ("trend", "interest"), live=True),
        Source("bluesky", "Bluesky", ("original", "reply", "quote", "retweet"), live=True),
        Source("mastodon", "Mastodon", ("original", "retweet", "reply", "quote", "trend"), live=True),
        Source("reddit", "Reddit"),
        Source("hacker_news", "Hacker News"),
        Source("telegram", "Telegram"),
        Source("discord", "Discord"),
        Source("tiktok", "TikTok"),
        Source("instagram", "Instagram"),
        Source("threads", "Threads"),
        Source("facebook", "Facebook"),
        Source("linkedin", "LinkedIn"),
        Source("tumblr", "Tumblr"),
        Source("weibo", "Weibo"),
        Source("douyin", "Douyin"),
        Source("vk", "VK"),
        Source("gab", "Gab"),
        Source("truth_social", "Truth Social"),
        Source("4chan", "4chan"),
        Source("8kun", "8kun"),
        Source("archive", "tables of other communities", ()),
    )
}

#: Event types by source; for sources that are not in it any word is one.
EVENT_TYPES: Mapping[str, tuple[str, ...]] = {
    source.name: source.event_types + source.rare_types for source in SOURCES.values() if source.event_types
}

#: Sources that are asked hour by hour.
LIVE_SOURCES = tuple(source.name for source in SOURCES.values() if source.live)

#: Those that the simulated world has.
SIMULATED_SOURCES: tuple[Literal["twitter", "youtube", "google_trends"], ...] = ("twitter", "youtube", "google_trends")
