"""Our event log stores what Dagster's own stores, in far fewer transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from trend_assets.automation.event_log import BATCH_SIZE, BatchedSqliteEventLogStorage
from trend_assets.automation.jobs import QUIET

HOURS = dg.HourlyPartitionsDefinition(start_date="2026-01-05-00:00", timezone="UTC")
FIRST, LAST = "2026-01-05-00:00", "2026-01-06-23:00"
PARTITIONS = 48
RUN_ID = "11111111-2222-3333-4444-555555555555"
KEYS = [AssetKey("one"), AssetKey("two")]
CONFIG = """
event_log_storage:
  module: trend_assets.automation.event_log
  class: BatchedSqliteEventLogStorage
  config: {}
"""


@dg.asset(partitions_def=HOURS, backfill_policy=dg.BackfillPolicy.single_run())
def one() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 3}, tags={"colour": "blue"})


@dg.asset(
    partitions_def=HOURS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=[one],
    check_specs=[dg.AssetCheckSpec("has_rows", asset="two")],
)
def two() -> dg.MaterializeResult:
    passed = dg.AssetCheckResult(passed=True, check_name="has_rows", metadata={"rows": 4})
    return dg.MaterializeResult(metadata={"rows": 4}, check_results=[passed])


JOB = dg.Definitions(
    assets=[one, two], jobs=[dg.define_asset_job("both", "*", executor_def=dg.in_process_executor)]
).resolve_job_def("both")


@dataclass(frozen=True)
class Ran:
    """A range run in a home of its own, and the transactions that it took."""

    instance: DagsterInstance
    home: Path
    commits: int


@contextmanager
def counted_commits() -> Iterator[list[int]]:
    found = [0]

    def count(_: object) -> None:
        found[0] += 1

    event.listen(Engine, "commit", count)
    try:
        yield found
    finally:
        event.remove(Engine, "commit", count)


@contextmanager
def instance_of(home: Path, config: str) -> Iterator[DagsterInstance]:
    (home / "dagster.yaml").write_text(config + "telemetry: {enabled: false}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("DAGSTER_EVENT_BATCH_SIZE", str(BATCH_SIZE))
        with DagsterInstance.from_config(str(home)) as instance:
            yield instance


def run_range(instance: DagsterInstance, home: Path) -> Ran:
    tags = {ASSET_PARTITION_RANGE_START_TAG: FIRST, ASSET_PARTITION_RANGE_END_TAG: LAST}
    with counted_commits() as commits:
        assert JOB.execute_in_process(instance=instance, tags=tags, run_id=RUN_ID, run_config=QUIET).success
    return Ran(instance, home, commits[0])


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    home = tmp_path_factory.mktemp("ours")
    with instance_of(home, CONFIG) as instance:
        yield run_range(instance, home)


@pytest.fixture(scope="module")
def dagsters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    home = tmp_path_factory.mktemp("dagsters")
    with instance_of(home, "") as instance:
        yield run_range(instance, home)


def outline(instance: DagsterInstance) -> list[tuple[Any, ...]]:
    """Every event of the run in order, without times."""
    found = []
    for entry in instance.all_logs(RUN_ID):
        dagster_event = entry.dagster_event
        assert dagster_event is not None
        found.append((dagster_event.event_type_value, dagster_event.asset_key, dagster_event.partition, entry.step_key))
    return found


def test_the_storage_named_in_dagster_yaml_is_ours(ours: Ran, dagsters: Ran) -> None:
    assert type(ours.instance.event_log_storage) is BatchedSqliteEventLogStorage
    assert type(dagsters.instance.event_log_storage) is SqliteEventLogStorage


def test_files_lie_where_dagsters_own_storage_keeps_them(ours: Ran, dagsters: Ran) -> None:
    def names(ran: Ran) -> set[str]:
        return {path.name for path in (ran.home / "history" / "runs").glob("*.db")}

    assert names(ours) == names(dagsters) == {"index.db", f"{RUN_ID}.db"}


def test_the_run_has_the_same_events_in_the_same_order(ours: Ran, dagsters: Ran) -> None:
    events, theirs = outline(ours.instance), outline(dagsters.instance)
    # Both are planned at once; which are written first says nothing.
    planned = DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value
    assert events == sorted(theirs, key=lambda event: event[0] != planned)
    kinds = [kind for kind, *_ in events]
    for kind in (DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_MATERIALIZATION_PLANNED):
        assert kinds.count(kind.value) == 2 * PARTITIONS


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_the_index_answers_the_same(ours: Ran, dagsters: Ran, key: AssetKey) -> None:
    answers = []
    for instance in (ours.instance, dagsters.instance):
        storage = instance.event_log_storage
        latest = instance.get_latest_materialization_event(key)
        assert latest is not None and latest.asset_materialization is not None
        entry = storage.get_asset_records([key])[0].asset_entry
        last = entry.last_materialization
        assert last is not None
        planned = storage.get_latest_planned_materialization_info(key)
        assert planned is not None
        fetched = instance.fetch_materializations(key, limit=1000).records
        by_partition = storage.get_latest_storage_id_by_partition(key, DagsterEventType.ASSET_MATERIALIZATION)
        answers.append(
            {
                "materialized": instance.get_materialized_partitions(key),
                "latest": (
                    latest.asset_materialization.partition,
                    latest.asset_materialization.metadata,
                    latest.run_id,
                ),
                "entry": (entry.last_run_id, last.asset_materialization, entry.asset_details),
                "planned": planned.run_id,
                "fetched": [record.partition_key for record in fetched],
                "order of ids": sorted(by_partition, key=by_partition.__getitem__),
                "tags": storage.get_event_tags_for_asset(key),
                "known": instance.has_asset_key(key),
            }
        )
    assert answers[0] == answers[1]
    assert len(answers[0]["materialized"]) == len(answers[0]["fetched"]) == PARTITIONS
    assert answers[0]["latest"][0] == LAST


def test_the_index_points_at_the_newest_event(ours: Ran) -> None:
    """The ids given to a batch in the index are those of its rows."""
    storage = ours.instance.event_log_storage
    for key in KEYS:
        record = storage.get_asset_records([key])[0]
        ids = storage.get_latest_storage_id_by_partition(key, DagsterEventType.ASSET_MATERIALIZATION)
        assert record.asset_entry.last_materialization_storage_id == ids[LAST] == max(ids.values())
        assert len(set(ids.values())) == PARTITIONS


def test_transactions_do_not_grow_with_the_partitions(ours: Ran, dagsters: Ran) -> None:
    asset_events = 2 * 2 * PARTITIONS
    # Dagster's own takes two an asset event; what is left is the run itself, which costs both the same.
    of_the_run = dagsters.commits - 2 * asset_events
    assert of_the_run > 0
    assert ours.commits - of_the_run <= 10


def test_the_checks_are_recorded_alike(ours: Ran, dagsters: Ran) -> None:
    key = dg.AssetCheckKey(AssetKey("two"), "has_rows")
    told = []
    for ran in (ours, dagsters):
        records = ran.instance.event_log_storage.get_asset_check_execution_history(key, limit=1000)
        told.append([(record.partition, record.status, record.run_id) for record in records])
    assert told[0] and told[0] == told[1]


def test_a_planned_check_is_recorded_for_each_partition(ours: Ran, tmp_path: Path) -> None:
    """As Dagster's own storage does it, of the same event, byte for byte."""
    (planned,) = (
        entry
        for entry in ours.instance.all_logs(RUN_ID)
        if entry.dagster_event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
    )
    columns = [column for column in AssetCheckExecutionsTable.c if column.name not in ("id", "create_timestamp")]
    rows = []
    for storage in (BatchedSqliteEventLogStorage(str(tmp_path / "a")), SqliteEventLogStorage(str(tmp_path / "b"))):
        storage.store_asset_check_event(planned, 7)
        with storage.index_connection() as connection:
            rows.append(connection.execute(select(*columns).order_by(AssetCheckExecutionsTable.c.id)).all())
        storage.dispose()
    assert len(rows[0]) == PARTITIONS and rows[0] == rows[1]


