"""Which hours and weeks a tick asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG as RANGE_END
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_START_TAG as RANGE_START
from dagster._utils.schedules import schedule_execution_time_iterator

from trend_assets.automation.jobs import HOURLY_JOB, WEEKLY_JOB
from trend_assets.automation.schedules import hourly_schedule, weekly_schedule
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, COLLECTION_STATUS, TEMPORAL_EDGES
from trend_assets.settings import ScheduleSettings, load_settings

HOUR = timedelta(hours=1)
LIVE = ("google_trends",)


def evaluated(schedule: dg.ScheduleDefinition, moment: datetime) -> list[dg.RunRequest]:
    answer = schedule(
        dg.build_schedule_context(scheduled_execution_time=moment, resources={"lake": LakeResource(load_settings())})
    )
    return answer if isinstance(answer, list) else [answer]


@pytest.mark.parametrize(
    ("recollect", "hours"), [(0, ["07"]), (2, ["05", "06", "07"]), (4, ["03", "04", "05", "06", "07"])]
)
def test_the_hour_that_ended_and_a_few_before_it(recollect: int, hours: list[str]) -> None:
    schedule = hourly_schedule(ScheduleSettings(recollect_hours=recollect), ())
    requests = evaluated(schedule, datetime(2026, 2, 4, 8, 10, tzinfo=UTC))
    assert [request.partition_key for request in requests] == [f"2026-02-04-{hour}:00" for hour in hours]
    assert [request.tags["trend/recollection"] for request in requests] == ["true"] * recollect + ["false"]


def test_an_hour_is_asked_anew_at_each_tick_and_once_a_tick() -> None:
    schedule = hourly_schedule(ScheduleSettings(), ())
    first = datetime(2026, 2, 4, 23, 10, tzinfo=UTC)
    keys = [
        request.run_key for index in range(5) for request in evaluated(schedule, first + index * timedelta(hours=1))
    ]
    assert len(set(keys)) == len(keys) == 15
    again = [request.run_key for request in evaluated(schedule, first)]
    assert again == keys[:3]


def test_nothing_is_asked_from_before_the_history() -> None:
    schedule = hourly_schedule(ScheduleSettings(history_start=date(2026, 2, 4), recollect_hours=3), ())
    asked = [request.partition_key for request in evaluated(schedule, datetime(2026, 2, 4, 2, 10, tzinfo=UTC))]
    assert asked == ["2026-02-04-00:00", "2026-02-04-01:00"]
    assert evaluated(schedule, datetime(2026, 2, 4, 0, 10, tzinfo=UTC)) == []


def test_the_schedules_run_their_jobs_at_the_set_times_in_utc() -> None:
    settings = ScheduleSettings(minute=25, training_weekday=6, training_hour=4)
    hourly, weekly = hourly_schedule(settings, ()), weekly_schedule(settings, 1)
    assert (hourly.cron_schedule, hourly.job_name, hourly.execution_timezone) == ("25 * * * *", HOURLY_JOB, "UTC")
    assert (weekly.job_name, weekly.execution_timezone) == (WEEKLY_JOB, "UTC")


def mentioned(home: Path, moment: datetime, times: int) -> None:
    """A lake in which topics were mentioned so often in an hour."""
    edge = {"hour": moment, "timestamp": moment, "src": 1, "edge_type": "about", "weight": 1.0}
    edges = [{**edge, "event_id": f"e{number}", "dst": number} for number in range(times)]
    lake = LakeResource(load_settings()).lake
    lake.write(TEMPORAL_EDGES, TEMPORAL_EDGES.frame(edges), moment, moment + HOUR)


def test_no_training_is_asked_for_that_would_have_too_little(home: Path) -> None:
    sunday = datetime(2026, 2, 1, 5, tzinfo=UTC)
    mentioned(home, sunday, 3)
    mentioned(home, sunday + timedelta(days=1), 4)
    (skipped,) = evaluated(weekly_schedule(ScheduleSettings(), 4), sunday + timedelta(days=2))
    assert isinstance(skipped, dg.SkipReason)
    assert str(skipped.skip_message).startswith("3 mentions before 2026-02-02, training needs 4 (training.min_events)")
    (asked,) = evaluated(weekly_schedule(ScheduleSettings(), 3), sunday + timedelta(days=2))
    assert asked.partition_key == "2026-02-02"


@pytest.mark.parametrize("weekday", range(7))
def test_training_is_for_the_monday_of_its_week(home: Path, weekday: int) -> None:
    """The cron line falls on the weekday that was set, and the model is the one of that week."""
    mentioned(home, datetime(2026, 2, 1, tzinfo=UTC), 1)
    schedule = weekly_schedule(ScheduleSettings(training_weekday=weekday, training_hour=3), 1)
    after = datetime(2026, 2, 2, tzinfo=UTC)
    ticks = schedule_execution_time_iterator(after.timestamp(), str(schedule.cron_schedule), "UTC")
    moment = next(ticks).astimezone(UTC)
    assert moment == after + timedelta(days=weekday, hours=3)
    (request,) = evaluated(schedule, moment)
    assert request.partition_key == "2026-02-02"
    (later,) = evaluated(schedule, moment + timedelta(weeks=1))
    assert later.partition_key == "2026-02-09"
    assert later.run_key != request.run_key


def test_a_tick_through_dagster_names_partitions_that_exist(home: Path) -> None:
    from trend_assets.definitions import defs

    mentioned(home, datetime(2026, 2, 1, tzinfo=UTC), load_settings().training.min_events)
    repository = defs().get_repository_def()
    moment = datetime(2026, 2, 4, 8, 10, tzinfo=UTC)
    for name, expected in (("hourly_collection", 3), ("weekly_training", 1)):
        schedule = repository.get_schedule_def(name)
        context = dg.build_schedule_context(
            scheduled_execution_time=moment,
            repository_def=repository,
            resources={"lake": LakeResource(load_settings())},
        )
        requests = schedule.evaluate_tick(context).run_requests
        assert requests is not None and len(requests) == expected
        partitions = repository.get_job(schedule.job_name).partitions_def
        assert partitions is not None
        for request in requests:
            assert partitions.has_partition_key(request.partition_key)


def test_missed_hours_are_ranges_and_a_day_old_hour_gets_its_late_pass(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREND_GOOGLE_TRENDS__ENABLED", "true")
    now = datetime(2026, 2, 4, 8, 10, tzinfo=UTC)
    hour = now.replace(minute=0)
    lake = LakeResource(load_settings()).lake
    row = {"source": "google_trends", "status": "complete", "finished_at": now, "message": "", "failure": ""}
    counts = {"events": 1, "rejected": 0, "requests": 1}
    have = [hour - back * HOUR for back in (40, *range(12, 31))]
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([{**row, **counts, "hour": at} for at in have]))
    began = {**row, **counts, "hour": have[0], "purpose": "new", "started_at": now, "units": 1, "cursor": ""}
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([began]))
    asked = evaluated(hourly_schedule(ScheduleSettings(recollect_hours=1, catch_up_hours=48), LIVE), now)
    by_purpose: dict[str, list[dg.RunRequest]] = {}
    for request in asked:
        by_purpose.setdefault(request.tags["trend/purpose"], []).append(request)
    assert [request.partition_key for request in by_purpose["new"]] == ["2026-02-04-07:00"]
    assert [request.partition_key for request in by_purpose["again"]] == ["2026-02-04-06:00"]
    assert [request.partition_key for request in by_purpose["late"]] == ["2026-02-03-07:00"]
    ranges = [(request.tags[RANGE_START], request.tags[RANGE_END]) for request in by_purpose["catch_up"]]
    assert ranges == [("2026-02-02-17:00", "2026-02-03-01:00"), ("2026-02-03-21:00", "2026-02-04-05:00")]
    priorities = [int(by_purpose[name][0].tags["dagster/priority"]) for name in ("new", "again", "catch_up", "late")]
    assert priorities == sorted(priorities, reverse=True) and len(set(priorities)) == 4
    for name in ("late", "catch_up"):
        for request in by_purpose[name]:
            selected = request.asset_selection or []
            assert dg.AssetKey(["sources", "google_trends"]) in selected and dg.AssetKey("predictions") not in selected
    assert len({request.run_key for request in asked}) == len(asked)


def test_without_a_live_source_only_the_usual_hours_are_asked(home: Path) -> None:
    asked = evaluated(hourly_schedule(ScheduleSettings(), ()), datetime(2026, 2, 4, 8, 10, tzinfo=UTC))
    assert [request.tags["trend/purpose"] for request in asked] == ["again", "again", "new"]
    assert not home.exists()
