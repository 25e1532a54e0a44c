"""What Dagster keeps current by itself: freshness policies, and assets that follow what they are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster._core.storage.tags import PRIORITY_TAG

from trend_assets.assets.declare import SOURCE_ASSETS
from trend_assets.automation.jobs import FLOW_ASSETS, TRAINING_ASSETS
from trend_assets.settings import ScheduleSettings

_HOURLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=3), warn_window=timedelta(hours=2))
_WEEKLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=9), warn_window=timedelta(days=8))
_TRAINING = {dg.AssetKey(name) for name in TRAINING_ASSETS}
_FOLLOWING = {dg.AssetKey(name) for name in FLOW_ASSETS if name != SOURCE_ASSETS}
_SECONDS = 120


def kept_current(assets: Iterable[dg.AssetsDefinition], settings: ScheduleSettings) -> list[dg.AssetsDefinition]:
    """The assets, with freshness policies where the schedules run, and conditions on those that follow."""

    def current(spec: dg.AssetSpec) -> dg.AssetSpec:
        if spec.key in _FOLLOWING:
            spec = spec.replace_attributes(automation_condition=_follows(settings))
        if settings.enabled and spec.partitions_def is not None:
            policy = _WEEKLY if spec.key in _TRAINING else _HOURLY
            spec = dg.apply_freshness_policy(spec, policy)
        return spec

    return [asset.map_asset_specs(current) for asset in assets]


def _follows(settings: ScheduleSettings) -> dg.AutomationCondition[Any]:
    """True for hours of which something they are made of was made anew, in a run that did not make them, too.

    That is what a schedule cannot say: a source that somebody collects again in the UI, embeddings that came later.
    Older hours than those that are caught up on are left alone, as after a backfill of one table alone.
    """
    condition = dg.AutomationCondition
    recent = condition.in_latest_time_window(timedelta(hours=settings.catch_up_hours + 1))
    anew = condition.any_deps_updated().since_last_handled()
    return (recent & anew & ~condition.any_deps_in_progress() & ~condition.in_progress()).with_label("follows")


def following_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that looks at the conditions, every two minutes."""
    return dg.AutomationConditionSensorDefinition(
        "following",
        target=dg.AssetSelection.assets(*_FOLLOWING),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=_SECONDS,
        # Behind the hourly collection, which must not wait.
        run_tags={PRIORITY_TAG: "-1"},
        # A run an hour, which the pools and the queue can tell apart; a backfill would be one for all.
        emit_backfills=False,
        description="Makes hours anew after something they are made of was made anew alone.",
    )
