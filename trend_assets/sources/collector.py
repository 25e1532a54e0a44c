"""The interface of collectors: a collector fetches the posts of an hour from one source, such as X or YouTube.

A collector knows neither the lake nor the scheduler. Its settings, its budget and the cursor of an earlier attempt
are handed in; the posts, its use of the budget and its failures are handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

from trend_assets.errors import TrendError
from trend_assets.sources.event import Payload
from trend_assets.sources.registry import Rejection

#: ``no_key``: not set up. ``auth``: refused. ``quota``: the source gives no more for now. ``budget``: what we
#: allow ourselves for this hour is spent, and the next one has its own. ``rate_limit``: asked too often.
#: ``request``: not accepted as asked. ``server`` and ``network``: their or our trouble. ``answer``: not
#: readable. ``past``: no longer to be had.
Failure = Literal["no_key", "auth", "quota", "budget", "rate_limit", "request", "server", "network", "answer", "past"]

#: A retry a moment later may succeed.
_TRANSIENT = frozenset({"server", "network", "answer"})
#: The next hour would fail in the same way.
_PERSISTENT = frozenset({"no_key", "auth", "quota", "budget", "rate_limit", "network"})

#: Pages in a row without anything, each with a token for a next one, after which a source is not followed on.
BARREN_PAGES = 20

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now; tests put another clock in its place."""
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
    def transient(self) -> bool:
        """Whether trying again at once may help."""
        return self.failure in _TRANSIENT

    @property
    def persistent(self) -> bool:
        """Whether the next hour would fail in the same way."""
        return self.failure in _PERSISTENT


@dataclass(slots=True)
class Usage:
    """What a collector has used since it was made.

    ``requests`` were sent; ``units`` are what the source counts: posts received (X), quota units (YouTube),
    requests elsewhere. ``source_time`` is what the source's own clock said last, where it says it.
    """

    requests: int = 0
    units: int = 0
    source_time: datetime | None = None

    def note_date(self, header: str | None) -> None:
        """To be told of the header ``Date`` of each answer; what cannot be read is no time."""
        with suppress(ValueError, OverflowError):
            told = parsedate_to_datetime(header or "")
            self.source_time = told if told.tzinfo else None


class Collector(Protocol):
    """One source.

    Args:
        source: one of `event.SOURCES`.
        origin: written beside each row that it gave.
        resumes: whether, given a cursor, it yields only what it had not yielded before.
        usage: grows while it collects.
        cursor: where the last collection ended, as text for the next one of the same hour.
    """

    usage: Usage
    cursor: str

    @property
    def source(self) -> str:
        """One of `event.SOURCES`."""
        ...

    @property
    def origin(self) -> str:
        """Written beside each row that it gave."""
        ...

    @property
    def resumes(self) -> bool:
        """Whether, given a cursor, it yields only what it had not yielded before."""
        ...

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload | Rejection]:
        """What happened in ``[start, end)``, both timezone-aware, in any order, each event once.

        Args:
            cursor: what `cursor` was after an earlier collection of the same range; empty the first time.

        Raises:
            CollectorError: something is missing; what was yielded before stays good.
        """
        ...


#: No platform's limit lasts longer: a later reset is a clock that is wrong, theirs or ours.
_LONGEST_LIMIT = timedelta(days=1)


def not_too_late(reset: datetime, now: datetime) -> datetime:
    """When a rate limit ends, at most a day from now; both timezone-aware."""
    return min(reset, now + _LONGEST_LIMIT)


def moment(at: datetime) -> str:
    """A time for a message, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
