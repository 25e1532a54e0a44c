"""The remaining quotas of the live sources, and which of them are rate-limited."""

from __future__ import annotations

from datetime import datetime

from api.models.collection import Held, Quota
from api.reading.lake import LakeReader
from trend_assets.periods import month, pacific_day
from trend_assets.settings import Settings

_SPENT = """
    SELECT coalesce(sum(units), 0)::BIGINT AS used FROM collection_attempts
    WHERE source = ? AND finished_at >= ? AND finished_at < ?
"""
_HELD = """
    SELECT source, max(retry_at) AS until, arg_max(message, finished_at) AS reason FROM collection_attempts
    WHERE retry_at > ? GROUP BY source ORDER BY source
"""


def quotas(lake: LakeReader, settings: Settings, now: datetime) -> list[Quota]:
    """The budgets of the enabled sources that have one, in the period that holds `now`."""
    found = []
    if settings.twitter.enabled and settings.twitter.monthly_posts is not None:
        found.append(_quota(lake, "twitter", "posts", settings.twitter.monthly_posts, month(now)))
    if settings.youtube.enabled and settings.youtube.daily_units is not None:
        found.append(_quota(lake, "youtube", "quota units", settings.youtube.daily_units, pacific_day(now)))
    return found


def held(lake: LakeReader, now: datetime) -> list[Held]:
    """Sources that said when to ask again, where that is still to come."""
    return [Held(**row) for row in lake.read(_HELD, [now]).iter_rows(named=True)]


def _quota(lake: LakeReader, source: str, unit: str, limit: int, period: tuple[datetime, datetime]) -> Quota:
    used = int(lake.read(_SPENT, [source, *period])["used"][0])
    start, end = period
    return Quota(source=source, unit=unit, limit=limit, used=used, left=max(limit - used, 0), start=start, end=end)
