"""Topics that look like spam."""

from __future__ import annotations

from datetime import datetime

from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader
from trend_assets.lake.spam_topics import SPAM_TOPICS, SPAM_WINDOW


def spam_topics(lake: LakeReader, cut: datetime) -> list[str]:
    """Those of whose posts in the 24 h before a cut at least half look like spam."""
    start = cut - SPAM_WINDOW
    within = [Within(table, "hour", start, cut) for table in ("events", "topic_phrases")]
    topics: list[str] = lake.read(SPAM_TOPICS, {"start": start, "end": cut}, *within)["topic"].to_list()
    return topics


def hidden_topics(lake: LakeReader, cut: datetime, spam: bool | None = None, watched: bool = False) -> list[str]:
    """Those that a top list of a cut leaves out: muted ones, and spam unless it is asked for or the list is watched."""
    attention = lake.settings.attention
    return [*attention.muted, *([] if attention.shows_spam(spam, watched) else spam_topics(lake, cut))]
