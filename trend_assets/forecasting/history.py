"""Mentions of topics in order of time, and the only way in which code at a cut sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from trend_assets.forecasting.mentions import MENTIONS_SCHEMA, TEXT, Derived, Mentions, checked, seconds
from trend_assets.graph.growing import pair

__all__ = ["HOUR", "MENTIONS_SCHEMA", "TEXT", "History", "to_datetime", "to_epoch"]

HOUR = 3600

D = TypeVar("D", bound=Derived)


def to_epoch(moment: datetime) -> int:
    """Whole seconds since 1970-01-01 UTC of a timezone-aware moment.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: all times are UTC and timezone-aware")
    return int(moment.timestamp() // 1)


def to_datetime(epoch: int) -> datetime:
    """The UTC datetime of whole seconds since 1970-01-01."""
    return datetime.fromtimestamp(int(epoch), UTC)


@dataclass(frozen=True, eq=False)
class History:
    """Mentions known before `end`: immutable, sorted by time, one row for each event and topic.

    Topics and users are numbered by first appearance, so that a view's topics are the first ones of
    the whole. Build it with `from_mentions`; `until` is how code at a cut sees only the past; `extended`
    has later mentions, too, and costs only what these cost.

    Args:
        start: first second that the history covers (epoch seconds UTC), inclusive.
        end: first second that it does not cover (epoch seconds UTC).
    """

    start: int
    end: int
    _all: Mentions = field(repr=False)
    _size: int = field(repr=False)

    @classmethod
    def from_mentions(cls, frame: pl.DataFrame, start: datetime | None = None, end: datetime | None = None) -> History:
        """A history of all mentions in `frame`.

        Args:
            frame: `timestamp` (Datetime us UTC), `topic` (str), `user_id` (str, may be null), `weight`
                (f64); in any order; a topic once an event. May have `text` (list of f32, null where not
                known); that of a topic's first mention is the topic's text. May have the columns of `DETAILS`.
            start: since when mentions are known; by default the first mention's hour.
            end: until when mentions are known, exclusive; by default the end of the last mention's hour.

        Raises:
            ValueError: another schema, a null where none may be, a naive bound, a mention outside the
                bounds, or no mention and no bounds.
        """
        frame = checked(frame)
        if start is None or end is None:
            if not frame.height:
                raise ValueError("no mentions: give the bounds of the history")
            hours = seconds(frame[[0, -1]]) // HOUR * HOUR
        lower = int(hours[0]) if start is None else to_epoch(start)
        upper = int(hours[1]) + HOUR if end is None else to_epoch(end)
        return cls(lower, lower, Mentions(lower), 0)._grown(frame, upper)

    @classmethod
    def of_all(cls, mentions: Mentions) -> History:
        """The history of all these mentions."""
        return cls(mentions.start, mentions.end, mentions, len(mentions.time))

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing later than what this one holds."""
        return (self._size, self.end) == (len(self._all.time), self._all.end)

    def extended(self, frame: pl.DataFrame, end: datetime) -> History:
        """A history of these mentions and later ones, to the last bit what `from_mentions` of all gives.

        This one, and all views taken of it, stay as they are. Both share their data, and their `origin`.

        Args:
            frame: as for `from_mentions`; none before this history's end.
            end: until when mentions are known, exclusive.

        Raises:
            ValueError: as for `from_mentions`, texts of another width, or this history has been extended before,
                or is a view that ends before the whole.
        """
        if not self.is_whole:
            raise ValueError(f"the history until {to_datetime(self.end)} is not all there is: extend the whole")
        return self._grown(checked(frame), to_epoch(end))

    def _grown(self, frame: pl.DataFrame, end: int) -> History:
        if self.end > end:
            raise ValueError(f"history starts at {to_datetime(self.end)} but ends at {to_datetime(end)}")
        if frame.height:
            first, last = seconds(frame[[0, -1]]).tolist()
            if first < self.end or last >= end:
                raise ValueError(
                    f"mentions from {to_datetime(first)} to {to_datetime(last)} lie outside "
                    f"the history from {to_datetime(self.end)} to {to_datetime(end)}"
                )
        self._all.extend(frame, end)
        return History(self.start, end, self._all, len(self._all.time))

    def until(self, t: int | datetime) -> History:
        """A view, without copying, of everything before `t` (epoch seconds or aware datetime).

        Its `end` is `t`, or this history's own end where that is earlier.
        """
        moment = min(to_epoch(t) if isinstance(t, datetime) else int(t), self.end)
        size = int(np.searchsorted(self.time, moment, side="left"))
        return History(self.start, max(moment, self.start), self._all, size)

    def __len__(self) -> int:
        """Number of mentions."""
        return self._size

    @property
    def time(self) -> npt.NDArray[np.int64]:
        """Epoch seconds UTC of each mention, ascending."""
        return self._all.time.array[: self._size]

    @property
    def topic(self) -> npt.NDArray[np.int32]:
        """Index into `topics` of each mention."""
        return self._all.topic.array[: self._size]

    @property
    def user(self) -> npt.NDArray[np.int32]:
        """Index into `users` of each mention; -1 where the user is unknown."""
        return self._all.user.array[: self._size]

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        """Weight of each mention."""
        return self._all.weight.array[: self._size]

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics seen so far, by number."""
        return self._all.topics.until(self.topic_count)

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The users seen so far, by number."""
        return self._all.users.until(self.user_count)

    @cached_property
    def topic_count(self) -> int:
        """How many topics have been seen so far."""
        return int(np.searchsorted(self._all.topics.first.array, self._size))

    @cached_property
    def user_count(self) -> int:
        """How many users have been seen so far."""
        return int(np.searchsorted(self._all.users.first.array, self._size))

    def topic_name(self, number: int) -> str:
        """One of `topics`, without a list of all."""
        return self._all.topics[number]

    def user_name(self, number: int) -> str:
        """One of `users`, without a list of all."""
        return self._all.users[number]

    def detail(self, part: str) -> npt.NDArray[Any]:
        """What mentions have besides, by part of `DETAILS`.

        Returns:
            Codes of `graph.messages.KINDS`, (n,) int8; projected vectors of texts, (n, TEXT_DIM) float32; numbers of
            the users whom they answer, -1 for none, (n,) int32.

        Raises:
            ValueError: they were given without it.
        """
        if part not in self._all.details:
            raise ValueError(f"the mentions were given without {part!r}, which interactions are to carry")
        return self._all.details[part].array[: self._size]

    @property
    def texts(self) -> npt.NDArray[np.float32] | None:
        """The text vector of each topic's first mention, (topics, width), zero where it has none."""
        return None if self._all.texts is None else self._all.texts.array[: self.topic_count]

    @property
    def origin(self) -> Mentions:
        """The same object for all views of one history: what may be remembered about its past cuts."""
        return self._all

    def derived(self, make: Callable[[History], D]) -> D:
        """What `make` computes from all mentions behind this view: once, for all views, and extended with them.

        It sees what is later than the view, so what it says of a moment may use only what was before it.
        """
        return self._all.derive(make, History.of_all(self._all))

    def counts_before(self, topics: npt.ArrayLike, moments: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Mentions of each topic before each moment, as far as this view sees.

        Args:
            topics: topic numbers, of any shape that broadcasts with `moments`.
            moments: epoch seconds UTC.

        Returns:
            Counts of the broadcast shape.
        """
        return self._below(topics, moments) - self._below(topics, self.start)

    def counts(self, topics: npt.ArrayLike, starts: npt.ArrayLike, ends: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Mentions of each topic in `[start, end)`, as far as this view sees.

        Args:
            topics, starts, ends: topic numbers and epoch seconds UTC, broadcast against each other.

        Returns:
            Counts of the broadcast shape; zero where an interval is empty or turned round.
        """
        counts: npt.NDArray[np.int64] = np.maximum(self._below(topics, ends) - self._below(topics, starts), 0)
        return counts

    def _below(self, topics: npt.ArrayLike, moments: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Mentions that come before each topic's at each moment, ordered by topic, then time."""
        clock = np.clip(np.asarray(moments, dtype=np.int64), self.start, self.end) - self.start
        return self._all.by_topic.below(pair(topics, clock))

    def first_seen(self, topics: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Epoch seconds UTC of each topic's first mention.

        Raises:
            IndexError: a topic that this view has not seen.
        """
        numbers = np.asarray(topics, dtype=np.int64)
        if numbers.size and (numbers.min() < 0 or numbers.max() >= self.topic_count):
            raise IndexError(f"topic numbers must lie in [0, {self.topic_count})")
        times: npt.NDArray[np.int64] = self._all.time.array[self._all.topics.first.array[numbers]]
        return times

    def nth_last(
        self, topics: npt.NDArray[np.int64], moments: npt.NDArray[np.int64], back: Sequence[int]
    ) -> npt.NDArray[np.int64]:
        """Times of the last mentions of topics before moments, epoch seconds UTC; (rows, len(back)).

        Args:
            topics: by number, each mentioned before its moment; (rows,).
            moments: epoch seconds UTC; (rows,).
            back: 1 for the last mention, 2 for the one before; of a topic with fewer, its first.
        """
        count = self.counts_before(topics, moments)[:, None]
        return self.start + self._all.by_topic.chosen(topics, count - np.minimum(back, count))

    def candidates(self, cut: int, window: int, min_support: int = 1) -> npt.NDArray[np.int64]:
        """Topics with at least `min_support` mentions in `[cut - window, cut)`, ascending.

        Args:
            cut: epoch seconds UTC.
            window: seconds.
        """
        first, last = np.searchsorted(self.time, [cut - window, cut], side="left")
        topics, support = np.unique(self.topic[first:last], return_counts=True)
        return topics[support >= min_support].astype(np.int64)
