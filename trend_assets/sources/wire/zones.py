"""Parses time zones as people write them, and places local times in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.notes import TWICE, US_CENTRAL

#: Hours from UTC: those of RFC 2822, and others that mean one zone only. BST, IST and their like mean several.
_ABBREVIATIONS = {
    **dict(UTC=0, UT=0, GMT=0, Z=0, EST=-5, EDT=-4, CST=-6, CDT=-5, MST=-7, MDT=-6, PST=-8, PDT=-7),
    **dict(WET=0, WEST=1, CET=1, CEST=2, EET=2, EEST=3, MSK=3, JST=9),
}
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?\s*([+\-\u2212])(\d{1,2})(?::?(\d{2}))?", re.ASCII)
_FARTHEST = timedelta(hours=16)
#: What these mean depends on the machine.
_OF_THE_MACHINE = ("localtime", "posixrules")


@lru_cache(maxsize=256)
def named(name: str) -> tzinfo | None:
    """The zone that an option or a column names: ``UTC``, ``Europe/Berlin``, ``+02:00``, ``UTC+2``, ``EDT``."""
    name = name.strip()
    if name.upper() in ("UTC", "Z", "GMT", "UT"):
        return UTC
    if name.lower() in _OF_THE_MACHINE:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return _fixed(name)


def _fixed(name: str) -> tzinfo | None:
    if match := _OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset > _FARTHEST:
            return None
        return timezone(offset if sign == "+" else -offset)
    hours_ahead = _ABBREVIATIONS.get(name.upper())
    return None if hours_ahead is None else timezone(timedelta(hours=hours_ahead))


def local(naive: datetime, zone: tzinfo | None) -> tuple[datetime, tuple[str, ...]]:
    """A time of the clocks in ``zone``, aware, and what was assumed.

    An hour that came twice, as clocks were put back, is the first of the two.

    Raises:
        Rejected: no zone, or the clocks never showed that time, as they were put forward.
    """
    if zone is None:
        raise Rejected("a timestamp without a time zone: name it, e.g. timezone=UTC in the column map")
    moment = naive.replace(tzinfo=zone)
    if not isinstance(zone, ZoneInfo):
        return moment, ()
    first, second = moment.utcoffset(), moment.replace(fold=1).utcoffset()
    if first == second or first is None or second is None:
        return moment, ()
    if first < second:
        raise Rejected(
            f"a timestamp that never was: the clocks of {zone.key} were put forward over '{naive:%Y-%m-%d %H:%M}', "
            "is timezone= right?"
        )
    return moment, (TWICE,)


def written(naive: datetime, name: str, given: tzinfo | None) -> tuple[datetime, tuple[str, ...]]:
    """A time beside which its zone is written: an offset, an abbreviation, or a name as in ``Europe/Berlin``.

    Args:
        naive: the time on the clocks there.
        name: the zone as written. An abbreviation is that of ``given`` where its clocks used it then, so that
            `CST` is Shanghai's with ``timezone=Asia/Shanghai``.
        given: the zone of the column map.

    Raises:
        Rejected: an abbreviation that is unknown, or means several zones.
    """
    if given is not None and given is not UTC and given.tzname(naive) == name.upper():
        return local(naive, given)
    zone = _fixed(name) or (named(name) if "/" in name else None)
    if zone is None:
        raise Rejected(f"a timestamp whose time zone is unknown or ambiguous: '{name}', say timezone=, e.g. "
                       "timezone=Europe/London")  # fmt: skip
    moment, assumed = local(naive, zone)
    return moment, (*assumed, US_CENTRAL) if name.upper() == "CST" else assumed