def test_a_batch_of_other_events_goes_dagsters_way(ours: Ran, tmp_path: Path) -> None:
    entries = [entry for entry in ours.instance.all_logs(RUN_ID) if entry.dagster_event]
    mixed = [entry for entry in entries if entry.dagster_event_type == DagsterEventType.STEP_START]
    mixed += [entry for entry in entries if entry.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION][:3]
    storage = BatchedSqliteEventLogStorage(str(tmp_path))
    storage.store_event_batch(mixed)
    assert len(storage.get_logs_for_run(RUN_ID)) == len(mixed) == 5
    assert storage.get_materialized_partitions(KEYS[0]) == {entry.dagster_event.partition for entry in mixed[2:]}
    storage.dispose()


def test_a_batch_of_several_runs_is_kept_apart(ours: Ran, tmp_path: Path) -> None:
    entries = [
        entry
        for entry in ours.instance.all_logs(RUN_ID)
        if entry.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION
    ]
    other = "99999999-2222-3333-4444-555555555555"
    batch = [*entries[:4], *(entry._replace(run_id=other) for entry in entries[4:7])]
    storage = BatchedSqliteEventLogStorage(str(tmp_path))
    storage.store_event_batch(batch)
    assert len(storage.get_logs_for_run(RUN_ID)) == 4
    assert len(storage.get_logs_for_run(other)) == 3
    assert len(storage.get_materialized_partitions(KEYS[0])) == 7
    storage.dispose()
