"""Mentions of topics in order of time, and the only way in which code at a cut sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

HOUR = 3600

T = TypeVar("T")
IntArray = npt.NDArray[np.integer]

MENTIONS_SCHEMA = pl.Schema(
    {
        "timestamp": pl.Datetime("us", "UTC"),
        "topic": pl.String(),
        "user_id": pl.String(),
        "weight": pl.Float64(),
    }
)
#: A column that mentions may have beside: the meaning of the post's text as a vector, null where it is not known.
TEXT = "text"


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
class _Mentions:
    """All mentions behind a history and its views; ordered by time, and a second time by topic."""

    time: npt.NDArray[np.int64]
    topic: npt.NDArray[np.int32]
    user: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]
    topics: tuple[str, ...]
    users: tuple[str, ...]
    first_mention: npt.NDArray[np.int64]
    first_user_mention: npt.NDArray[np.int64]
    base: int
    span: int
    keys: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    texts: npt.NDArray[np.float32] | None
    derived: dict[Callable, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class History:
    """Mentions known before `end`: immutable, sorted by time, one row for each event and topic.

    Topics and users are numbered by first appearance, so that a view's topics are the first ones of
    the whole. Build it with `from_mentions`; `until` is how code at a cut sees only the past.

    Args:
        start: first second that the history covers (epoch seconds UTC), inclusive.
        end: first second that it does not cover (epoch seconds UTC).
    """

    start: int
    end: int
    _all: _Mentions = field(repr=False)
    _size: int = field(repr=False)

    @classmethod
    def from_mentions(cls, frame: pl.DataFrame, start: datetime | None = None, end: datetime | None = None) -> History:
        """A history of all mentions in `frame`.

        Args:
            frame: `timestamp` (Datetime us UTC), `topic` (str), `user_id` (str, may be null), `weight`
                (f64); in any order; a topic once an event. May have `text` (list of f32, null where not
                known); that of a topic's first mention is the topic's text.
            start: since when mentions are known; by default the first mention's hour.
            end: until when mentions are known, exclusive; by default the end of the last mention's hour.

        Raises:
            ValueError: another schema, a null where none may be, a naive bound, a mention outside the
                bounds, or no mention and no bounds.
        """
        frame = _checked(frame)
        seconds = frame["timestamp"].dt.epoch("us").to_numpy() // 1_000_000
        if start is None or end is None:
            if not len(seconds):
                raise ValueError("no mentions: give the bounds of the history")
            hours = seconds[[0, -1]] // HOUR * HOUR
        lower = int(hours[0]) if start is None else to_epoch(start)
        upper = int(hours[1]) + HOUR if end is None else to_epoch(end)
        if lower > upper:
            raise ValueError(f"history starts at {to_datetime(lower)} but ends at {to_datetime(upper)}")
        if len(seconds) and (seconds[0] < lower or seconds[-1] >= upper):
            raise ValueError(
                f"mentions from {to_datetime(seconds[0])} to {to_datetime(seconds[-1])} lie outside "
                f"the history from {to_datetime(lower)} to {to_datetime(upper)}"
            )
        mentions = _index(frame, seconds.astype(np.int64), lower, upper)
        return cls(lower, upper, mentions, len(seconds))

    def until(self, t: int | datetime) -> History:
        """A view, without copying, of everything before `t` (epoch seconds or aware datetime).

        Its `end` is `t`, or this history's own end where that is earlier.
        """
        moment = min(to_epoch(t) if isinstance(t, datetime) else int(t), self.end)
        size = int(np.searchsorted(self._all.time[: self._size], moment, side="left"))
        return History(self.start, max(moment, self.start), self._all, size)

    def __len__(self) -> int:
        """Number of mentions."""
        return self._size

    @property
    def time(self) -> npt.NDArray[np.int64]:
        """Epoch seconds UTC of each mention, ascending."""
        return self._all.time[: self._size]

    @property
    def topic(self) -> npt.NDArray[np.int32]:
        """Index into `topics` of each mention."""
        return self._all.topic[: self._size]

    @property
    def user(self) -> npt.NDArray[np.int32]:
        """Index into `users` of each mention; -1 where the user is unknown."""
        return self._all.user[: self._size]

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        """Weight of each mention."""
        return self._all.weight[: self._size]

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics seen so far, by number."""
        return self._all.topics[: self.topic_count]

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The users seen so far, by number."""
        return self._all.users[: int(np.searchsorted(self._all.first_user_mention, self._size))]

    @cached_property
    def topic_count(self) -> int:
        """How many topics have been seen so far."""
        return int(np.searchsorted(self._all.first_mention, self._size))

    @property
    def texts(self) -> npt.NDArray[np.float32] | None:
        """The text vector of each topic's first mention, (topics, width), zero where it has none."""
        return None if self._all.texts is None else self._all.texts[: self.topic_count]

    @property
    def origin(self) -> object:
        """The same object for all views of one history: what may be remembered about its past cuts."""
        return self._all

    def derived(self, make: Callable[[History], T]) -> T:
        """What `make` computes from all mentions behind this view: once, for all views.

        It sees what is later than the view, so what it says of a moment may use only what was before it.
        """
        if make not in self._all.derived:
            self._all.derived[make] = make(
                History(self.start, self._all.base + self._all.span - 1, self._all, len(self._all.time))
            )
        return self._all.derived[make]

    def counts_before(self, topics: npt.ArrayLike, moments: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Mentions of each topic before each moment, as far as this view sees.

        Args:
            topics: topic numbers, of any shape that broadcasts with `moments`.
            moments: epoch seconds UTC.

        Returns:
            Counts of the broadcast shape.
        """
        known = self._all
        topic = np.asarray(topics, dtype=np.int64)
        seconds = np.clip(np.asarray(moments, dtype=np.int64), known.base, self.end) - known.base
        keys = topic * known.span + seconds
        return np.searchsorted(known.keys, keys, side="left") - known.offsets[topic]

    def counts(self, topics: npt.ArrayLike, starts: npt.ArrayLike, ends: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Mentions of each topic in `[start, end)`, as far as this view sees.

        Args:
            topics, starts, ends: topic numbers and epoch seconds UTC, broadcast against each other.

        Returns:
            Counts of the broadcast shape; zero where an interval is empty or turned round.
        """
        return np.maximum(self.counts_before(topics, ends) - self.counts_before(topics, starts), 0)

    def first_seen(self, topics: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Epoch seconds UTC of each topic's first mention.

        Raises:
            IndexError: a topic that this view has not seen.
        """
        numbers = np.asarray(topics, dtype=np.int64)
        if numbers.size and (numbers.min() < 0 or numbers.max() >= self.topic_count):
            raise IndexError(f"topic numbers must lie in [0, {self.topic_count})")
        return self._all.time[self._all.first_mention[numbers]]

    def candidates(self, cut: int, window: int, min_support: int = 1) -> npt.NDArray[np.int64]:
        """Topics with at least `min_support` mentions in `[cut - window, cut)`, ascending.

        Args:
            cut: epoch seconds UTC.
            window: seconds.
        """
        first, last = np.searchsorted(self.time, [cut - window, cut], side="left")
        topics, support = np.unique(self.topic[first:last], return_counts=True)
        return topics[support >= min_support].astype(np.int64)


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in MENTIONS_SCHEMA if name not in frame.columns]
    if missing:
        raise ValueError(f"mentions: missing columns {missing}")
    wanted = dict(MENTIONS_SCHEMA) | ({TEXT: pl.List(pl.Float32)} if TEXT in frame.columns else {})
    frame = frame.select(list(wanted))
    if dict(frame.schema) != wanted:
        raise ValueError(f"mentions: expected {wanted}, got {dict(frame.schema)}")
    nulls = [name for name in ("timestamp", "topic", "weight") if frame[name].null_count()]
    if nulls:
        raise ValueError(f"mentions: nulls in {nulls}")
    return frame.sort("timestamp", "topic", "user_id", "weight")


def _topic_texts(
    frame: pl.DataFrame, topic: npt.NDArray[np.int32], first: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32] | None:
    """Vectors of the texts that the topics began with: of mentions of the first moment alone, (topics, width)."""
    if TEXT not in frame.columns or not frame[TEXT].count():
        return None
    stated = np.flatnonzero(frame[TEXT].is_not_null().to_numpy())
    moments = frame["timestamp"].to_numpy()
    stated = stated[moments[stated] == moments[first[topic[stated]]]]
    if not len(stated):
        return None
    numbers, position = np.unique(topic[stated], return_index=True)
    vectors = np.array(frame[TEXT].gather(stated[position]).to_list(), dtype=np.float32)
    texts = np.zeros((len(first), vectors.shape[1]), np.float32)
    texts[numbers] = vectors
    return texts


def _numbered(column: pl.Series) -> tuple[npt.NDArray[np.int32], tuple[str, ...], npt.NDArray[np.int64]]:
    """Numbers by first appearance (-1 for null), the values, and the rows where they first appear."""
    frame = column.alias("value").to_frame().with_row_index("row")
    values = frame.drop_nulls("value").unique("value", keep="first", maintain_order=True)
    numbers = frame.join(values.with_row_index("number"), on="value", how="left", maintain_order="left")
    number = numbers["number"].cast(pl.Int32).fill_null(-1).to_numpy()
    return number, tuple(values["value"].to_list()), values["row"].cast(pl.Int64).to_numpy()


def _index(frame: pl.DataFrame, time: npt.NDArray[np.int64], start: int, end: int) -> _Mentions:
    topic, topics, first_mention = _numbered(frame["topic"])
    user, users, first_user_mention = _numbered(frame["user_id"])
    span = end - start + 1
    keys = np.sort(topic.astype(np.int64) * span + (time - start))
    mentions = _Mentions(
        time=time,
        topic=topic,
        user=user,
        weight=frame["weight"].cast(pl.Float32).to_numpy(),
        topics=topics,
        users=users,
        first_mention=first_mention,
        first_user_mention=first_user_mention,
        base=start,
        span=span,
        keys=keys,
        texts=_topic_texts(frame, topic, first_mention),
        offsets=np.searchsorted(keys, np.arange(len(topics), dtype=np.int64) * span, side="left"),
    )
    for array in vars(mentions).values():
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return mentions
