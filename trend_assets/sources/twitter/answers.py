"""Responses of X's API: a page of posts, or a `CollectorError` with a message for users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import tweepy

from trend_assets.sources.collector import CollectorError, moment, not_too_late
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.values import dumps, loads, mapping, number

KEY = "TREND_TWITTER__BEARER_TOKEN"
#: How much of an answer that cannot be read is kept.
_KEPT_BYTES = 100_000


def decoded(body: bytes) -> Mapping[str, Any]:
    """A page of posts from the body of an answer.

    Raises:
        CollectorError: it is none.
    """
    try:
        page = loads(body)
    except Rejected as error:
        raw = body[:_KEPT_BYTES].decode("utf-8", "backslashreplace")
        raise CollectorError("answer", f"X's answer cannot be read: {error}", raw=raw) from None
    if not isinstance(page, dict):
        raise CollectorError("answer", "X's answer is not an object", raw=dumps(page))
    if "data" not in page and "meta" not in page:
        said = "; ".join(str(mapping(item).get("detail", ""))[:120] for item in page.get("errors") or [])
        raise CollectorError("answer", f"X answered without posts: {said or 'no reason given'}", raw=dumps(page))
    if number(mapping(page.get("meta")).get("result_count")) and not isinstance(page.get("data"), list):
        raise CollectorError("answer", "X counts posts that its answer does not hold", raw=dumps(page)[:_KEPT_BYTES])
    return page


def _reset(said: int | None, now: datetime) -> datetime | None:
    try:
        return not_too_late(datetime.fromtimestamp(said, UTC), now) if said else None
    except (OverflowError, ValueError, OSError):
        return not_too_late(datetime.max.replace(tzinfo=UTC), now)


def refused(error: tweepy.HTTPException, now: datetime) -> CollectorError:
    """What an answer with another status means.

    Args:
        error: as tweepy tells it.
        now: timezone-aware.
    """
    status = error.response.status_code
    said = " ".join(" ".join(str(message) for message in error.api_messages).split())[:160]
    if isinstance(error, tweepy.TooManyRequests):
        if "UsageCapExceeded" in error.response.text:
            # Its period is the account's, which nobody tells.
            message = "X's monthly cap of posts is reached: wait for the new month or upgrade; it is asked once a day"
            return CollectorError("quota", message, now + timedelta(days=1))
        reset = _reset(error.reset_time, now)
        when = f"the next run after {moment(reset)} goes on" if reset else "the next run goes on"
        return CollectorError("rate_limit", f"X's rate limit is reached: {when}", reset)
    if status == 401:
        return CollectorError("auth", f"X refuses the key: set a valid {KEY} ({said or 'Unauthorized'})")
    if status == 403:
        return CollectorError("auth", f"X does not allow this search with your access: {said or 'Forbidden'}")
    if status >= 500:
        return CollectorError("server", f"X has trouble of its own (status {status}): the next run asks again")
    return CollectorError("request", f"X did not accept the request (status {status}): {said or 'no reason given'}")
