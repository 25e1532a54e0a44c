"""Processes that write at the same time: what is idempotent stays so, on each catalog, in every way of writing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import psycopg
import pytest
from filelock import FileLock, Timeout

from trend_assets.lake.connection import LakeError, LakeLocation
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.table import Table
from trend_assets.lake.tables import COLLECTION_STATUS, NODES, RAW_EVENTS, TOPIC_ACTIVITY
from trend_assets.lake.write_lock import AdvisoryLock, holding, write_lock
from trend_assets.operations.importing import import_file
from trend_assets.settings import Settings, TwitterSettings
from trend_assets_tests.conftest import REPOSITORY
from trend_assets_tests.processes import context, process

HOUR = datetime(2026, 1, 5, 6, tzinfo=UTC)
ONE = timedelta(hours=1)
PROCESSES, ROUNDS, ROWS = 3, 4, 200
#: A machine that does much else.
PATIENCE = 300


def rows(table: Table, round_number: int) -> list[dict[str, Any]]:
    """The same rows in every process, others in every round."""
    names = [f"{round_number}-{index}" for index in range(ROWS)]
    if table is RAW_EVENTS:
        common = {"hour": HOUR, "timestamp": HOUR, "source": "twitter", "event_type": "original",
                  "format": "twitter_v1", "raw_data": "{}", "origin": "a", "collected_at": HOUR}  # fmt: skip
        return [{**common, "id": name, "content_id": name} for name in names]
    if table is COLLECTION_STATUS:
        common = {"hour": HOUR, "status": "complete", "events": 1, "rejected": 0, "requests": 1, "finished_at": HOUR,
                  "message": ""}  # fmt: skip
        return [{**common, "source": name} for name in names]
    if table is NODES:
        return [{"node_id": round_number * ROWS + index, "kind": "topic", "key": name,
                 "first_seen": HOUR - index * ONE} for index, name in enumerate(names)]  # fmt: skip
    return [{"hour": HOUR, "topic": name, "mentions": 1, "weighted_mentions": 1.0, "distinct_users": 1}
            for name in names]  # fmt: skip


def race(location: LakeLocation, barrier: Barrier) -> None:
    barrier.wait(PATIENCE)
    lake = Lake(location)
    for round_number in range(ROUNDS):
        for table in (TOPIC_ACTIVITY, RAW_EVENTS, COLLECTION_STATUS, NODES):
            span = (HOUR, HOUR + ONE) if table.write == "replace" else ()
            barrier.wait(PATIENCE)
            lake.write(table, table.frame(rows(table, round_number)), *span)
    lake.close()


def import_at_once(location: LakeLocation, barrier: Barrier, home: Path) -> None:
    lake = Lake(location)
    for path in sorted(home.glob("*.jsonl")):
        barrier.wait(PATIENCE)
        import_file(lake, path, Settings(home=home))
    lake.close()


def take_budget(location: LakeLocation, barrier: Barrier, home: Path) -> None:
    from trend_assets.assets import collection_run

    lake = Lake(location)
    settings = Settings(home=home, twitter=TwitterSettings(enabled=True, monthly_posts=100_000))
    barrier.wait(PATIENCE)
    now = HOUR + ONE + timedelta(microseconds=os.getpid())
    collection_run._begin(lake, settings, ["twitter"], (HOUR, HOUR + ONE), "new", now)
    lake.close()


def at_once(work: Callable[..., None], *arguments: Any, processes: int = PROCESSES) -> None:
    barrier = context().Barrier(processes)
    workers = [process(work, arguments[0], barrier, *arguments[1:]) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(PATIENCE * 2)
    assert [worker.exitcode for worker in workers] == [0] * processes


def test_processes_that_open_a_new_lake_and_write_the_same_at_once_double_nothing(location: LakeLocation) -> None:
    at_once(race, location)
    lake = Lake(location, read_only=True)
    keys = {"topic_activity": "topic", "raw_events": "id", "collection_status": "source", "nodes": "node_id"}
    counts = {table: lake.read(f"SELECT count(*), count(DISTINCT {key}) FROM {table}").row(0)
              for table, key in keys.items()}  # fmt: skip
    every = ROUNDS * ROWS
    assert counts == {
        "topic_activity": (ROWS, ROWS),
        "raw_events": (every, every),
        "collection_status": (every, every),
        "nodes": (every, every),
    }
    assert (
        lake.read("SELECT count(*) FROM lake_versions").row(0)[0]
        == lake.read("SELECT max(version) FROM lake_versions").row(0)[0]
    )
    lake.close()


def test_a_file_that_is_imported_three_times_at_once_is_there_once(location: LakeLocation, tmp_path: Path) -> None:
    Lake(location).close()
    tweets = [{"id_str": str(number), "created_at": "Mon Jan 05 06:01:00 +0000 2026", "text": "x",
               "user": {"id_str": "1"}} for number in range(300)]  # fmt: skip
    for name in ("a", "b"):
        lines = [json.dumps({**tweet, "text": name, "id_str": f"{tweet['id_str']}{len(name)}"}) for tweet in tweets]
        (tmp_path / f"{name}.jsonl").write_text("\n".join([*lines, '{"not": "a tweet"}']), "utf-8")
    at_once(import_at_once, location, tmp_path)
    lake = Lake(location, read_only=True)
    assert lake.read("SELECT count(*), count(DISTINCT id) FROM raw_events").row(0) == (300, 300)
    assert lake.read("SELECT count(*), count(DISTINCT id) FROM rejected_events").row(0) == (2, 2)
    assert lake.read("SELECT count(*) FROM collection_status").row(0) == (2,)
    lake.close()


def test_a_months_budget_is_granted_once(location: LakeLocation, tmp_path: Path) -> None:
    Lake(location).close()
    at_once(take_budget, location, tmp_path, processes=2)
    lake = Lake(location, read_only=True)
    # All that may be spent by now is 100,000 of a month; a second collection finds what the first one left.
    first, second = lake.read("SELECT units FROM collection_attempts ORDER BY units DESC")["units"].to_list()
    saved = 100_000 * (4 * 24 + 8) / (31 * 24)
    assert second < first and first + second <= saved
    lake.close()


def test_a_write_within_a_transaction_fails_at_once_and_says_why(location: LakeLocation) -> None:
    lake = Lake(location)
    frame = TOPIC_ACTIVITY.frame(rows(TOPIC_ACTIVITY, 0))
    began = time.monotonic()
    with pytest.raises(LakeError, match="would wait for itself: write with `write_frame`"), lake.transaction():
        lake.write(TOPIC_ACTIVITY, frame, HOUR, HOUR + ONE)
    # Another hold on the same lake, in the same thread, would wait just so.
    other = Lake(location)
    with pytest.raises(LakeError, match="would wait for itself"), lake.transaction():
        other.write(TOPIC_ACTIVITY, frame, HOUR, HOUR + ONE)
    assert time.monotonic() - began < 30
    with lake.transaction() as connection:
        write_frame(connection, TOPIC_ACTIVITY, frame, HOUR, HOUR + ONE)
    other.write(TOPIC_ACTIVITY, frame, HOUR, HOUR + ONE)
    assert lake.read_table(TOPIC_ACTIVITY).height == ROWS
    for opened in (lake, other):
        opened.close()


_HOLDER = """
import sys, time
from pathlib import Path
from trend_assets.lake.location import LakeLocation
from trend_assets.lake.write_lock import holding, write_lock
home, url = sys.argv[1:3]
with holding(write_lock(LakeLocation(Path(home), catalog_url=url or None))):
    print("held", flush=True)
    time.sleep(600)
