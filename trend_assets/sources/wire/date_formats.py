"""Parses times by a format that the user names (`date_format=`), and suggests one for unknown forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from trend_assets.sources.wire.calendar_forms import MONTHS

#: Counts of units since a moment, by the name that `date_format` takes: the first moment, and units a second.
COUNTS = {
    "epoch_s": (datetime(1970, 1, 1, tzinfo=UTC), 1),
    "epoch_ms": (datetime(1970, 1, 1, tzinfo=UTC), 10**3),
    "epoch_us": (datetime(1970, 1, 1, tzinfo=UTC), 10**6),
    "epoch_ns": (datetime(1970, 1, 1, tzinfo=UTC), 10**9),
    "cocoa_s": (datetime(2001, 1, 1, tzinfo=UTC), 1),
    "cocoa_ns": (datetime(2001, 1, 1, tzinfo=UTC), 10**9),
    "dotnet_ticks": (datetime(1, 1, 1, tzinfo=UTC), 10**7),
    "filetime": (datetime(1601, 1, 1, tzinfo=UTC), 10**7),
    "webkit_us": (datetime(1601, 1, 1, tzinfo=UTC), 10**6),
}
_COUNT = re.compile(r"(-?\d{1,30})(?:[.,](\d{1,12}))?", re.ASCII)
#: A moment whose every part differs, to try forms on.
_TRIED = datetime(2003, 2, 1, 16, 5, 6, tzinfo=UTC)

_CLOCK = re.compile(r"(?<![\d:])[012]?\d:[0-5]\d(:[0-5]\d)?(?:([.,])\d{1,6}(?!\d))?(?:(\s*)[AaPp][Mm])?", re.ASCII)
_NUMBERED = re.compile(r"(?<!\d)(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)", re.ASCII)
_NAMED = re.compile(r"(?<![\dA-Za-z])\d{1,2}([-/.\s])([A-Za-z]{3,9})\1(\d{4}|\d{2})(?!\d)", re.ASCII)
_OFFSET = re.compile(r"[+-]\d{2}:?\d{2}$", re.ASCII)
_FOR_EXAMPLE = "%d/%m/%Y %H:%M"

Reader = Callable[[str], tuple[datetime, bool] | None]


class DateFormat:
    """Forms of a time, tried in their order.

    Args:
        written: `strptime` forms such as ``%d/%m/%Y %H:%M``, or names of `COUNTS`, with ``|`` between them.

    Raises:
        ValueError: a form that is neither, or that does not tell year, month and day.
    """

    def __init__(self, written: str) -> None:
        self._readers = [_reader(form.strip()) for form in written.split("|")]

    def read(self, text: str) -> tuple[datetime, bool] | None:
        """The time, aware where the form tells the zone, and whether the form tells a time of day.

        None where ``text`` is in none of the forms.
        """
        return next((found for reader in self._readers if (found := reader(text)) is not None), None)


def _reader(form: str) -> Reader:
    if form in COUNTS:
        return lambda text: _counted(text, *COUNTS[form])
    has_time = _tried(form).hour != 0

    def read(text: str) -> tuple[datetime, bool] | None:
        try:
            return datetime.strptime(text, form), has_time
        except (ValueError, OverflowError):
            return None

    return read


def _tried(form: str) -> datetime:
    if "%Z" in form:
        raise ValueError(f"{form!r}: %Z is not read, name the zone with timezone=")
    try:
        back = datetime.strptime(_TRIED.strftime(form), form)
    except (ValueError, re.error) as error:  # a part that is named twice
        raise ValueError(f"{form!r} is no form of a time: {error}") from None
    if back.date() != _TRIED.date():
        raise ValueError(
            f"{form!r} does not tell year, month and day as {_FOR_EXAMPLE} does; or name a count: {', '.join(COUNTS)}"
        )
    return back


def _counted(text: str, first: datetime, a_second: int) -> tuple[datetime, bool] | None:
    match = _COUNT.fullmatch(text)
    if match is None:
        return None
    whole, part = divmod(int(match[1]) * 10**6, a_second)
    micros = whole + round((part + float(f"0.{match[2] or 0}") * 10**6) / a_second)
    try:
        return first + timedelta(microseconds=micros), True
    except OverflowError:
        return None


def suggestion(text: str) -> str:
    """What to add to the column map so that ``text`` is read: ``date_format=`` with its form, or both possible ones."""
    text = text.strip()
    if _COUNT.fullmatch(text):
        return "date_format=epoch_s, if it counts seconds since 1970"
    # A comma parts the fields of a map: what holds one is quoted, as in CSV.
    found = [f'"date_format={form}"' if "," in form else f"date_format={form}" for form in forms(text)]
    return " or ".join(found) or f"date_format= with its form, e.g. date_format={_FOR_EXAMPLE}"


def forms(text: str) -> tuple[str, ...]:
    """The forms that a written time may have: none, one, or one with the month first and one with the day first."""
    return _forms(_OFFSET.sub("%z", _CLOCK.sub(_clock_form, text.strip().replace("%", "%%"))))


@lru_cache(maxsize=4096)
def _forms(pattern: str) -> tuple[str, ...]:
    """The same where the time of day is a form already; texts of one day are one pattern."""
    if (named := _NAMED.search(pattern)) and named[2].lower() in MONTHS:
        month = "%b" if len(named[2]) == 3 else "%B"
        pattern = pattern.replace(named[0], f"%d{named[1]}{month}{named[1]}{_year(named[3])}")
    found = [pattern]
    if match := _NUMBERED.search(pattern):
        first, sign, second, year = match.groups()
        orders = [("%m", "%d")] * (int(first) <= 12) + [("%d", "%m")] * (int(second) <= 12)
        found = [pattern.replace(match[0], sign.join((*order, _year(year)))) for order in orders]
    return tuple(form for form in found if _is_form(form))


def _is_form(form: str) -> bool:
    try:
        return _tried(form) is not None
    except ValueError:
        return False


def _clock_form(match: re.Match[str]) -> str:
    seconds, sign, half = match.groups()
    form = ("%H" if half is None else "%I") + ":%M" + (":%S" if seconds else "") + (f"{sign}%f" if sign else "")
    return form if half is None else f"{form}{half}%p"


def _year(digits: str) -> str:
    return "%Y" if len(digits) == 4 else "%y"
