"""Points in time as the sources write them; all come back timezone-aware in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from trend_assets.sources.event import Rejected

#: What lies outside is a clock that was never set or a unit that was mistaken.
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_OUT_OF_RANGE = f"a timestamp out of range: expected the years {EARLIEST.year} to {LATEST.year - 1}"

# Not `calendar.month_abbr`, which speaks the language of the machine.
_MONTHS = dict(Jan=1, Feb=2, Mar=3, Apr=4, May=5, Jun=6, Jul=7, Aug=8, Sep=9, Oct=10, Nov=11, Dec=12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_FIRST_SNOWFLAKE = 29_700_859_247
_SECONDS_A_DAY = 86_400


def plausible(moment: datetime) -> datetime:
    """``moment`` in UTC.

    Raises:
        Rejected: before 1980 or after 2099.
    """
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Rejected(_OUT_OF_RANGE) from None
    if not EARLIEST <= moment < LATEST:
        raise Rejected(_OUT_OF_RANGE)
    return moment


def from_twitter(said: Any) -> datetime:
    """A v1.1 time, ``Wed Jan 01 00:00:48 +0000 2014``, read by position: the locale does not matter.

    Raises:
        Rejected: another form, or out of range.
    """
    if not isinstance(said, str):
        raise Rejected("no timestamp")
    try:
        _, month, day, clock, zone, year = said.split(" ")
        hour, minute, second = clock.split(":")
        # A leap second has no place in datetime.
        moment = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC)
        if zone != "+0000":
            sign = -1 if zone[0] == "-" else 1
            moment -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    except (ValueError, KeyError, IndexError, OverflowError):
        raise Rejected("a timestamp that is not of the form 'Wed Jan 01 00:00:48 +0000 2014'") from None
    return plausible(moment)


def from_iso(said: Any, zone: tzinfo | None = None) -> datetime:
    """An ISO 8601 time; ``zone`` is assigned where it names none.

    Raises:
        Rejected: another form, no zone, or out of range.
    """
    if not isinstance(said, str) or not said.strip():
        raise Rejected("no timestamp")
    written = said.strip()
    if written.endswith(" UTC"):
        written = written[:-4] + "Z"
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Rejected("a timestamp that is neither ISO 8601 nor an epoch") from None
    return plausible(_with_zone(moment, zone))


def _with_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise Rejected("a timestamp without a time zone: name it, e.g. timezone=UTC in the column map")
    return moment.replace(tzinfo=zone)


def from_epoch(said: float) -> datetime:
    """Seconds, milli-, micro- or nanoseconds since 1970; the unit is told by the magnitude.

    Raises:
        Rejected: out of range.
    """
    size = abs(said)
    scale = 1 if size < 1e11 else 1e3 if size < 1e14 else 1e6 if size < 1e17 else 1e9
    try:
        moment = _EPOCH + timedelta(seconds=said / scale)
    except (OverflowError, ValueError):
        raise Rejected(_OUT_OF_RANGE) from None
    return plausible(moment)


def from_any(said: Any, zone: tzinfo | None = None) -> datetime:
    """ISO 8601, Twitter's form, or an epoch in seconds to nanoseconds, as a number or as digits.

    Raises:
        Rejected: none of these, no zone, or out of range.
    """
    if isinstance(said, datetime):
        return plausible(_with_zone(said, zone))
    if isinstance(said, (int, float)) and not isinstance(said, bool):
        return from_epoch(said)
    if not isinstance(said, str) or not said.strip():
        raise Rejected("no timestamp")
    said = said.strip()
    if said[0].isalpha():
        return from_twitter(said)
    try:
        return from_epoch(float(said))
    except ValueError as error:
        if isinstance(error, Rejected):
            raise
    return from_iso(said, zone)


def from_snowflake(tweet_id: str | None) -> datetime | None:
    """When a tweet was made, told by its id (to the millisecond); None for ids before November 2010."""
    if tweet_id is None or not (tweet_id.isascii() and tweet_id.isdigit() and len(tweet_id) <= 19):
        return None
    number = int(tweet_id)
    if number < _FIRST_SNOWFLAKE:
        return None
    return _EPOCH + timedelta(milliseconds=(number >> 22) + _SNOWFLAKE_EPOCH_MS)


def age_days(at: datetime, created: Any) -> float | None:
    """Age at ``at`` of what was made at ``created``, in days; None where that is unknown or makes no sense."""
    if created is None:
        return None
    try:
        age = (at - from_any(created)).total_seconds() / _SECONDS_A_DAY
    except Rejected:
        return None
    return age if age >= 0 else None
