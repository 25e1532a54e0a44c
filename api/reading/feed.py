"""Broadcasts new data in the lake to all listeners of `/stream`: one poll a second, however many they are."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool

from api.reading.lake import LakeReader
from api.reading.spam import hidden_topics
from trend_assets.lake.connection import LakeError

_EVERY_SECONDS = 1.0
_ALIVE_SECONDS = 15.0
#: A listener who is so far behind is sent away, and comes back with its Last-Event-ID.
_BEHIND = 256
#: Cuts that a listener who comes back is told of.
_MISSED_CUTS = 48
_TOP = 10
_TRAINED = "SELECT max(week) FROM training_runs WHERE status = 'succeeded'"
_CUTS = "SELECT DISTINCT cut FROM predictions WHERE cut > coalesce(?, cut - INTERVAL 1 HOUR) ORDER BY cut DESC LIMIT ?"
_PREDICTIONS = """
    SELECT label, topic, rank, score, confidence, made FROM predictions
    WHERE cut = ? AND revision = 0 AND topic NOT IN (SELECT unnest(?::VARCHAR[]))
    QUALIFY row_number() OVER (PARTITION BY label ORDER BY rank) <= ? ORDER BY label, rank
"""


@dataclass(frozen=True, slots=True)
class News:
    """One server-sent event; its id is the lake's snapshot, so that a client can resume after it."""

    kind: str
    snapshot: int
    data: dict[str, Any]

    def encoded(self) -> bytes:
        """The event as it is sent."""
        return b"event: %b\nid: %d\ndata: %b\n\n" % (self.kind.encode(), self.snapshot, orjson.dumps(self.data))


class Feed:
    """Polls the lake while there are listeners.

    Args:
        reader: reads the lake.
    """

    def __init__(self, reader: LakeReader) -> None:
        self._reader = reader
        self._listeners: set[asyncio.Queue[News | None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    async def listen(self, since: int | None) -> AsyncIterator[bytes]:
        """Server-sent events: the current state, events missed since snapshot `since`, then new ones."""
        queue: asyncio.Queue[News | None] = asyncio.Queue(_BEHIND)
        self._listeners.add(queue)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            for news in await run_in_threadpool(self._before, since):
                yield news.encoded()
            while not self._closed:
                try:
                    fresh = await asyncio.wait_for(queue.get(), _ALIVE_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if fresh is None:
                    return
                yield fresh.encoded()
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Ends all streams, so that the server can shut down."""
        self._closed = True
        for queue in self._listeners:
            _put(queue, None)

    def _before(self, since: int | None) -> list[News]:
        try:
            snapshot = self._reader.snapshot()
            if since is None:
                newest = self._reader.newest("predictions", "cut")
                cuts = [newest] if newest else []
            else:
                cuts = self._cuts(self._newest_at(since)) if since < snapshot else []
            return [self._status(snapshot), *(self._forecast(snapshot, cut) for cut in cuts)]
        except LakeError as error:
            return [_unavailable(since or 0, error)]

    def _newest_at(self, snapshot: int) -> datetime | None:
        """The newest cut that the lake held at a snapshot; None where it is no longer known."""
        try:
            found = self._reader.read(f"SELECT max(cut) AS cut FROM lake.main.predictions AT (VERSION => {snapshot:d})")
        except LakeError:
            return None
        newest: datetime | None = found["cut"].item()
        return newest

    async def _look(self) -> None:
        known, newest, readable = -1, None, True
        while self._listeners and not self._closed:
            try:
                snapshot = await run_in_threadpool(self._reader.snapshot)
                if snapshot != known or not readable:
                    news, newest = await run_in_threadpool(self._news, snapshot, newest, known >= 0)
                    if known >= 0 or not readable:
                        self._tell(news)
                    known, readable = snapshot, True
            except LakeError as error:
                if readable:
                    self._tell([_unavailable(max(known, 0), error)])
                readable = False
            await asyncio.sleep(_EVERY_SECONDS)

    def _news(self, snapshot: int, newest: datetime | None, known: bool) -> tuple[list[News], datetime | None]:
        cuts = self._cuts(newest) if known else self._cuts(None)[-1:]
        forecasts = [self._forecast(snapshot, cut) for cut in cuts]
        return [self._status(snapshot), *forecasts], cuts[-1] if cuts else newest

    def _cuts(self, after: datetime | None) -> list[datetime]:
        return self._reader.read(_CUTS, [after, _MISSED_CUTS])["cut"].reverse().to_list()

    def _status(self, snapshot: int) -> News:
        stands = {
            "last_event": self._reader.newest("raw_events", "timestamp"),
            "last_prediction": self._reader.newest("predictions", "cut"),
            "last_training": self._reader.value(_TRAINED),
        }
        return News("status", snapshot, {"status": "ok", "snapshot": snapshot, **stands})

    def _forecast(self, snapshot: int, cut: datetime) -> News:
        labels: dict[str, list[dict[str, Any]]] = {}
        for row in self._reader.read(_PREDICTIONS, [cut, hidden_topics(self._reader, cut), _TOP]).iter_rows(named=True):
            labels.setdefault(row.pop("label"), []).append(row)
        return News("predictions", snapshot, {"cut": cut, "labels": labels})

    def _tell(self, news: list[News]) -> None:
        for queue in self._listeners:
            for item in news:
                _put(queue, item)


def _put(queue: asyncio.Queue[News | None], item: News | None) -> None:
    if queue.full():
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                queue.get_nowait()
        item = None
    queue.put_nowait(item)


def _unavailable(snapshot: int, error: LakeError) -> News:
    return News("status", snapshot, {"status": "unavailable", "reason": str(error)})
