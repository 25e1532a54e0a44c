"""Writes that wait for a program outside which has the SQLite catalog locked, as a shell or a backup may.

SQLite waits by itself only where a transaction begins with a write, and DuckLake's begin with a look at the newest
snapshot. So what failed is done again, with a new look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from trend_assets.lake.location import CatalogLocked

#: As long as for a writer of our own.
SECONDS = 120.0
_PAUSE_SECONDS = 0.5

Written = TypeVar("Written")


def once_unlocked(write: Callable[[], Written]) -> Written:
    """The result of a write, which is done again for some minutes as long as the catalog is locked.

    Args:
        write: one transaction, which may be done again from its beginning.

    Raises:
        CatalogLocked: the other program does not let go of it.
    """
    patience = Retrying(
        retry=retry_if_exception_type(CatalogLocked),
        stop=stop_after_delay(SECONDS),
        wait=wait_fixed(_PAUSE_SECONDS),
        reraise=True,
    )
    return patience(write)
