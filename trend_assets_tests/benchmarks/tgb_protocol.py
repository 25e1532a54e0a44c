"""How TGB measures link prediction on tgbl-wiki (Huang et al. 2023; v2's candidates), and its baseline EdgeBank.

Nothing here knows of a network. Nodes are renumbered: sources from 0, then destinations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Scores = npt.NDArray[np.floating]

#: What is known when an edge is scored: `batch`, what came before its batch; `earlier`, what is of an earlier second.
STATES = ("batch", "earlier")
BATCH = 200
_PARTS = (0.70, 0.85)


class Stream(NamedTuple):
    """A bipartite stream in order of time.

    Attributes:
        src: sources from 0; (edges,).
        dst: destinations from 0, numbered apart from the sources; (edges,).
        times: seconds; (edges,).
        sources: how many.
        destinations: how many.
    """

    src: Ids
    dst: Ids
    times: Ids
    sources: int
    destinations: int


class Split(NamedTuple):
    """The first edge of validation and of test, and the number of edges."""

    validation: int
    test: int
    end: int


def read_stream(path: Path) -> Stream:
    """Reads `source destination unix_time` a line; `.gz` too.

    Raises:
        ValueError: other columns, or times that go back.
    """
    table = np.loadtxt(path, dtype=np.int64, ndmin=2)
    if table.shape[1] != 3 or np.any(np.diff(table[:, 2]) < 0):
        raise ValueError(f"{path}: expected `source destination unix_time` a line, in order of time")
    sources, src = np.unique(table[:, 0], return_inverse=True)
    destinations, dst = np.unique(table[:, 1], return_inverse=True)
    return Stream(src, dst, table[:, 2], len(sources), len(destinations))


def split(stream: Stream) -> Split:
    """At TGB's quantiles of time: validation begins after that of 70 %, test after that of 85 %."""
    borders = np.searchsorted(stream.times, np.quantile(stream.times, _PARTS), side="right")
    return Split(int(borders[0]), int(borders[1]), len(stream.times))


def batches(start: int, stop: int, size: int = BATCH) -> Iterator[slice]:
    """Batches of a part; the last one is shorter."""
    return (slice(first, min(first + size, stop)) for first in range(start, stop, size))


def known(stream: Stream, parts: Split, state: str, size: int = BATCH) -> Ids:
    """How many of the first edges are known when each edge is scored; (edges,).

    Args:
        stream: the edges.
        parts: each begins with a new batch.
        state: of `STATES`. TGB's own baselines (EdgeBank, TGN) know what came before the batch. The models of DyGLib
            (DyGFormer, CAWN, TPNet's neighbours) and the heuristics look up what is of an earlier time, batch or not.
        size: of a batch.

    Raises:
        ValueError: no such state.
    """
    if state == "earlier":
        return np.searchsorted(stream.times, stream.times, side="left")
    if state != "batch":
        raise ValueError(f"state {state!r} is none of {', '.join(STATES)}")
    position = np.arange(parts.end)
    begin = np.zeros(parts.end, np.int64)
    begin[parts.validation :], begin[parts.test :] = parts.validation, parts.test
    return begin + (position - begin) // size * size


class Excluded:
    """The destinations that are no candidates: true ones of another edge of the same source and second.

    Args:
        stream: the edges.
        start, stop: the part of it that is scored.
    """

    def __init__(self, stream: Stream, start: int, stop: int) -> None:
        inside = slice(start, stop)
        _, group = np.unique(np.stack([stream.src[inside], stream.times[inside]], 1), axis=0, return_inverse=True)
        order = np.argsort(group, kind="stable")
        runs = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
        self._start = start
        self._others: dict[int, Ids] = {}
        for run in runs:
            if len(run) > 1:
                targets = np.unique(stream.dst[start + run])
                self._others.update({int(edge): targets for edge in run})

    def mask(self, rows: slice, true: Ids, destinations: int) -> npt.NDArray[np.bool_]:
        """True where a destination is a candidate beside the true one; (edges, destinations)."""
        allowed = np.ones((len(true), destinations), bool)
        for row, edge in enumerate(range(rows.start - self._start, rows.stop - self._start)):
            if edge in self._others:
                allowed[row, self._others[edge]] = False
        allowed[np.arange(len(true)), true] = False
        return allowed


def reciprocal_ranks(scores: Scores, true: Ids, candidates: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """1 / rank of the true destination among the candidates; ties count half, as in TGB's evaluator; (edges,).

    Args:
        scores: (edges, destinations).
        true: (edges,).
        candidates: (edges, destinations), false at the true one.
    """
    own = scores[np.arange(len(true)), true][:, None]
    better, as_good = (scores > own) & candidates, (scores >= own) & candidates
    return 1 / (1 + 0.5 * (better.sum(1) + as_good.sum(1)))


def measure(
    stream: Stream, start: int, stop: int, score: Callable[[slice], Scores], size: int = BATCH
) -> npt.NDArray[np.float64]:
    """Reciprocal ranks of a part's edges; (stop - start,).

    Args:
        stream: the edges.
        start, stop: the part.
        score: from a batch's edges to scores of all destinations, (edges, destinations); called in order.
        size: of a batch.
    """
    excluded = Excluded(stream, start, stop)
    found = []
    for rows in batches(start, stop, size):
        true = stream.dst[rows]
        found.append(reciprocal_ranks(score(rows), true, excluded.mask(rows, true, stream.destinations)))
    return np.concatenate(found)


class EdgeBank:
    """A pair that was seen scores 1, another 0 (Poursafaei et al. 2022), as TGB's baseline has it.

    Args:
        stream: the edges.
        known: how many of the first edges each edge may know; (edges,).
        window: seconds that count, up to the last edge known; all if None.
    """

    def __init__(self, stream: Stream, known: Ids, window: float | None = None) -> None:
        self._stream, self._known, self._window = stream, known, window
        self._last = np.full((stream.sources, stream.destinations), -np.inf)
        self._taken = 0

    def __call__(self, rows: slice) -> Scores:
        """Scores of all destinations; (edges, destinations)."""
        return np.stack([self._row(edge) for edge in range(rows.start, rows.stop)])

    def _row(self, edge: int) -> Scores:
        stream, until = self._stream, int(self._known[edge])
        new = slice(self._taken, until)
        self._last[stream.src[new], stream.dst[new]] = stream.times[new]
        self._taken = max(self._taken, until)
        after = -np.inf if self._window is None else stream.times[until - 1] - self._window
        last = self._last[stream.src[edge]]
        return ((last >= after) & (last > -np.inf)).astype(np.float32)


class LocalGlobal:
    """The source's last destinations first, then those that anyone was at last (Cornell et al. 2025).

    Args:
        stream: the edges.
        known: as for `EdgeBank`.
    """

    def __init__(self, stream: Stream, known: Ids) -> None:
        self._stream, self._known = stream, known
        self._local = np.full((stream.sources, stream.destinations), -1.0)
        self._global = np.full(stream.destinations, -1.0)
        self._taken = 0

    def __call__(self, rows: slice) -> Scores:
        """Scores of all destinations; (edges, destinations)."""
        return np.stack([self._row(edge) for edge in range(rows.start, rows.stop)])

    def _row(self, edge: int) -> Scores:
        stream, until = self._stream, int(self._known[edge])
        new = np.arange(self._taken, until)
        self._local[stream.src[new], stream.dst[new]] = new
        self._global[stream.dst[new]] = new
        self._taken = max(self._taken, until)
        local = self._local[stream.src[edge]]
        return np.where(local >= 0, local + len(stream.times), self._global)
