"""Retries of requests to a source within one attempt: transient failures are tried again, with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from trend_assets.sources.collector import CollectorError

#: Requests in all, the first one included.
ATTEMPTS = 4
#: The first pause is between this and twice this many seconds.
_FIRST_PAUSE = 0.5


def retrying(attempts: int = ATTEMPTS, sleep: Callable[[float], None] = time.sleep) -> Retrying:
    """A caller that retries; `retrying()(function, *arguments)` gives what the function returns, or its last error.

    Rate limits and quotas are not waited for here: they end an attempt, and the scheduler makes the next one.

    Args:
        attempts: calls at most.
        sleep: waits for that many seconds.
    """
    return Retrying(
        sleep=sleep,
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(multiplier=_FIRST_PAUSE, jitter=_FIRST_PAUSE),
        retry=retry_if_exception(lambda error: isinstance(error, CollectorError) and error.transient),
        reraise=True,
    )
