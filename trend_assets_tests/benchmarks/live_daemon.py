"""Dagster's real daemon on the shared clock; it looks at its schedules every second, not every minute."""

from __future__ import annotations

from unittest import mock

from dagster._daemon.cli import main

from trend_assets_tests.benchmarks.live_clock import clock

if __name__ == "__main__":
    with (
        mock.patch("dagster._time._mockable_get_current_datetime", clock),
        mock.patch("dagster._time._mockable_get_current_timestamp", lambda: clock().timestamp()),  # noqa: PT008
        mock.patch("dagster._scheduler.scheduler._get_next_scheduler_iteration_time", lambda start: start + 1),
    ):
        main()
