"""The hourly sensor that checks the model in use for drift, and requests an early training."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from trend_assets.alerting.raising import raise_alert
from trend_assets.assets.declare import UNTIL_TAG
from trend_assets.automation.jobs import QUIET, WEEKLY_JOB
from trend_assets.forecasting.drift import DriftReport
from trend_assets.lake.io_manager import LakeResource
from trend_assets.operations.drift import check_drift, store_check
from trend_assets.periods import hour_start, monday, week_key
from trend_assets.settings import Settings


@dg.sensor(
    name="performance_drift",
    job_name=WEEKLY_JOB,
    minimum_interval_seconds=3600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Compares live accuracy and inputs with those of the training; drift asks for an early one.",
)
def drift_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
) -> dg.SensorResult:
    """Stores the check as an observation of the checkpoint; requests at most one training in `drift.retrain_days`."""
    now = datetime.now(UTC)
    # Without a model in use there is nothing to check.
    found = check_drift(lake.lake, settings, now)
    if found is None:
        return dg.SensorResult(skip_reason="no model is in use")
    model, report = found
    store_check(lake.lake, model, report, now)
    observed = [dg.AssetObservation("tgn_checkpoint", metadata={"model_version": model.version, **_metadata(report)})]
    if not report.reasons:
        return dg.SensorResult(skip_reason=f"no drift of {model.version} was found", asset_events=observed)
    why = "; ".join(report.reasons)
    last = datetime.fromisoformat(context.cursor) if context.cursor else model.week
    if now - max(last, model.week) < timedelta(days=settings.drift.retrain_days):
        return dg.SensorResult(skip_reason=f"{why}; trained or asked for lately", asset_events=observed)
    raise_alert(lake.lake, settings, "drift", model.version, f"{why}: an early training is asked for")
    return dg.SensorResult(run_requests=[_training(now)], cursor=now.isoformat(), asset_events=observed)


def _training(now: datetime) -> dg.RunRequest:
    hour = hour_start(now)
    return dg.RunRequest(
        run_key=f"drift at {hour.isoformat()}",
        partition_key=week_key(monday(now)),
        run_config=QUIET,
        tags={UNTIL_TAG: hour.isoformat()},
    )


def _metadata(report: DriftReport) -> dict[str, dg.MetadataValue]:
    numbers = {
        "live_ndcg_at_10": report.live_mean,
        "held_out_ndcg_at_10": report.held_out_mean,
        "input_psi": report.psi,
    }
    return {
        "drifted": dg.MetadataValue.bool(bool(report.reasons)),
        "reasons": dg.MetadataValue.text("; ".join(report.reasons) or "none"),
        "live_cuts": dg.MetadataValue.int(report.cuts),
        "live_ndcg_at_10_by_week": dg.MetadataValue.json({label: dict(weeks) for label, weeks in report.live.items()}),
        **{name: dg.MetadataValue.float(value) for name, value in numbers.items() if value is not None},
    }
