"""The sensor that computes postponed embeddings once the load has fallen, and those of another text model anew."""

from datetime import datetime

import dagster as dg
from dagster._core.storage.tags import PRIORITY_TAG

from trend_assets.assets.collection_run import PURPOSE_TAG
from trend_assets.automation.jobs import HOURLY_JOB
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import EVENT_EMBEDDINGS
from trend_assets.operations.load_shedding import POSTPONED, due_hours, lower_idle_load
from trend_assets.periods import hour_key
from trend_assets.settings import Settings
from trend_assets.sources.collector import utc_now


@dg.sensor(
    name="postponed_embeddings",
    job_name=HOURLY_JOB,
    minimum_interval_seconds=600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Embeds the hours whose embeddings were postponed under load, once it has fallen, and those that "
    "another text model has embedded, a few at a time.",
)
def postponed_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
) -> dg.SensorResult:
    """Requests a run of `event_embeddings` for each due hour; a failed one is requested again an hour later."""
    now = utc_now()
    lower_idle_load(lake.lake, settings, now)
    hours = due_hours(lake.lake, settings)
    if not hours:
        return dg.SensorResult(skip_reason="no embeddings wait, or the load is still too high for them")
    return dg.SensorResult(run_requests=[_request(hour, now) for hour in hours])


def _request(hour: datetime, now: datetime) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"postponed {hour_key(hour)} at {hour_key(now)}",
        partition_key=hour_key(hour),
        asset_selection=[dg.AssetKey(EVENT_EMBEDDINGS.name)],
        # Lower than the hourly collection, which must not wait.
        tags={PURPOSE_TAG: POSTPONED, PRIORITY_TAG: "-1"},
    )
