"""Parses dates and times written for people, in unambiguous forms only.

The year first (`2024/1/15 12:30`), or the month by its English name (`15 Jan 2024 12:30`, `Jan 15, 2024, 12:30 PM`,
`Mon Jan 15 12:30:00 UTC 2024`); RFC 2822 is among them. What numbers alone leave open, `1/2/2024`, is not.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

# Not `calendar.month_name`, which speaks the language of the machine.
_MONTH_NAMES = (
    ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
     "december")
)  # fmt: skip
#: English names of months, whole or cut, in lower case.
MONTHS = {name[:cut]: number for number, name in enumerate(_MONTH_NAMES, 1) for cut in (3, len(name))} | {"sept": 9}

_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,12}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?"
)
_ZONE = r"(?:\s*(?P<zone>(?:utc|gmt|ut)?\s?[+\-\u2212]\d{1,2}(?::?\d{2})?|[a-z]{1,5}|[a-z_]+/[a-z_/+-]+))?"
_COMMENT = r"(?:\s*(?:\([^()]*\)|\[[^\[\]]*\]))?"
_REST = rf"(?:(?:,?\s+(?:at\s+)?|\s*[t\u00b7]\s*){_TIME}{_ZONE}{_COMMENT})?"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"(?P<year>\d{{4}})(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}}){_REST}",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})\s+{_MONTH},?\s+(?P<year>\d{{4}}){_REST}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_REST}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+{_TIME}{_ZONE}\s+(?P<year>\d{{4}})",
    )
)
#: JavaScript's dates with the zone's long name are the longest.
_LONGEST = 120
_SPACES = re.compile(r"\s+")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\d{3})?)?)?)?", re.ASCII)


class Shown(NamedTuple):
    """What a calendar and a clock showed.

    Args:
        naive: the date and time.
        zone: the zone as written beside it, where one is.
        has_time: whether a time was written, not a date alone.
    """

    naive: datetime
    zone: str | None
    has_time: bool


def shown(text: str) -> Shown | None:
    """What ``text`` says; None where it has another form or is no date.

    An hour 24 is the next midnight, a second 60 the next second.
    """
    if len(text) > _LONGEST:
        return None
    # Spaces of any width, as Unicode's locale data put before PM.
    text = _SPACES.sub(" ", text)
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _of(match.groupdict())
    return None


def compact(digits: str) -> Shown | None:
    """``YYYYMMDD``, perhaps with ``HH``, ``HHMM``, ``HHMMSS`` or milliseconds; None where they are no date."""
    match = _COMPACT.fullmatch(digits)
    if match is None:
        return None
    year, month, day, hour, minute, second, milliseconds = match.groups()
    parts = {"hour": hour, "minute": minute, "second": second, "fraction": milliseconds}
    return _of({"year": year, "month": month, "day": day, **parts})


def _of(parts: dict[str, str | None]) -> Shown | None:
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "pP" else 0)
    fraction = int(f"{parts.get('fraction') or '':0<6}"[:6])
    extra = timedelta()
    if second == 60:
        second, extra = 59, timedelta(seconds=1)
    if (hour, minute, second, fraction) == (24, 0, 0, 0):
        hour, extra = 0, timedelta(days=1)
    month = str(parts["month"])
    try:
        number = int(month) if month.isdigit() else MONTHS[month.lower()]
        day = datetime(int(str(parts["year"])), number, int(str(parts["day"])), hour, minute, second, fraction)
        return Shown(day + extra, parts.get("zone"), parts.get("hour") is not None)
    except (ValueError, KeyError, OverflowError):
        return None
