"""Translates errors of YouTube's API into messages for users."""

from __future__ import annotations

from datetime import datetime, timedelta

from googleapiclient.errors import HttpError

from trend_assets.periods import pacific_day
from trend_assets.sources.collector import CollectorError, moment
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.values import loads, mapping, mappings, text

KEY = "TREND_YOUTUBE__API_KEY"
_PAUSE = timedelta(minutes=5)

_QUOTA = {"quotaExceeded", "dailyLimitExceeded"}
_RATE = {"rateLimitExceeded", "userRateLimitExceeded"}
#: Of one video, not of the hour: its owner allows no comments, or it is gone.
_NO_COMMENTS = {"commentsDisabled", "videoNotFound", "forbidden"}


class Unavailable(CollectorError):
    """A video has no comments to give."""


def refused(error: HttpError, resource: str, now: datetime) -> CollectorError:
    """What an answer with another status means.

    Args:
        error: as Google's library tells it.
        resource: what was asked for: ``videos``, ``search`` or ``commentThreads``.
        now: timezone-aware.
    """
    status = int(error.resp.status)
    try:
        said = mapping(mapping(loads(error.content)).get("error"))
    except Rejected:
        said = {}
    details = mappings(said.get("errors"))
    reason = (text(details[0].get("reason")) if details else None) or ""
    message = " ".join((text(said.get("message")) or "no reason given").split())[:160]
    if reason in _QUOTA:
        reset = pacific_day(now)[1]
        return CollectorError("quota", f"YouTube's daily quota is spent: it begins anew at {moment(reset)}", reset)
    if reason in _RATE or status == 429:
        return CollectorError("rate_limit", "YouTube was asked too often: the next run goes on", now + _PAUSE)
    if reason in _NO_COMMENTS and resource == "commentThreads":
        return Unavailable("past", f"a video without comments: {message}")
    if status in (401, 403) or reason == "keyInvalid" or "API key" in message:
        return CollectorError("auth", f"YouTube refuses the key: set a valid {KEY} ({reason or message})")
    if status >= 500:
        return CollectorError("server", f"YouTube has trouble of its own (status {status}): the next run asks again")
    return CollectorError("request", f"YouTube did not accept the request (status {status}): {message}")
