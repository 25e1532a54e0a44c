"""Mentions in order of time, numbered and indexed, to which later ones are added."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from trend_assets.graph.growing import GrowingArray, SortedRuns, pair
from trend_assets.graph.messages import TEXT_DIM

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
#: Columns that mentions may have for interactions that carry more, by part of `graph.messages.MESSAGES`: what was done
#: (`graph.messages.kind`), the post's projected text (null where it has none), and the user whom it answers or null.
DETAILS: dict[str, tuple[str, Any]] = {
    "type": ("kind", pl.Int8()),
    "text": ("vector", pl.List(pl.Float32)),
    "answers": ("answers", pl.String()),
}

D = TypeVar("D", bound="Derived")


class Names:
    """Names numbered by first appearance, and the rows where they first appeared."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self.first = GrowingArray(np.empty(0, np.int64))

    def __getstate__(self) -> dict[str, Any]:
        return {"_names": self._names, "first": self.first}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _numbers={})

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def until(self, count: int) -> tuple[str, ...]:
        """The first `count` names."""
        return tuple(self._names[:count])

    def number(self, column: pl.Series, offset: int) -> npt.NDArray[np.int32]:
        """The numbers of a column's values, -1 for null, shape (n,); new names are added.

        Args:
            offset: the row of the first value.
        """
        frame = column.alias("name").to_frame().with_row_index("row")
        values = frame.drop_nulls("name").unique("name", keep="first", maintain_order=True)
        numbers = self._known(values["name"].to_list())
        new = numbers < 0
        numbers[new] = len(self) + np.arange(np.count_nonzero(new))
        self._names.extend(values["name"].filter(pl.Series(new)))
        self.first.append(values["row"].to_numpy()[new].astype(np.int64) + offset)
        places = values.select("name", number=pl.Series(numbers, dtype=pl.Int32))
        joined = frame.join(places, on="name", how="left", maintain_order="left")
        return joined["number"].fill_null(-1).to_numpy()

    def known(self, column: pl.Series, offset: int) -> npt.NDArray[np.int32]:
        """The numbers of a column's values that first appeared in rows before theirs, else -1, shape (n,).

        Args:
            offset: the row of the first value.
        """
        values = column.drop_nulls().unique()
        numbers = pl.Series(self._known(values.to_list()), dtype=pl.Int32)
        found = column.replace_strict(values, numbers, default=-1, return_dtype=pl.Int32).fill_null(-1).to_numpy()
        earlier = self.first.array[found] < np.arange(offset, offset + len(found)) if len(self) else False
        return np.where((found >= 0) & earlier, found, -1).astype(np.int32)

    def _known(self, names: list[str]) -> npt.NDArray[np.int64]:
        """Their numbers, -1 for those that are new."""
        if not self._names:
            return np.full(len(names), -1, np.int64)
        # A history that never grows needs no dictionary.
        for number in range(len(self._numbers), len(self._names)):
            self._numbers[self._names[number]] = number
        return np.array([self._numbers.get(name, -1) for name in names], dtype=np.int64)


class Derived(Protocol):
    """What is computed from all mentions once, and goes on when there are more."""

    def extend(self, history: Any) -> None:
        """Takes in what a history of all mentions has more than when it was last given."""
        ...


class Mentions:
    """All mentions behind a history and its views; ordered by time, and a second time by topic.

    It only grows at its end: what a view has seen never changes. Safe to grow while others read.

    Args:
        start: epoch seconds UTC; no mention is earlier.
    """

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.time = GrowingArray(np.empty(0, np.int64))
        self.topic = GrowingArray(np.empty(0, np.int32))
        self.user = GrowingArray(np.empty(0, np.int32))
        self.weight = GrowingArray(np.empty(0, np.float32))
        self.topics, self.users = Names(), Names()
        self.texts: GrowingArray | None = None
        #: By part of `DETAILS`, of those that the mentions have.
        self.details: dict[str, GrowingArray] = {}
        self.by_topic = SortedRuns()
        self._derived: dict[Callable[[Any], Derived], Derived] = {}
        self._growing = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        """For another process: what is derived stays in its own."""
        return {name: value for name, value in vars(self).items() if name not in ("_derived", "_growing")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _derived={}, _growing=threading.RLock())

    def extend(self, frame: pl.DataFrame, end: int) -> None:
        """Adds mentions, as `checked` gives them, none earlier than `end` was; until `end` all are known now.

        Raises:
            ValueError: texts of another width than before, or other details.
        """
        with self._growing:
            if frame.height:
                self._refuse_other_texts(frame)
                self._refuse_other_details(frame)
                self._add(frame)
            self.end = end

    @property
    def derived(self) -> Mapping[Callable[[Any], Derived], Derived]:
        """What has been computed so far, by what computes it."""
        return self._derived

    def adopt(self, make: Callable[[Any], D], found: D) -> None:
        """Takes what `make` has computed from these mentions before."""
        self._derived[make] = found

    def derive(self, make: Callable[[Any], D], whole: Any) -> D:
        """What `make` computed from `whole`, a history of all mentions, extended by what came since."""
        with self._growing:
            if make not in self._derived:
                self._derived[make] = make(whole)
            found = cast(D, self._derived[make])
            found.extend(whole)
            return found

    def _refuse_other_texts(self, frame: pl.DataFrame) -> None:
        widths = frame[TEXT].drop_nulls().list.len().unique().to_list() if TEXT in frame.columns else []
        if self.texts is not None:
            widths.append(self.texts.array.shape[1])
        if len(set(widths)) > 1:
            raise ValueError(f"mentions: texts of different widths {sorted(set(widths))}")

    def _refuse_other_details(self, frame: pl.DataFrame) -> None:
        given = {part for part, (column, _) in DETAILS.items() if column in frame.columns}
        if len(self.time) and given != self.details.keys():
            raise ValueError(f"mentions: details {sorted(given)}, after some with {sorted(self.details)}")

    def _add(self, frame: pl.DataFrame) -> None:
        time, offset, known = seconds(frame), len(self.time), len(self.topics)
        topic = self.topics.number(frame["topic"], offset)
        user = self.users.number(frame["user_id"], offset)
        self._add_texts(_texts(frame, topic, self.topics.first.array, known, offset), known)
        self._add_details(frame, offset)
        self.topic.append(topic)
        self.user.append(user)
        self.weight.append(frame["weight"].cast(pl.Float32).to_numpy())
        self.by_topic = self.by_topic.extended(pair(topic, time - self.start))
        self.time.append(time)

    def _add_details(self, frame: pl.DataFrame, offset: int) -> None:
        for part, (column, _) in DETAILS.items():
            if column in frame.columns:
                values = _detail(part, frame[column], self.users, offset)
                self.details.setdefault(part, GrowingArray(values[:0])).append(values)

    def _add_texts(self, texts: npt.NDArray[np.float32] | None, known: int) -> None:
        new = len(self.topics) - known
        if texts is None:
            if self.texts is not None:
                self.texts.append(np.zeros((new, self.texts.array.shape[1]), np.float32))
        elif self.texts is None:
            self.texts = GrowingArray(np.concatenate([np.zeros((known, texts.shape[1]), np.float32), texts]))
        else:
            self.texts.append(texts)


