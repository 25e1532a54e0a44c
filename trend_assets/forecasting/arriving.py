"""Mentions as they arrive, in micro-batches, and the history of those that are known so far."""

from __future__ import annotations

import threading
from datetime import datetime

import polars as pl

from trend_assets.forecasting.history import MENTIONS_SCHEMA, TEXT, History, to_datetime, to_epoch
from trend_assets.forecasting.mentions import DETAILS, checked
from trend_assets.periods import hour_start


class ArrivingMentions:
    """Takes in micro-batches in order of time; a history of them costs what came since the last one was asked.

    A second is part of the history when a later mention has arrived, or a later moment was asked about: then
    whatever order its mentions came in, they stand in it as if all had come at once. Safe to use from many threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: list[pl.DataFrame] = []
        self._waiting: list[pl.DataFrame] = []
        self._latest: datetime | None = None
        self._history: History | None = None

    def add(self, mentions: pl.DataFrame) -> None:
        """Takes in a micro-batch.

        Args:
            mentions: as `MENTIONS_SCHEMA`, with or without texts, none earlier than what was taken in before.

        Raises:
            ValueError: another schema, or a mention of the past.
        """
        if mentions.drop(TEXT, *dict(DETAILS.values()), strict=False).schema != MENTIONS_SCHEMA:
            raise ValueError(f"mentions: expected {dict(MENTIONS_SCHEMA)}, got {dict(mentions.schema)}")
        mentions = checked(mentions)
        if mentions.is_empty():
            return
        first, last = mentions["timestamp"][0], mentions["timestamp"][-1]
        with self._lock:
            if self._latest is not None and first < self._latest:
                raise ValueError(f"a mention at {first} came after one at {self._latest}: batches must be in order")
            if self._history is not None and to_epoch(first) < self._history.end:
                # A moment ahead of the stream was asked about, and what it did not know came after all.
                self._waiting, self._taken, self._history = [*self._taken, *self._waiting], [], None
            self._waiting.append(mentions)
            self._latest = last

    @property
    def begun(self) -> bool:
        """Whether anything has arrived."""
        return self._latest is not None

    @property
    def waiting(self) -> int:
        """Mentions that have arrived since a history was last asked for, and those of the latest second."""
        with self._lock:
            return sum(frame.height for frame in self._waiting)

    def history(self, until: datetime | None = None) -> History:
        """Everything before `until`, by default before the second of the latest mention.

        Raises:
            ValueError: nothing has arrived yet.
        """
        with self._lock:
            if self._latest is None:
                raise ValueError("nothing was observed yet")
            end = self._latest.replace(microsecond=0)
            if until is not None:
                end = max(end, to_datetime(to_epoch(until)))
            if self._history is None or self._history.end < to_epoch(end):
                self._history = self._grown(end)
            return self._history if until is None else self._history.until(until)

    def _grown(self, end: datetime) -> History:
        waiting = pl.concat(self._waiting, how="diagonal") if self._waiting else self._taken[-1].clear()
        known = pl.col("timestamp") < end
        frame, rest = waiting.filter(known), waiting.filter(~known)
        if self._history is None:
            history = History.from_mentions(frame, hour_start(waiting["timestamp"][0]), end)
        else:
            history = self._history.extended(frame, end)
        # Kept as they are for the case that all must be read anew.
        self._taken.append(frame)
        self._waiting = [rest] if rest.height else []
        return history
