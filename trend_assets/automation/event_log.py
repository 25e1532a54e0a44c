"""Dagster's event log on SQLite, with batched writes, engines that are kept, and files that go with their run.

Dagster's own SQLite storage opens two engines an event: a backfill of 13,104 hours and 5 assets
spends 15 minutes on bookkeeping alone. With `DAGSTER_EVENT_BATCH_SIZE` set, planned and
materialization events come in batches, and a batch costs one transaction in the run's file and one
in the index. PostgreSQL's storage batches by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster._core.events import ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData, serialize_value
from sqlalchemy import Connection, Engine, NullPool, create_engine, func, insert, select

#: Events in a batch that Dagster hands over at once.
BATCH_SIZE = 1000
_ENGINES = 16


class BatchedSqliteEventLogStorage(SqliteEventLogStorage):
    """`SqliteEventLogStorage` whose batches are stored in one transaction each.

    Named in `dagster.yaml`; without a `base_dir` it keeps to `$DAGSTER_HOME/history/runs`, where
    Dagster's default storage keeps its files too.
    """

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """It takes no settings."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> BatchedSqliteEventLogStorage:
        """A storage of this class, where the inherited method makes one of its own."""
        folder = Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"
        return cls(base_dir=str(folder), inst_data=inst_data)

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        # As inherited, but for the engine: to make one costs more than to store an event.
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            if len(self._engines) >= _ENGINES:
                self._engines.clear()
            address, patience = self.conn_string_for_shard(shard), {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            # Without a pool: an engine that is kept holds no file.
            self._engines[shard] = create_engine(address, poolclass=NullPool, connect_args=patience)
        return self._engines[shard]

    def delete_events(self, run_id: str) -> None:
        """Deletes the events of a run, and the file that they are in: SQLite gives no space back."""
        super().delete_events(run_id)
        for path in Path(self._base_dir).glob(f"{run_id}.db*"):
            path.unlink(missing_ok=True)
        self._initialized_dbs.discard(run_id)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Stores planned and materialization events at once, and the others of the batch one by one."""
        batchable = [event for event in events if _is_asset_event(event)]
        super().store_event_batch([event for event in events if not _is_asset_event(event)])
        if not batchable:
            return
        rows = [self._event_to_row(event) for event in batchable]
        for run_id in {event.run_id for event in batchable}:
            with self.run_connection(run_id) as connection:
                connection.execute(insert(SqlEventLogStorageTable), [row for row in rows if row["run_id"] == run_id])
        self._mirror(rows, batchable)

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        # As inherited, which writes the same event out anew for each partition: a backfill of a month has 744.
        planned = event.get_dagster_event().asset_check_planned_data
        partitions = planned.partitions_subset.get_partition_keys() if planned.partitions_subset else [None]
        row = {
            "asset_key": planned.asset_key.to_string(),
            "check_name": planned.check_name,
            "run_id": event.run_id,
            "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
            "evaluation_event": serialize_value(event),
            "evaluation_event_timestamp": datetime.fromtimestamp(event.timestamp, UTC).replace(tzinfo=None),
            "evaluation_event_storage_id": event_id,
        }
        with self.index_connection() as connection:
            connection.execute(
                insert(AssetCheckExecutionsTable), [{**row, "partition": partition} for partition in partitions]
            )

    def _mirror(self, rows: Sequence[Mapping[str, Any]], events: Sequence[EventLogEntry]) -> None:
        """The cross-run index: all events, and each asset's newest one."""
        with self.index_transaction() as connection:
            connection.execute(insert(SqlEventLogStorageTable), list(rows))
            last = connection.execute(select(func.max(SqlEventLogStorageTable.c.id))).scalar_one()
            # The index is locked for this transaction, so that the ids of one batch are consecutive.
            first = last - len(events) + 1
            self._store_asset_event_tags(connection, events, range(first, last + 1))
            for offset, event in _newest_of_each_asset(events):
                self._store_asset_event(connection, event, first + offset)


def _is_asset_event(event: EventLogEntry) -> bool:
    return event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS


def _newest_of_each_asset(events: Sequence[EventLogEntry]) -> Iterable[tuple[int, EventLogEntry]]:
    newest: dict[tuple[str, Any], tuple[int, EventLogEntry]] = {}
    for offset, event in enumerate(events):
        dagster_event = event.dagster_event
        if dagster_event is not None and dagster_event.asset_key is not None:
            newest[dagster_event.asset_key.to_string(), dagster_event.event_type_value] = offset, event
    return newest.values()
