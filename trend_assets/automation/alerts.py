"""The sensor that raises and delivers alerts every minute."""

from datetime import UTC, datetime

import dagster as dg

from trend_assets.alerting.dispatch import dispatch
from trend_assets.alerting.history import AlertHistory
from trend_assets.alerting.rules import evaluate
from trend_assets.lake.io_manager import LakeResource
from trend_assets.settings import Settings


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks for what deserves an alert, and delivers to webhooks and by mail what was not yet delivered.",
)
def alerts_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
) -> dg.SkipReason:
    """Evaluates all rules and delivers open alerts; it starts no run, and its skip reason has the counts."""
    now = datetime.now(UTC)
    raised = AlertHistory(lake.lake, settings).add(evaluate(lake.lake, settings, now), now)
    told = dispatch(lake.lake, settings, now)
    return dg.SkipReason(f"{len(raised)} new alerts; {told or 'another process delivers'}")
