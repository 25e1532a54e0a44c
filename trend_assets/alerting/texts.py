"""The texts of alerts."""

from __future__ import annotations

from collections.abc import Sequence

from trend_assets.alerting.history import Entry

#: The most alerts that one message lists; the history has all.
_LINES = 40


def headline(entries: Sequence[Entry]) -> str:
    """One line: what it is about."""
    if len(entries) > 1:
        return f"{len(entries)} alerts"
    return f"{entries[0].alert.title}: {one_line(entries[0].alert.subject)}"


def lines(entries: Sequence[Entry]) -> list[str]:
    """What happened, an alert a line, the most urgent first; several with their time."""
    if len(entries) == 1:
        return [one_line(entries[0].alert.message)]
    order = {"critical": 0, "warning": 1, "info": 2}
    ranked = sorted(entries, key=lambda entry: (order[entry.alert.severity], entry.raised_at))
    told = [_line(entry) for entry in ranked[:_LINES]]
    if len(entries) > _LINES:
        told.append(f"and {len(entries) - _LINES} more: `trend alerts list` shows all")
    return told


def _line(entry: Entry) -> str:
    alert = entry.alert
    return f"{entry.raised_at:%m-%d %H:%M} UTC, {alert.title}, {one_line(alert.subject)}: {one_line(alert.message)}"


def one_line(text: str) -> str:
    """Topics and errors come from outside, and may hold line breaks."""
    return " ".join(text.split())
