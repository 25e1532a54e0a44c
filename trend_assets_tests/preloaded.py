"""What nearly every `trend` loads, and has done once, before it looks at its arguments.

Left out is what reads the environment while it is loaded (the console), for each `trend` has its own, and what starts
threads that last (torch), which a fork would lose.
"""

from __future__ import annotations

import trend_assets.alerting
import trend_assets.assets.enriched
import trend_assets.assets.forecasts
import trend_assets.assets.graph
import trend_assets.assets.phrases
import trend_assets.assets.raw
import trend_assets.assets.records
import trend_assets.assets.training
import trend_assets.automation.alerts
import trend_assets.automation.drift
import trend_assets.automation.event_log
import trend_assets.automation.instance
import trend_assets.automation.jobs
import trend_assets.automation.maintenance
import trend_assets.automation.postponed
import trend_assets.automation.schedules
import trend_assets.automation.sensors
import trend_assets.definitions
import trend_assets.operations.importing  # noqa: F401
from trend_assets.lake.extensions import connect_with, extension_file

# Their signatures need not be checked again.
connect_with([extension_file("ducklake"), extension_file("sqlite_scanner")]).close()
