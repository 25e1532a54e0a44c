"""A collector for one simulated platform, with the interface of the real collectors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from trend_assets.simulator.google_trends import trend
from trend_assets.simulator.timeline import Comment, Occurrence, Post, Search
from trend_assets.simulator.twitter import tweet_page
from trend_assets.simulator.world import Source, World
from trend_assets.simulator.youtube import comment_thread, video_resource
from trend_assets.sources.collector import Usage
from trend_assets.sources.event import Payload
from trend_assets.sources.registry import parse

_MS_PER_HOUR = 3_600_000


class SimulatedCollector:
    """One source of a simulated world.

    Args:
        source: ``twitter``, ``youtube`` or ``google_trends``.
        world: where it happens; may be shared by collectors.
    """

    def __init__(self, source: Source, world: World) -> None:
        self.source = source
        self.world = world
        #: Begins with ``simulator``: so that its posts can never be taken for real ones.
        self.origin = f"simulator:seed={world.seed}"
        self.resumes = False
        #: The world is asked in this process: no request leaves it.
        self.usage = Usage()
        self.cursor = ""

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload]:
        """The events of ``[start, end)`` in order of time, each as received and as parsed.

        What is received is what the platform said at the end of the event's hour, however wide the
        range that is asked for; so an event's bytes are always the same.

        Raises:
            ValueError: a naive time.
        """
        for format_, raw_data in self.receive(start, end):
            yield Payload(format_, raw_data, parse(format_, raw_data))

    def receive(self, start: datetime, end: datetime) -> Iterator[tuple[str, str]]:
        """The same, not parsed: format and JSON text."""
        for event in self.world.events(self.source, start, end):
            at = (event.milliseconds // _MS_PER_HOUR + 1) * _MS_PER_HOUR
            format_, payload = _on_the_wire(event, at)
            yield format_, orjson.dumps(payload).decode()


def _on_the_wire(event: Occurrence, at: int) -> tuple[str, dict[str, Any]]:
    if isinstance(event, Post):
        return "x_v2", tweet_page(event, at)
    if isinstance(event, Search):
        return "google_trends", trend(event)
    if isinstance(event, Comment):
        return "youtube_v3", comment_thread(event)
    return "youtube_v3", video_resource(event, at)
