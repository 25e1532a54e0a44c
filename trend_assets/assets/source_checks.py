"""Checks of what a source gave: whether it answered, what is missing, and whether it looks as usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg
import polars as pl

from trend_assets.assets.checks import TIMES_IN_PARTITION
from trend_assets.lake.store import Lake
from trend_assets.operations.usual import Usual, incomplete_hours, newest_state, usual_hour
from trend_assets.periods import hour_start
from trend_assets.settings import Settings
from trend_assets.sources.collection import Collected
from trend_assets.sources.collector import utc_now

GOOD = ("complete", "empty")
_HOUR = timedelta(hours=1)
#: How many times more or less than usual is told.
_FACTOR = 10
#: How much the share of events without a user may differ.
_SHARE = 0.5

_ANSWERED, _NO_GAPS, _AS_USUAL = "answered", "no_gaps", "as_usual"
_MEANINGS = {
    _ANSWERED: "It was read to the end of the hour, and of its newest hour.",
    _NO_GAPS: "No hour of the time that is caught up on (`schedule.catch_up_hours`) is missing or incomplete.",
    _AS_USUAL: f"It brought no {_FACTOR} times more or less than at this hour of the last 7 days, and as many of its "
    "events name a user.",
}


def source_check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks that a source's asset declares."""
    told = [dg.AssetCheckSpec(name, asset=key, description=meaning) for name, meaning in _MEANINGS.items()]
    return [*told, dg.AssetCheckSpec(TIMES_IN_PARTITION.name, asset=key, description=TIMES_IN_PARTITION.meaning)]


def source_checks(
    key: dg.AssetKey, lake: Lake, settings: Settings, source: str, collected: Collected, start: datetime
) -> Iterator[dg.AssetCheckResult]:
    """What the checks found, once the collection is recorded.

    Args:
        key: of the source's asset.
        lake: with the rows that were just written.
        settings: how far back is caught up on.
        source: its name.
        collected: what it gave.
        start: the first hour that was asked for.
    """
    yield _answered(key, collected.status, newest_state(lake, source))
    # By the clock, not by this run's hours: the last run of a tick is for the hour of a day ago. The newest hour may
    # not have been asked for yet.
    end = hour_start(utc_now()) - _HOUR
    yield _no_gaps(key, incomplete_hours(lake, source, end - settings.schedule.catch_up_hours * _HOUR, end))
    one_hour = collected.status["hour"].to_list() == [start]
    yield _as_usual(key, collected.raw, usual_hour(lake, source, start) if one_hour else None)


def incomplete(status: pl.DataFrame) -> list[tuple[str, str]]:
    """States and reasons of the hours that were not read to their end, each once."""
    return status.filter(~pl.col("status").is_in(GOOD)).select("status", "message").unique(maintain_order=True).rows()


def _answered(key: dg.AssetKey, status: pl.DataFrame, newest: tuple[str, str] | None) -> dg.AssetCheckResult:
    told = incomplete(status)
    # A run for older hours that ends later must not hide that the newest one failed.
    if newest is not None and newest[0] not in GOOD and newest not in told:
        told.append(newest)
    # What is not set up, or gone for ever, is no failure that will pass.
    only_skipped = all(state == "skipped" for state, _ in told)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=_ANSWERED,
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN if only_skipped else dg.AssetCheckSeverity.ERROR,
        description="; ".join(f"{state}: {message}" for state, message in told),
        metadata={"hours": status.height, "hours_incomplete": status.filter(~pl.col("status").is_in(GOOD)).height},
    )


def _no_gaps(key: dg.AssetKey, missing: Sequence[datetime]) -> dg.AssetCheckResult:
    shown = ", ".join(f"{hour:%Y-%m-%d %H:%M}" for hour in missing[:12])
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=_NO_GAPS,
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"incomplete: {shown}{' …' if len(missing) > 12 else ''} UTC" if missing else None,
        metadata={"hours_incomplete": len(missing)},
    )


def _as_usual(key: dg.AssetKey, raw: pl.DataFrame, usual: Usual | None) -> dg.AssetCheckResult:
    events, without_user = raw.height, raw["user_id"].null_count()
    volume = usual is None or usual.events / _FACTOR <= events <= usual.events * _FACTOR
    users = usual is None or not events or abs(without_user / events - usual.without_user) <= _SHARE
    told = {"usual": usual.events, "usual_without_user": usual.without_user} if usual else {}
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=_AS_USUAL,
        passed=volume and users,
        # A spike may be news, and a format that lost its users may come back: it is told, and all rows are kept.
        severity=dg.AssetCheckSeverity.WARN,
        description=None if usual else "too little is known of this hour in the last 7 days",
        metadata={"events": events, "without_user": without_user, **told},
    )