"""


def hold_elsewhere(location: LakeLocation) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _HOLDER, str(location.home), location.catalog_url or ""]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_who_waits_is_told_who_holds_the_lock_and_it_dies_with_its_process(location: LakeLocation) -> None:
    lock = write_lock(location, seconds=1)
    holder = hold_elsewhere(location)
    with pytest.raises(LakeError) as told, holding(lock):
        pass
    assert str(holder.pid) in str(told.value) and "for 1 s" in str(told.value)
    holder.kill()
    holder.wait()
    began = time.monotonic()
    patient = write_lock(location, seconds=60)
    with holding(patient):
        assert time.monotonic() - began < 30
    for opened in (lock, patient):
        opened.close()


def test_threads_of_one_process_take_turns(location: LakeLocation) -> None:
    lake = Lake(location)
    inside, most, failures = [0], [0], []

    def work() -> None:
        try:
            for _ in range(3):
                with lake.transaction():
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    time.sleep(0.01)
                    inside[0] -= 1
        except BaseException as error:
            failures.append(error)

    threads: Sequence[threading.Thread] = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, most[0]) == ([], 1)
    lake.close()


def test_a_lock_that_was_lost_writes_nothing(postgres: str, location: LakeLocation) -> None:
    """The server ended its session: by then another may hold it."""
    if location.uses_sqlite:
        pytest.skip("a file's lock is lost with its process only")
    lake = Lake(location)
    frame = TOPIC_ACTIVITY.frame(rows(TOPIC_ACTIVITY, 0))
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'trend_assets %'"
    with pytest.raises(LakeError, match="the write lock was lost, nothing was written"), lake.transaction() as inside:
        write_frame(inside, TOPIC_ACTIVITY, frame, HOUR, HOUR + ONE)
        with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
            assert admin.execute(ended).fetchall()
    assert lake.read_table(TOPIC_ACTIVITY).is_empty()
    # One that rested meanwhile is taken on a new session.
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(ended)
    lake.write(TOPIC_ACTIVITY, frame, HOUR, HOUR + ONE)
    assert lake.read_table(TOPIC_ACTIVITY).height == ROWS
    lake.close()


def test_without_psycopg_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LakeError, match=r"pip install 'trend-assets\[postgres\]'"):
        AdvisoryLock(LakeLocation(tmp_path, catalog_url="postgresql://u@127.0.0.1:1/a"), 1)


def test_who_lets_go_of_the_lock_and_wants_it_again_waits_behind_who_waited(tmp_path: Path) -> None:
    first, second = (write_lock(LakeLocation(tmp_path), 20) for _ in range(2))
    order: list[str] = []

    def wait() -> None:
        second.take()
        order.append("second")
        second.give()

    first.take()
    waiting = threading.Thread(target=wait)
    waiting.start()
    while _is_free(LakeLocation(tmp_path).lock_file.with_suffix(".next")):
        time.sleep(0.01)
    first.give()
    first.take()
    order.append("first")
    first.give()
    waiting.join()
    assert order == ["second", "first"]


def _is_free(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return True
    except Timeout:
        return False
