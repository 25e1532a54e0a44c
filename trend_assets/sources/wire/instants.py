"""Parses points in time in the sources' formats; all results are timezone-aware in UTC.

`read` is for tables of people whose habits nobody knows: it takes what means one thing only, and rejects the rest with
the option that would tell. It depends on the text alone, not on the day of reading, so that what is kept in the lake
is the same event years later; that nothing comes from the future is seen to where it is received (`event.Payload`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire import calendar_forms, zones
from trend_assets.sources.wire.calendar_forms import Shown
from trend_assets.sources.wire.date_formats import DateFormat, suggestion
from trend_assets.sources.wire.notes import BEFORE_2000, DATE_ONLY, DAY_NUMBER

#: What lies outside is a clock that was never set or a unit that was mistaken.
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_OUT_OF_RANGE = f"a timestamp out of range: expected the years {EARLIEST.year} to {LATEST.year - 1}"
_YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)

# Not `calendar.month_abbr`, which speaks the language of the machine.
_MONTHS = dict(Jan=1, Feb=2, Mar=3, Apr=4, May=5, Jun=6, Jul=7, Aug=8, Sep=9, Oct=10, Nov=11, Dec=12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_FIRST_SNOWFLAKE = 29_700_859_247
_SECONDS_A_DAY = 86_400

#: Units a second of an epoch with so many digits, from 1980 (seconds: from September 2001) on.
_UNITS = {10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 19: 10**9}
#: Digits of `YYYYMMDD`, then with `HH`, `HHMM`, `HHMMSS`, and milliseconds.
_DATES = (8, 10, 12, 14, 17)
#: Below it ten digits are seconds; from it on they may be a date and an hour, and are seconds of 2032 at the earliest.
_FIRST_DATE_HOUR = 1_980_010_100
#: What counts of so many digits may be. None is taken: each would be of another century if it were the other.
_SEVERAL = {
    9: "date_format=epoch_s (seconds since 1970) or date_format=cocoa_s (since 2001)",
    17: "date_format=webkit_us (microseconds since 1601)",
    18: "date_format=dotnet_ticks, or one of epoch_ns, cocoa_ns, filetime",
}
_SHEET_EPOCH = datetime(1899, 12, 30)
_SHEET_DAYS = ((EARLIEST.replace(tzinfo=None) - _SHEET_EPOCH).days, (LATEST.replace(tzinfo=None) - _SHEET_EPOCH).days)
_DECIMAL = re.compile(r"\d{1,20}\.\d{1,20}", re.ASCII)
_ROUNDED = re.compile(r"[+-]?(\d+)(?:[.,](\d*))?[eE]\+?(\d{1,3})", re.ASCII)
#: Week dates, and dates without hyphens but with a time.
_OTHER_ISO = re.compile(r"\d{4}-?W\d\d-?\d([T ].+)?|\d{8}[T ]\d.+", re.ASCII)


#: A time that was read, and what was assumed for it (`wire.notes`).
Reading = tuple[datetime, tuple[str, ...]]


def plausible(moment: datetime) -> datetime:
    """``moment`` in UTC.

    Raises:
        Rejected: before 1980 or after 2099.
    """
    if moment.tzinfo is not UTC:
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
    return _from_twitter(said)


@lru_cache(maxsize=1 << 14)  # asked for by the marks of a tweet, too; accounts come again
def _from_twitter(said: str) -> datetime:
    try:
        _, month, day, clock, zone, year = said.split(" ")
        hour, minute, second = clock.split(":")
        moment = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second) % 60, tzinfo=UTC)
        if second == "60":
            # A leap second has no place in datetime: it is the second after it.
            moment += timedelta(minutes=1)
        elif int(second) > 60:
            raise ValueError
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
    return plausible(moment if moment.tzinfo is not None else zones.local(moment, zone)[0])


def from_any(said: Any, zone: tzinfo | None = None) -> datetime:
    """`read` without the notes.

    Raises:
        Rejected: as `read`.
    """
    if isinstance(said, str) and len(said) == 30 and said[3] == " ":
        try:
            return _from_twitter(said)
        except Rejected:
            pass
    return read(said, zone)[0]


def read(said: Any, zone: tzinfo | None = None, form: DateFormat | None = None) -> Reading:
    """A time in any form that means one thing only.

    Those are ISO 8601 (week dates, too; no ordinal dates), RFC 2822, what `calendar_forms` has, `YYYYMMDD`
    with `HH`, `HHMM` or `HHMMSS` or without, epochs in seconds to nanoseconds told by their number of digits, and the
    day numbers of spreadsheets. Ten digits that are a date and an hour are that. A second of 60 is the next one, an
    hour of 24 the next midnight, a date without a time its midnight.

    Args:
        said: text, a number, or a datetime.
        zone: the zone of times that name none.
        form: forms to try first. What is in none of them is read as without it.

    Raises:
        Rejected: another form, with the option that reads it; no zone; a time that the zone's clocks skipped;
            out of range.
    """
    moment, notes = _read(said, zone, form)
    moment = plausible(moment)
    return moment, (*notes, BEFORE_2000) if moment < _YEAR_2000 else notes


def _read(said: Any, zone: tzinfo | None, form: DateFormat | None) -> Reading:
    if isinstance(said, str):
        text = said.strip()
        if form is not None and (found := form.read(text)) is not None:
            return _placed(found[0], zone, found[1])
        if len(text) > 15 and text[4] == "-" and text[10] in "T t":
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                return _written(text, zone)
            return (moment, ()) if moment.tzinfo is not None else zones.local(moment, zone)
        if len(text) == 30 and text[3] == " ":
            try:
                return from_twitter(text), ()
            except Rejected:
                return _written(text, zone)
        return _written(text, zone)
    if isinstance(said, datetime):
        return _placed(said, zone, True)
    if not isinstance(said, (int, float)) or isinstance(said, bool):
        raise Rejected("no timestamp")
    if not abs(said) < 1e20:
        raise Rejected(_OUT_OF_RANGE)
    if form is not None and (found := form.read(str(int(said)) if said == int(said) else str(said))) is not None:
        return _placed(found[0], zone, found[1])
    return _number(said, zone)


def _placed(moment: datetime, zone: tzinfo | None, has_time: bool) -> Reading:
    notes: tuple[str, ...] = ()
    if moment.tzinfo is None:
        moment, notes = zones.local(moment, zone)
    return moment, notes if has_time else (*notes, DATE_ONLY)


def _shown(shown: Shown, zone: tzinfo | None) -> Reading:
    if shown.zone is None:
        return _placed(shown.naive, zone, shown.has_time)
    return zones.written(shown.naive, shown.zone, zone)


def _written(text: str, zone: tzinfo | None) -> Reading:
    if not text:
        raise Rejected("no timestamp")
    if text.isdigit() and text.isascii():
        return _digits(text, zone)
    if _DECIMAL.fullmatch(text):
        return _number(float(text), zone)
    if match := _ROUNDED.fullmatch(text):
        whole, part, exponent = match[1], match[2] or "", int(match[3])
        if text[0].isdigit() and len(part) == exponent:
            return _digits((whole + part).lstrip("0"), zone)
        raise Rejected(f"a timestamp that was rounded: '{text[:60]}', its last digits are lost; export it as text")
    if (shown := calendar_forms.shown(text)) is not None:
        return _shown(shown, zone)
    if _OTHER_ISO.fullmatch(text):
        try:
            return _placed(datetime.fromisoformat(text), zone, len(text) > 10)
        except ValueError:
            pass
    if (bare := text.strip("\"'=")) and bare != text:
        return _written(bare, zone)
    raise Rejected(
        f"a timestamp in no form that means one thing: '{text[:60]}', add to the column map {suggestion(text[:60])}"
    )


def _number(said: float, zone: tzinfo | None) -> Reading:
    if said <= 0:
        raise Rejected(_OUT_OF_RANGE)
    whole = int(said)
    if whole == said:
        if 10**9 <= whole < _FIRST_DATE_HOUR:
            return datetime.fromtimestamp(whole, UTC), ()
        return _digits(str(whole), zone)
    unit = 1 if 10**9 <= whole < 10**10 else _UNITS.get(len(str(whole)))
    if unit is None:
        if _SHEET_DAYS[0] <= whole < _SHEET_DAYS[1]:
            return _day_number(said, zone)
        raise Rejected(_unread_digits(str(said), len(str(whole))))
    return datetime.fromtimestamp(said / unit, UTC), ()


def _digits(text: str, zone: tzinfo | None) -> Reading:
    size = len(text)
    if size in _DATES and "1980" <= text[:4] < "2100" and (shown := calendar_forms.compact(text)) is not None:
        return _shown(shown, zone)
    unit = _UNITS.get(size)
    if unit is not None and text[0] != "0":
        return _since_1970(int(text), unit), ()
    if size == 5 and _SHEET_DAYS[0] <= int(text) < _SHEET_DAYS[1]:
        return _day_number(int(text), zone)
    raise Rejected(_unread_digits(text, size))


def _since_1970(count: int, unit: int) -> datetime:
    if unit <= 10**3:
        # A float holds these to the microsecond, and no finer ones.
        return datetime.fromtimestamp(count / unit, UTC)
    return _EPOCH + timedelta(microseconds=count * 10**6 // unit)


def _day_number(days: float, zone: tzinfo | None) -> Reading:
    naive = _SHEET_EPOCH + timedelta(seconds=round(days * _SECONDS_A_DAY))
    moment, notes = _placed(naive, zone, days != int(days))
    return moment, (*notes, DAY_NUMBER)


def _unread_digits(text: str, size: int) -> str:
    form = _SEVERAL.get(size, "date_format= with its form, e.g. date_format=%d%m%Y")
    return f"a timestamp that is a number of several meanings: '{text[:60]}', add to the column map {form}"


def from_snowflake(tweet_id: str | None) -> datetime | None:
    """When a tweet was made, told by its id (to the millisecond); None for ids before November 2010."""
    if tweet_id is None or not (tweet_id.isascii() and tweet_id.isdigit() and len(tweet_id) <= 19):
        return None
    number = int(tweet_id)
    if number < _FIRST_SNOWFLAKE:
        return None
    return datetime.fromtimestamp(((number >> 22) + _SNOWFLAKE_EPOCH_MS) / 1000, UTC)


def age_days(at: datetime, created: Any) -> float | None:
    """Age at ``at`` of what was made at ``created``, in days; None where that is unknown or makes no sense."""
    if created is None:
        return None
    try:
        age = (at - from_any(created)).total_seconds() / _SECONDS_A_DAY
    except Rejected:
        return None
    return age if age >= 0 else None
