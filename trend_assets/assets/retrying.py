"""Which failed steps Dagster tries again: those whose cause passes by itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import duckdb

from trend_assets.lake.location import LakeUnavailable

#: After about 10, 20 and 40 s.
RETRY_POLICY = dg.RetryPolicy(max_retries=3, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)

#: A lake or a storage that is busy or cannot be reached, and a commit that lost against another one.
_PASSING = (LakeUnavailable, duckdb.TransactionException)


def retried(step: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """A step whose failures are tried again as `RETRY_POLICY` says, if their cause passes; all others fail at once.

    A platform that does not answer is no failure of a step: the schedule asks it again.
    """

    @functools.wraps(step)
    def guarded(*arguments: Any, **named: Any) -> Iterator[Any]:
        try:
            yield from step(*arguments, **named)
        except (dg.Failure, *_PASSING):
            raise
        except Exception as error:
            raise dg.Failure(f"{type(error).__name__}: {error}", allow_retries=False) from error

    return guarded
