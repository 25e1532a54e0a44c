"""Files put into the inbox, and runs that fail."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import orjson
import polars as pl
import pytest
from dagster import AssetKey, DagsterInstance

from trend_assets.automation import sensors
from trend_assets.automation.sensors import failure_sensor, import_inbox, inbox_sensor
from trend_assets.definitions import defs
from trend_assets.lake.connection import lake_location
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, RAW_EVENTS, TRAINING_RUNS
from trend_assets.launch import HourRange, RunFailed, materialize_hours, materialize_week
from trend_assets.settings import load_settings

HOUR = datetime(2026, 2, 4, 8, tzinfo=UTC)
WEEK = datetime(2026, 2, 2, tzinfo=UTC)
TWEETS = b"\n".join(
    orjson.dumps(
        {
            "id_str": str(number),
            "created_at": "Wed Feb 04 08:15:00 +0000 2026",
            "text": f"morning #coffee {number}",
            "user": {"id_str": "7", "screen_name": "ann"},
        }
    )
    for number in range(3)
)


@pytest.fixture
def inbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty inbox in which files settle at once."""
    monkeypatch.setattr(sensors, "_SETTLED", timedelta(0))
    folder = home / "inbox"
    folder.mkdir(parents=True)
    return folder


def requests(instance: DagsterInstance | None = None) -> list[dg.RunRequest]:
    context = dg.build_sensor_context(instance or DagsterInstance.ephemeral())
    result = inbox_sensor(context, settings=load_settings())
    assert isinstance(result, dg.SensorResult)
    assert result.run_requests or result.skip_reason
    return list(result.run_requests or ())


def execute(request: dg.RunRequest) -> dg.ExecuteInProcessResult:
    settings = load_settings()
    return import_inbox.execute_in_process(
        run_config=request.run_config,
        resources={"lake": LakeResource(settings), "settings": settings},
        raise_on_error=False,
    )


def alerts(home: Path) -> list[dict[str, str]]:
    path = home / "logs" / "alerts.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def rows(table) -> pl.DataFrame:
    lake = Lake(lake_location(load_settings()))
    try:
        return lake.read_table(table)
    finally:
        lake.close()


def test_a_file_is_asked_for_once_and_by_name(inbox: Path) -> None:
    (inbox / "posts.jsonl").write_bytes(TWEETS)
    (inbox / "more.jsonl").write_bytes(TWEETS)
    first, second = requests()
    assert [first.tags["trend/file"], second.tags["trend/file"]] == ["more.jsonl", "posts.jsonl"]
    # Dagster starts one run a key: the next tick asks with the same keys.
    assert [request.run_key for request in requests()] == [first.run_key, second.run_key]
    assert first.run_key != second.run_key