def checked(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame's mentions in their order.

    Raises:
        ValueError: another schema, or a null where none may be.
    """
    missing = [name for name in MENTIONS_SCHEMA if name not in frame.columns]
    if missing:
        raise ValueError(f"mentions: missing columns {missing}")
    optional = {TEXT: pl.List(pl.Float32), **dict(DETAILS.values())}
    wanted = dict(MENTIONS_SCHEMA) | {name: dtype for name, dtype in optional.items() if name in frame.columns}
    frame = frame.select(list(wanted))
    if dict(frame.schema) != wanted:
        raise ValueError(f"mentions: expected {wanted}, got {dict(frame.schema)}")
    needed = ("timestamp", "topic", "weight", DETAILS["type"][0])
    nulls = [name for name in needed if name in frame.columns and frame[name].null_count()]
    if nulls:
        raise ValueError(f"mentions: nulls in {nulls}")
    # What mentions of one second and user tell besides must not stand in an order that is left to chance.
    more = [name for name, _ in DETAILS.values() if name in frame.columns]
    return frame.sort("timestamp", "topic", "user_id", "weight", *(_comparable(name) for name in more))


def _comparable(detail: str) -> pl.Expr:
    return pl.col(detail).list.first() if detail == DETAILS["text"][0] else pl.col(detail)


def _detail(part: str, column: pl.Series, users: Names, offset: int) -> npt.NDArray[Any]:
    """A detail of each mention as numbers, (n,) or (n, TEXT_DIM)."""
    if part == "answers":
        return users.known(column, offset)
    if part == "type":
        return column.to_numpy()
    vectors = np.zeros((len(column), TEXT_DIM), np.float32)
    given = column.drop_nulls()
    if len(given) and given.list.len().unique().to_list() != [TEXT_DIM]:
        raise ValueError(f"mentions: vectors must have {TEXT_DIM} numbers")
    vectors[column.is_not_null().to_numpy()] = given.explode().to_numpy().reshape(-1, TEXT_DIM)
    return vectors


def seconds(frame: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Epoch seconds UTC of a frame's mentions, shape (n,)."""
    return frame["timestamp"].dt.epoch("us").to_numpy() // 1_000_000


def _texts(
    frame: pl.DataFrame, topic: npt.NDArray[np.int32], first: npt.NDArray[np.int64], known: int, offset: int
) -> npt.NDArray[np.float32] | None:
    """Vectors of the texts that new topics began with: of mentions of the first moment alone, (new topics, width).

    Args:
        first: the row of each topic's first mention, counted from the history's first.
        known: topics that are not new.
        offset: row of the frame's first mention.
    """
    if TEXT not in frame.columns or not frame[TEXT].count():
        return None
    stated = np.flatnonzero(frame[TEXT].is_not_null().to_numpy() & (topic >= known))
    moments = frame["timestamp"].to_numpy()
    stated = stated[moments[stated] == moments[first[topic[stated]] - offset]]
    if not len(stated):
        return None
    numbers, position = np.unique(topic[stated], return_index=True)
    vectors = np.array(frame[TEXT].gather(stated[position]).to_list(), dtype=np.float32)
    texts = np.zeros((len(first) - known, vectors.shape[1]), np.float32)
    texts[numbers - known] = vectors
    return texts
