"""Queries end when their time is up, and nothing else does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import duckdb
import pytest

from api.reading.deadlines import Deadlines

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.fixture
def deadlines() -> Iterator[Deadlines]:
    made = Deadlines()
    yield made
    made.close()


def interrupted(deadlines: Deadlines, cursor: duckdb.DuckDBPyConnection, seconds: float) -> float:
    began = time.monotonic()
    with deadlines.within(seconds, cursor), pytest.raises(duckdb.InterruptException):
        cursor.execute(ENDLESS)
    return time.monotonic() - began


def test_who_is_due_sooner_ends_sooner_though_he_came_later(deadlines: Deadlines) -> None:
    connection = duckdb.connect()
    late, soon = connection.cursor(), connection.cursor()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(interrupted, deadlines, late, 3.0)
        time.sleep(0.1)
        assert 0.2 <= interrupted(deadlines, soon, 0.2) < 2.9
        assert not first.done() and first.result(timeout=60) >= 3.0


def test_a_query_that_begins_when_its_time_is_up_ends_all_the_same(deadlines: Deadlines) -> None:
    cursor = duckdb.connect()
    with deadlines.within(0.001, cursor):
        time.sleep(0.02)
        with pytest.raises(duckdb.InterruptException):
            cursor.execute(ENDLESS)


def test_what_was_in_time_is_let_alone_afterwards(deadlines: Deadlines) -> None:
    cursor = duckdb.connect()
    until = time.monotonic() + 0.5
    with deadlines.within(0.2, cursor):
        cursor.execute("SELECT 1")
    for number in count():
        assert cursor.execute("SELECT sum(range) + ? FROM range(1000000)", [number]).fetchone()
        if time.monotonic() > until:
            break


def test_its_thread_ends_with_it() -> None:
    before = set(threading.enumerate())
    deadlines = Deadlines()
    (thread,) = set(threading.enumerate()) - before
    deadlines.close()
    thread.join(10)
    assert not thread.is_alive()
