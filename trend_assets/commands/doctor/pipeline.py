"""Checks of Dagster's records, its daemon and its runs, and of the sources' keys."""

from __future__ import annotations

import time
from collections.abc import Iterator

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._daemon.controller import get_daemon_statuses

from trend_assets.assets.collectors import live_sources
from trend_assets.automation.instance import open_instance
from trend_assets.commands.doctor.finding import Finding
from trend_assets.settings import Settings

_STARTING = (DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED)
#: Seconds after which a run that starts, or that runs, is stuck: those of Dagster's settings for monitoring.
_START_SECONDS, _RUN_SECONDS = 600, 86_400
#: The settings of each source that it does not work without.
_KEYS = {"twitter": "bearer_token", "youtube": "api_key"}


def pipeline(settings: Settings) -> Iterator[Finding]:
    """Dagster's records, daemon and runs."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        yield Finding(
            "records",
            f"Dagster has none yet in {settings.dagster_home}",
            "run `trend up`, or any command that collects",
        )
        return
    with open_instance(settings) as instance:
        yield Finding("records", f"Dagster keeps {instance.get_runs_count():,} runs in {_place(instance)}")
        daemon = _daemon(instance)
        yield daemon
        yield from _runs(instance, idle=daemon.todo is not None)


def _place(instance: DagsterInstance) -> str:
    # Not the address: it may hold a password.
    return str(instance.root_directory) if "Sqlite" in type(instance.run_storage).__name__ else "PostgreSQL"


def _daemon(instance: DagsterInstance) -> Finding:
    statuses = get_daemon_statuses(instance, instance.get_required_daemon_types())
    silent = sorted(name for name, status in statuses.items() if not status.healthy)
    if not silent:
        return Finding("daemon", "every part of it has reported lately")
    return Finding("daemon", f"no word from {', '.join(silent)}", "nothing is collected on schedule: run `trend up`")


def _runs(instance: DagsterInstance, *, idle: bool) -> Iterator[Finding]:
    now = time.time()
    stuck = [
        record.dagster_run.run_id[:8]
        for record in instance.get_run_records(RunsFilter(statuses=[*_STARTING, DagsterRunStatus.STARTED]))
        if now - (record.start_time or record.create_timestamp.timestamp())
        > (_RUN_SECONDS if record.dagster_run.status is DagsterRunStatus.STARTED else _START_SECONDS)
    ]
    if stuck:
        yield Finding(
            "runs", f"{len(stuck)} are stuck: {', '.join(stuck[:5])}", "`trend up` fails those without a process"
        )
    waiting = instance.get_runs_count(RunsFilter(statuses=[DagsterRunStatus.QUEUED]))
    if waiting and idle:
        yield Finding("queue", f"{waiting} runs wait, and no daemon starts them", "run `trend up`")
    elif not stuck:
        yield Finding("runs", f"none is stuck, {waiting} wait")


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether the enabled sources have their keys; what they are is not shown."""
    live = live_sources(settings)
    if not live:
        yield Finding("keys", "no source that needs one is enabled")
    for source in live:
        name = _KEYS.get(source)
        key = getattr(settings, source, None) and name and getattr(getattr(settings, source), name)
        if name is None:
            yield Finding("keys", f"{source} needs none")
        elif key is None or not key.get_secret_value().strip():
            variable = f"TREND_{source.upper()}__{name.upper()}"
            yield Finding("keys", f"{source} has none", f"put it into the environment variable {variable}")
        else:
            yield Finding("keys", f"{source} has one")
