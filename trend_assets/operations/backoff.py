"""When a failed collection is retried, by kind of failure, where the source does not say so itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
#: A pause that ends before the next hourly tick.
SOON = _HOUR / 4

#: First pause and longest one; pauses in between grow twofold. What is not here is not tried again by
#: itself (``past``, ``no_key``), or when the source or the budget gives more (``quota``, ``budget``).
_PAUSES: Mapping[str, tuple[timedelta, timedelta]] = {
    # A refused key does not become valid by itself: whoever sets a new one asks by hand.
    "auth": (_HOUR, _DAY),
    "rate_limit": (SOON, SOON),
    "server": (_HOUR, _DAY / 2),
    "network": (_HOUR, _DAY / 2),
    "answer": (_HOUR, _DAY / 2),
    "request": (_HOUR, _DAY / 2),
    "unexpected": (_HOUR, _DAY / 2),
}


def next_try(
    failure: str, failed_before: int, now: datetime, chance: Callable[[], float] = random.random
) -> datetime | None:
    """The moment before which asking again makes no sense.

    Args:
        failure: what kind of trouble, as `CollectorError.failure`.
        failed_before: how often in a row the same had failed before.
        now: timezone-aware.
        chance: from 0 to 1; shortens the pause to between half and nine tenths, so that an hourly schedule is
            not late by a tick, and many homes do not ask at once.

    Returns:
        None where nothing is to be waited for.
    """
    if failure not in _PAUSES:
        return None
    first, most = _PAUSES[failure]
    # Twenty doublings are more than any longest pause.
    pause: timedelta = min(first * 2 ** min(failed_before, 20), most)
    return now + pause * (0.5 + 0.4 * chance())
