"""What a collector is: a source that is asked, hour after hour, what happened.

A collector knows neither the lake nor the scheduler. What it needs (settings, how much it may spend, where
an earlier attempt ended) is handed in; what it found, spent and could not get is handed back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol, TypeVar

from trend_assets.errors import TrendError
from trend_assets.sources.event import Payload
from trend_assets.sources.registry import Rejection

#: ``no_key``: not set up. ``auth``: refused. ``quota``: the source gives no more for now. ``budget``: what we
#: allow ourselves for this hour is spent, and the next one has its own. ``rate_limit``: asked too often.
#: ``request``: not accepted as asked. ``server`` and ``network``: their or our trouble. ``answer``: not
#: readable. ``past``: no longer to be had.
Failure = Literal["no_key", "auth", "quota", "budget", "rate_limit", "request", "server", "network", "answer", "past"]

#: What asking once more, a moment later, may mend.
_PASSING = frozenset({"server", "network", "answer"})
#: What the next hour would meet as well.
_LASTING = frozenset({"no_key", "auth", "quota", "budget", "rate_limit", "network"})

#: Pages in a row without anything, each with a token for a next one, after which a source is not followed on.
BARREN_PAGES = 20

T = TypeVar("T")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of every day."""
    return datetime.now(UTC)


class CollectorError(TrendError):
    """Why an hour is not, or not all, there; the message says what to do. It never holds a secret.

    Args:
        failure: what kind of trouble.
        message: in a user's words.
        retry_at: when asking again makes sense, where the source says it; timezone-aware.
        raw: the answer as it came, where it could not be read.
    """

    def __init__(
        self, failure: Failure, message: str, retry_at: datetime | None = None, raw: str | None = None
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.retry_at = retry_at
        self.raw = raw

    @property
    def passing(self) -> bool:
        return self.failure in _PASSING

    @property
    def lasting(self) -> bool:
        return self.failure in _LASTING


@dataclass(slots=True)
class Spent:
    """What a collector has used since it was made.

    ``requests`` were sent; ``units`` are what the source counts: posts received (X), quota units (YouTube),
    requests elsewhere.
    """

    requests: int = 0
    units: int = 0


class Collector(Protocol):
    """One source.

    Args:
        source: one of `event.SOURCES`.
        origin: written beside each row that it gave.
        resumes: whether, given a cursor, it yields only what it had not yielded before.
        spent: grows while it collects.
        cursor: where the last collection ended, as text for the next one of the same hour.
    """

    spent: Spent
    cursor: str

    @property
    def source(self) -> str: ...

    @property
    def origin(self) -> str: ...

    @property
    def resumes(self) -> bool: ...

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload | Rejection]:
        """What happened in ``[start, end)``, both timezone-aware, in any order, each event once.

        Args:
            cursor: what `cursor` was after an earlier collection of the same range; empty the first time.

        Raises:
            CollectorError: something is missing; what was yielded before stays good.
        """
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a passing failure is waited for, in this process.

    Waits grow from ``first`` seconds twofold, each shortened by chance. Rate limits and quotas are never
    waited for here: they end an attempt, and the next one is the scheduler's.
    """

    attempts: int = 4
    first: float = 0.5
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def call(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns, asked again while its failures are passing ones.

        Raises:
            CollectorError: the last failure.
        """
        for attempt in range(self.attempts - 1):
            try:
                return ask()
            except CollectorError as error:
                if not error.passing:
                    raise
            self.sleep(self.first * 2**attempt * (0.5 + self.chance() / 2))
        return ask()


#: No platform's limit lasts longer: a later reset is a clock that is wrong, theirs or ours.
_LONGEST_LIMIT = timedelta(days=1)


def not_too_late(reset: datetime, now: datetime) -> datetime:
    """When a rate limit ends, at most a day from now; both timezone-aware."""
    return min(reset, now + _LONGEST_LIMIT)


def moment(at: datetime) -> str:
    """A time for a message, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