def test_a_link_out_of_the_inbox_is_not_followed(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.jsonl").write_bytes(TWEETS)
    (inbox / "linked.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    (inbox / "posts.jsonl").write_bytes(TWEETS)
    assert [request.tags["trend/file"] for request in requests()] == ["posts.jsonl"]


def test_hidden_files_folders_and_a_missing_inbox_are_passed_over(inbox: Path) -> None:
    (inbox / ".posts.jsonl.part").write_bytes(TWEETS)
    (inbox / "done").mkdir()
    (inbox / "done" / "old.jsonl").write_bytes(TWEETS)
    assert requests() == []
    shutil.rmtree(inbox)
    assert requests() == []


def test_a_file_still_being_copied_waits(home: Path) -> None:
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "posts.jsonl").write_bytes(TWEETS)
    # A copy that keeps the original's time is no older for that.
    os.utime(inbox / "posts.jsonl", (1_400_000_000, 1_400_000_000))
    assert requests() == []


def test_a_file_dated_in_the_future_is_imported(inbox: Path) -> None:
    (inbox / "posts.jsonl").write_bytes(TWEETS)
    later = time.time() + 86_400
    os.utime(inbox / "posts.jsonl", (later, later))
    assert len(requests()) == 1


def test_a_good_file_is_imported_and_moved_to_done(home: Path, inbox: Path) -> None:
    (inbox / "posts.jsonl").write_bytes(TWEETS)
    (request,) = requests()
    result = execute(request)
    assert result.success
    assert (inbox / "done" / "posts.jsonl").read_bytes() == TWEETS
    assert requests() == []
    assert rows(RAW_EVENTS)["content_id"].sort().to_list() == ["0", "1", "2"]
    assert rows(COLLECTION_STATUS).select("source", "status", "events").rows() == [("posts.jsonl", "complete", 3)]
    assert alerts(home) == []
    # A second run that was queued for it finds nothing to do.
    assert execute(request).success
    assert rows(RAW_EVENTS).height == 3


def test_a_file_whose_run_failed_for_a_passing_reason_is_tried_again(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inbox / "posts.jsonl"
    path.write_bytes(TWEETS)
    with DagsterInstance.ephemeral() as instance:
        asked = requests(instance)
        run = instance.create_run_for_job(
            import_inbox, run_config=asked[0].run_config, tags=asked[0].tags, status=dg.DagsterRunStatus.STARTED
        )
        assert requests(instance) == []
        instance.report_run_failed(run, "the lake was locked")
        assert requests(instance) == [], "not at once"
        monkeypatch.setattr(sensors, "_FIRST_WAIT", timedelta(0))
        again = requests(instance)
    assert [request.run_key for request in again] == [f"{asked[0].run_key}:1"]
    assert again[0].run_config == asked[0].run_config


def test_the_same_name_again_overwrites_nothing(inbox: Path) -> None:
    for content in (TWEETS, TWEETS + b"\n"):
        (inbox / "posts.jsonl").write_bytes(content)
        (request,) = requests()
        assert execute(request).success
    done = sorted((inbox / "done").iterdir())
    assert len(done) == 2
    assert {path.read_bytes() for path in done} == {TWEETS, TWEETS + b"\n"}
    assert rows(RAW_EVENTS).height == 3


def test_a_bad_file_is_moved_to_failed_with_an_alert(home: Path, inbox: Path) -> None:
    (inbox / "bad.jsonl").write_bytes(b"\x00\xff nothing of ours")
    (request,) = requests()
    result = execute(request)
    assert not result.success
    assert (inbox / "failed" / "bad.jsonl").exists() and not (inbox / "bad.jsonl").exists()
    (alert,) = alerts(home)
    assert (alert["kind"], alert["subject"]) == ("import_failed", "bad.jsonl")
    assert "bad.jsonl" in alert["message"]
    assert datetime.fromisoformat(alert["at"]).tzinfo is not None
    assert rows(COLLECTION_STATUS).select("source", "status").rows() == [("bad.jsonl", "failed")]


def test_the_command_that_a_bad_file_needs_names_where_it_is(home: Path, inbox: Path) -> None:
    (inbox / "odd.csv").write_bytes(b"nr,created_at,body\n1,2026-01-01T00:00:00Z,tea\n")
    (request,) = requests()
    execute(request)
    command = f"text=body {inbox / 'failed' / 'odd.csv'}"
    assert command in alerts(home)[0]["message"] and command in rows(COLLECTION_STATUS)["message"][0]


def test_a_file_moved_back_from_failed_is_tried_again(inbox: Path) -> None:
    (inbox / "bad.jsonl").write_bytes(b"\x00\xff nothing of ours")
    (first,) = requests()
    execute(first)
    (inbox / "failed" / "bad.jsonl").rename(inbox / "bad.jsonl")
    (second,) = requests()
    assert second.run_key != first.run_key


def fail(instance: DagsterInstance) -> None:
    """Hands the newest failed run to the sensor, as the daemon does."""
    run = instance.get_runs(limit=1)[0]
    assert run.status is dg.DagsterRunStatus.FAILURE
    event = next(
        entry.dagster_event
        for entry in reversed(instance.all_logs(run.run_id))
        if entry.dagster_event and entry.dagster_event.is_failure and not entry.dagster_event.is_step_failure
    )
    context = dg.build_run_status_sensor_context(
        sensor_name="record_failures", dagster_instance=instance, dagster_run=run, dagster_event=event
    )
    settings = load_settings()
    failure_sensor(context.for_run_failure(), lake=LakeResource(settings), settings=settings)


@pytest.fixture
def broken(instance: DagsterInstance, home: Path, monkeypatch: pytest.MonkeyPatch) -> DagsterInstance:
    """A home in which no event can be made: its model of spam texts is none."""
    (home / "model").write_text("none")
    monkeypatch.setenv("TREND_ENRICHMENT__SPAM_MODEL", str(home / "model"))
    return instance


def test_a_failed_hour_is_recorded_with_its_reason(home: Path, broken: DagsterInstance) -> None:
    with pytest.raises(RunFailed, match=r"step events failed: .*model"):
        materialize_hours(defs(), broken, HourRange(HOUR, HOUR + timedelta(hours=1)), ["events"])
    fail(broken)
    (row,) = rows(COLLECTION_STATUS).rows(named=True)
    assert (row["hour"], row["source"], row["status"]) == (HOUR, "pipeline", "failed")
    assert str(home / "model") in row["message"]
    (alert,) = alerts(home)
    assert alert["kind"] == "run_failed"
    assert alert["message"] == row["message"]
    assert broken.get_runs(limit=1)[0].run_id in alert["subject"]


def test_a_failed_range_is_recorded_at_its_first_hour(broken: DagsterInstance) -> None:
    with pytest.raises(RunFailed):
        materialize_hours(defs(), broken, HourRange(HOUR, HOUR + timedelta(hours=3)), ["events"])
    fail(broken)
    (row,) = rows(COLLECTION_STATUS).rows(named=True)
    assert (row["hour"], row["status"]) == (HOUR, "failed")
    assert "2026-02-04-08:00 to 2026-02-04-10:00" in row["message"]


def test_a_failed_training_is_recorded(home: Path, instance: DagsterInstance) -> None:
    with pytest.raises(RunFailed, match="step tgn_training failed: the lake has no events"):
        materialize_week(defs(), instance, WEEK)
    fail(instance)
    (row,) = rows(TRAINING_RUNS).rows(named=True)
    assert (row["week"], row["status"], row["model_version"]) == (WEEK, "failed", None)
    assert row["run_id"] == instance.get_runs(limit=1)[0].run_id
    assert row["error"].startswith("the lake has no events")
    assert rows(COLLECTION_STATUS).is_empty()
    assert len(alerts(home)) == 1


def test_a_training_started_from_the_ui_is_recorded_too(home: Path, instance: DagsterInstance) -> None:
    """The UI materializes assets in an implicit job, not in the weekly one."""
    result = (
        defs()
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(
            instance=instance,
            partition_key="2026-02-02",
            asset_selection=[AssetKey("tgn_checkpoint"), AssetKey("training_runs")],
            raise_on_error=False,
        )
    )
    assert not result.success
    fail(instance)
    assert rows(TRAINING_RUNS).select("week", "status").rows() == [(WEEK, "failed")]


def test_a_file_of_another_machine_is_no_success(inbox: Path) -> None:
    (inbox / "posts.jsonl").write_bytes(TWEETS)
    (request,) = requests()
    (inbox / "posts.jsonl").unlink()
    assert not execute(request).success
    (inbox / "done").mkdir()
    (inbox / "done" / "posts.jsonl").write_bytes(TWEETS)
    assert execute(request).success, "an earlier run has imported it"
