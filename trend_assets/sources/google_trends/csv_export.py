"""Parses the CSV export of Google Trends (`multiTimeline.csv`): a column a search term, a row a point in time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SERIES = re.compile(r"(.+): \(([^()\d]+)\)", re.DOTALL)
_WORLD = frozenset({"Worldwide"})
#: How long a point is, by the name of the first column in English; in other languages its form tells.
_PERIODS = {"day": "day", "week": "week", "month": "month"}
_FORMS = (
    (re.compile(r"\d{4}-\d{2}", re.ASCII), "month"),
    (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), "day"),
    (re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}", re.ASCII), "hour"),
)


def is_export(header: Sequence[str]) -> bool:
    """Whether a header is of a time, and of terms with the place behind each: ``Day, openai: (Worldwide)``."""
    return len(header) > 1 and ": (" not in header[0] and all(_SERIES.fullmatch(name) for name in header[1:])


def payloads(row: dict[str, Any]) -> list[dict[str, Any]]:
    """One payload of ``interest`` a term, for `events.parse`; those of one row share its time.

    A value is kept as it is written, ``<1`` too.
    """
    first, *series = row
    at = str(row[first] if row[first] is not None else "").strip()
    period = _PERIODS.get(first.strip().lower()) or next(
        (name for form, name in _FORMS if form.fullmatch(at)), "minute"
    )
    found = []
    for name in series:
        match = _SERIES.fullmatch(name)
        if match is not None:
            place = None if match[2] in _WORLD else match[2]
            found.append({"term": match[1], "timestamp": at, "geo": place, "value": row[name], "period": period})
    return found
