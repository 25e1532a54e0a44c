"""Collects hours from the enabled sources, and records attempts, budgets and states in the lake."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from trend_assets.assets.collectors import budgets, enabled_collectors
from trend_assets.lake.store import Lake
from trend_assets.operations.catching_up import give_up, look_again, missed_hours
from trend_assets.operations.collecting import CollectionState, Ledger, collection_state
from trend_assets.operations.identity import Identified
from trend_assets.operations.privacy.admission import Guard
from trend_assets.operations.recording import Collection, compare, record, reserve
from trend_assets.settings import Settings, live_sources
from trend_assets.sources.collection import Collected, Purpose, collect
from trend_assets.sources.collector import utc_now

_HOUR = timedelta(hours=1)

#: Tag of a Dagster run: the purpose of the collection.
PURPOSE_TAG = "trend/purpose"


@dataclass(frozen=True, slots=True)
class CollectionRun:
    """The result of a collection. Write its rows first, then call `finish`, which records attempts and states."""

    lake: Lake
    settings: Settings
    live: Sequence[str]
    collection: Collection
    collected: Collected
    compared: Identified
    memory: CollectionState

    def refused(self, why: str) -> CollectionRun:
        """The same without the rows, all hours failed: what must not be stored counts as not given."""
        failed = {"status": pl.lit("failed"), "failure": pl.lit("unexpected"), "message": pl.lit(why)}
        nothing = Identified(self.compared.raw.clear(), self.compared.verdicts.clear())
        collected = replace(
            self.collected,
            raw=self.collected.raw.clear(),
            status=self.collected.status.with_columns(**failed),
            attempts=self.collected.attempts.with_columns(**failed, cursor=pl.lit("")),
        )
        return replace(self, collected=collected, compared=nothing)

    def finish(self) -> None:
        """Records attempts and states. A run that is killed before asks the sources again, so no row is lost."""
        back = self.settings.schedule.catch_up_hours
        # Each hour has a late pass of its own, which reads all of it.
        if self.collection.purpose != "late":
            look_again(self.lake, self.collected, utc_now(), back)
        record(self.lake, self.collection, self.collected, self.compared, self.memory)
        if self.collection.purpose == "new":
            give_up(self.lake, self.live, utc_now(), back)


def collect_hours(
    lake: Lake, settings: Settings, start: datetime, end: datetime, purpose: Purpose, source: str | None = None
) -> CollectionRun:
    """Collects ``[start, end)`` from the enabled sources, within their budgets.

    Args:
        lake: holds cursors, failures and budgets of earlier collections.
        settings: which sources, with keys and budgets.
        start: first hour, UTC.
        end: the end of the last hour, UTC.
        purpose: why these hours are collected.
        source: ask only this one.

    Raises:
        SettingsError: the simulated world and a real source at once.
    """
    now = utc_now()
    live = [name for name in live_sources(settings) if source in (None, name)]
    before, reserved = _begin(lake, settings, live, (start, end), purpose, now)
    collectors = enabled_collectors(settings, before.ledger, source)
    settled = _settled(lake, live, start, end, now) if purpose == "catch_up" else ()
    guard = Guard.of(lake, settings)
    collected = _guarded(collect(collectors, start, end, utc_now, before.earlier, before.held, purpose, settled), guard)
    collected, compared = compare(lake, collected)
    origins = {collector.source: collector.origin for collector in collectors}
    collection = Collection(start, end, purpose, origins, now, reserved)
    return CollectionRun(lake, settings, live, collection, collected, compared, before)


def _guarded(collected: Collected, guard: Guard) -> Collected:
    """The collection without forgotten users and posts; the states count what was dropped."""
    raw, left_out = guard.raw(collected.raw)
    counted = left_out.group_by("hour", "source").agg(forgotten=pl.len().cast(pl.Int64))
    status = collected.status.drop("forgotten").join(
        counted, on=["hour", "source"], how="left", maintain_order="left", nulls_equal=True
    )
    return replace(
        collected,
        raw=raw,
        rejected=guard.rejected(collected.rejected),
        status=status.select(collected.status.columns),
    )


def _begin(
    lake: Lake,
    settings: Settings,
    live: Sequence[str],
    span: tuple[datetime, datetime],
    purpose: Purpose,
    now: datetime,
) -> tuple[CollectionState, list[str]]:
    """Earlier state, and the sources for which a budget is reserved, in one transaction."""
    if not live:
        return CollectionState(Ledger(now)), []
    with lake.transaction() as connection:
        before = collection_state(lake, *span, now)
        before = replace(before, ledger=replace(before.ledger, late=purpose == "late"))
        units = {**dict.fromkeys(live, 0), **budgets(settings, before.ledger, live)}
        reserve(connection, units, span[1] - _HOUR, purpose, now)
    if purpose == "asked":
        # A manual run usually follows a change of the key, so that a refused key is tried again.
        before = replace(before, held={name: why for name, why in before.held.items() if why.failure != "auth"})
    return before, list(units)


def _settled(lake: Lake, live: Names[str], start: datetime, end: datetime, now: datetime) -> set[tuple[str, datetime]]:
    """Sources and hours that are complete or given up, which a catch-up skips."""
    hours = [start + index * _HOUR for index in range(int((end - start) / _HOUR))]
    return {(name, hour) for name in live for hour in hours} - set(missed_hours(lake, list(live), start, end, now))
