"""The rules that turn the state of the lake and the disk into alerts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from trend_assets.alerting.alert import Alert
from trend_assets.lake.spam_topics import left_out
from trend_assets.lake.store import Lake
from trend_assets.settings import AlertRule, Settings, live_sources
from trend_assets.topic_names import canonical_topic
from trend_assets.words import forecast_in_words

_HOUR = timedelta(hours=1)
#: An older forecast is of the past: a backfill, or a pipeline that stands still, which other rules tell of.
_FRESH = timedelta(hours=3)
_LOOKED_BACK = timedelta(days=1)
#: The most topics that alert at once; all are in `predictions`.
_TOPICS = 50
_NEWEST = """
    SELECT topic, label, horizon_hours, rank, confidence, growth, cut, model_version,
           coalesce((metadata ->> 'before')::BIGINT, source_events_count) AS before,
           (metadata ->> 'needed')::BIGINT AS needed
    FROM predictions
    WHERE hour >= $since AND label = $label AND revision = 0 AND made = 'live'
      AND cut = (SELECT max(cut) FROM predictions WHERE hour >= $since AND label = $label)
"""
_CONFIDENT = f"{_NEWEST} AND confidence >= $confidence ORDER BY rank"
_WATCHED = f"{_NEWEST} AND rank <= $rank AND list_contains($topics, topic) ORDER BY rank LIMIT {_TOPICS}"
_COLLECTED = """
    SELECT source, max(hour) FILTER (status IN ('complete', 'partial', 'empty')) AS good,
           arg_max(message, finished_at) AS said
    FROM collection_status WHERE hour >= ? AND list_contains(?, source) GROUP BY source ORDER BY source
"""
_REFUSED = """
    SELECT source, arg_max(message, finished_at) AS said FROM collection_attempts
    WHERE finished_at >= ? AND status <> 'running'
    GROUP BY source HAVING arg_max(failure, finished_at) = 'auth' ORDER BY source
"""
_TRAININGS = """
    SELECT week, arg_max(status, started_at) AS status, arg_max(error, started_at) AS error,
           arg_max(model_version, started_at) AS model_version, arg_max(promoted, started_at) AS promoted,
           arg_max(decision, started_at) AS decision
    FROM training_runs WHERE started_at >= ? GROUP BY week ORDER BY week
"""


def evaluate(lake: Lake, settings: Settings, now: datetime) -> list[Alert]:
    """Everything that holds now, whether it was told of before or not; nothing but reads.

    Args:
        lake: what was collected, forecast and trained.
        settings: the rules' thresholds; muted rules are not looked at.
        now: timezone-aware.
    """
    muted = set(settings.alerts.muted)
    return [
        alert for rules, look in _RULES.items() if not muted.issuperset(rules) for alert in look(lake, settings, now)
    ]


def training_subject(week: datetime) -> str:
    """How alerts name the model of a week."""
    return f"week of {week:%Y-%m-%d}"


def _forecasts(lake: Lake, settings: Settings, now: datetime) -> Iterator[Alert]:
    alerts = settings.alerts
    asked: dict[str, Any] = {"since": now - _FRESH - _HOUR, "label": settings.alerted_label}
    if alerts.topic_confidence is not None:
        confident = {**asked, "confidence": alerts.topic_confidence}
        rows = lake.read(_CONFIDENT, confident).rows(named=True)
        hidden = _hidden(lake, settings, rows[0]["cut"]) if rows else set()
        for row in islice((row for row in rows if row["topic"] not in hidden), _TOPICS):
            yield _topic("topic_confident", settings, row)
    if alerts.watch_list:
        topics = [topic for topic in map(canonical_topic, alerts.watch_list) if topic]
        watched = {**asked, "rank": alerts.watch_rank, "topics": topics}
        for row in lake.read(_WATCHED, watched).iter_rows(named=True):
            yield _topic("watch_list", settings, row)


def _hidden(lake: Lake, settings: Settings, cut: datetime) -> set[str]:
    return left_out(lake, cut, settings.attention.muted, settings.attention.hide_spam)


def _topic(rule: AlertRule, settings: Settings, row: Mapping[str, Any]) -> Alert:
    told = forecast_in_words(
        row["label"],
        row["before"],
        row["growth"],
        row["confidence"],
        row["horizon_hours"],
        row["needed"],
        row["model_version"],
    )
    message = f"rank {row['rank']}: {told}; forecast at {row['cut']:%Y-%m-%d %H:%M} UTC by {row['model_version']}"
    return Alert(rule, row["topic"], message)


def _late_sources(lake: Lake, settings: Settings, now: datetime) -> Iterator[Alert]:
    limit = timedelta(hours=settings.alerts.source_late_hours)
    since = now - limit - _LOOKED_BACK
    for row in lake.read(_COLLECTED, [since, list(live_sources(settings))]).iter_rows(named=True):
        end = row["good"] and row["good"] + _HOUR
        if end is not None and now - end <= limit:
            continue
        newest = f"the newest collected hour ended {end:%Y-%m-%d %H:%M} UTC" if end else "nothing came in a day"
        yield Alert("source_late", row["source"], newest + (f"; last: {row['said']}" if row["said"] else ""))


def _refused_keys(lake: Lake, settings: Settings, now: datetime) -> Iterator[Alert]:
    for row in lake.read(_REFUSED, [now - timedelta(hours=24)]).iter_rows(named=True):
        yield Alert("key_refused", row["source"], row["said"])


def _trainings(lake: Lake, settings: Settings, now: datetime) -> Iterator[Alert]:
    since = now - timedelta(hours=settings.alerts.repeat_hours)
    for row in lake.read(_TRAININGS, [since]).iter_rows(named=True):
        subject = training_subject(row["week"])
        if row["status"] == "failed":
            yield Alert(
                "training_failed", subject, row["error"] or "the training failed: see its run in the Dagster UI"
            )
        elif row["promoted"] is False:
            yield Alert("model_not_promoted", subject, f"{row['model_version']} is not put to use: {row['decision']}")


def _disk(lake: Lake, settings: Settings, now: datetime) -> Iterator[Alert]:
    for folder in _folders(settings):
        free = shutil.disk_usage(folder).free / 1e9
        if free < settings.alerts.disk_low_gb:
            yield Alert(
                "disk_low",
                str(folder),
                f"{free:.1f} GB are free, fewer than {settings.alerts.disk_low_gb:g} GB (alerts.disk_low_gb): "
                "make room, or the pipeline stops",
            )


def _folders(settings: Settings) -> list[Path]:
    data = settings.lake.data_path
    wanted = [settings.home, *([Path(data)] if data and "://" not in data else [])]
    return [folder for folder in wanted if folder.is_dir()]


_RULES: Mapping[tuple[AlertRule, ...], Callable[[Lake, Settings, datetime], Iterator[Alert]]] = {
    ("topic_confident", "watch_list"): _forecasts,
    ("source_late",): _late_sources,
    ("key_refused",): _refused_keys,
    ("training_failed", "model_not_promoted"): _trainings,
    ("disk_low",): _disk,
}
