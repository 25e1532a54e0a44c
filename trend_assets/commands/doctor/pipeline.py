"""Checks of Dagster's records, its daemon and its runs, and of the sources' keys."""

from __future__ import annotations

from collections.abc import Iterator

from trend_assets.automation.condition import Condition, condition
from trend_assets.commands.doctor.finding import Finding
from trend_assets.settings import Settings, live_sources

#: The settings of each source that it does not work without.
_KEYS = {"twitter": "bearer_token", "youtube": "api_key"}


def pipeline(settings: Settings) -> Iterator[Finding]:
    """Dagster's records, daemon and runs."""
    found = condition(settings)
    if found is None:
        yield Finding("records", f"Dagster has none yet in {settings.dagster_home}", "run `trend up`")
        return
    yield Finding("records", f"Dagster keeps {found.runs:,} runs in {found.place}")
    if found.silent and not settings.schedule.enabled:
        yield Finding("daemon", "none runs, and none is needed: the schedule is off (`schedule.enabled`)")
    elif found.silent:
        todo = "nothing is collected on schedule: run `trend up`"
        yield Finding("daemon", f"no word from {', '.join(found.silent)}", todo)
    else:
        yield Finding("daemon", "every part of it has reported lately")
    yield _runs(found)


def _runs(found: Condition) -> Finding:
    if found.stuck:
        names = ", ".join(run[:8] for run in found.stuck[:5])
        return Finding("runs", f"{len(found.stuck)} are stuck: {names}", "`trend up` fails those without a process")
    if found.waiting and found.silent:
        return Finding("runs", f"{found.waiting} wait, and no daemon starts them", "run `trend up`")
    return Finding("runs", f"none is stuck, {found.waiting} wait")


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether the enabled sources have their keys; what they are is not shown."""
    live = live_sources(settings)
    if not live:
        yield Finding("keys", "no source that needs one is enabled")
    for source in live:
        name = _KEYS.get(source)
        if name is None:
            yield Finding("keys", f"{source} needs none")
            continue
        key = getattr(getattr(settings, source), name)
        if key is None or not key.get_secret_value().strip():
            variable = f"TREND_{source.upper()}__{name.upper()}"
            yield Finding("keys", f"{source} has none", f"put it into the environment variable {variable}")
        else:
            yield Finding("keys", f"{source} has one")
