"""Answers that are kept: until a table that they were made from changes, and made once for all who ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.lake import LakeReader
from api.versions import EVERYTHING, Versions, tables_of
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, PREDICTIONS, RAW_EVENTS
from trend_assets.settings import DagsterSettings, Settings
from trend_assets_tests.api.conftest import CUT, EVENTS_MADE, ONE, collected, fill, forecasts

#: Longer than the API believes a snapshot's number.
STALE_SECONDS = 0.25


@pytest.fixture
def lake(home: Path) -> Iterator[Lake]:
    lake = fill(home)
    yield lake
    lake.close()


@pytest.fixture
def served(lake: Lake, home: Path, serve: Callable[[Settings], Any]) -> Iterator[httpx.Client]:
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as client:
        yield client


def asked(client: httpx.Client, path: str, **headers: str) -> tuple[int, str, str]:
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.headers["cache-status"], answer.headers["etag"]


def test_an_answer_is_kept_until_a_table_that_it_reads_changes(served: httpx.Client, lake: Lake) -> None:
    path = "/predictions/top"
    status, how, etag = asked(served, path)
    assert (status, how) == (200, "trend; fwd=miss")
    assert asked(served, path) == (200, "trend; hit", etag)
    row = {**collected()[0], "hour": CUT}
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([row]))
    time.sleep(STALE_SECONDS)
    assert asked(served, path) == (200, "trend; hit", etag), "what was collected is nothing to a forecast"
    assert served.get(path, headers={"If-None-Match": etag}).status_code == 304
    cut = CUT + 3 * ONE
    lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)
    time.sleep(STALE_SECONDS)
    status, how, newer = asked(served, path, **{"If-None-Match": etag})
    assert (status, how) == (200, "trend; fwd=miss") and newer != etag
    assert served.get(path).json()["cut"].startswith("2024-01-02T03")


def test_compressed_and_plain_answers_are_not_mixed(served: httpx.Client) -> None:
    plain = served.get("/predictions?limit=12", headers={"Accept-Encoding": "identity"})
    packed = served.get("/predictions?limit=12", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert plain.json() == packed.json()
    again = served.get("/predictions?limit=12", headers={"Accept-Encoding": "gzip"})
    assert again.headers["cache-status"] == "trend; hit" and again.json() == plain.json()


def test_what_many_ask_for_at_once_is_made_once(served: httpx.Client) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: asked(served, "/accuracy"), range(16)))
    assert [how for _, how, _ in found].count("trend; fwd=miss") == 1
    assert {etag for *_, etag in found} == {found[0][2]}


def test_that_a_world_is_simulated_is_noticed_by_what_is_kept(home: Path, lake: Lake) -> None:
    reader = LakeReader(Settings(home=home))
    assert reader.simulated() is False
    before = reader.version(frozenset({"(simulated)"}))
    row = {name: EVENTS_MADE[0][name] for name in RAW_EVENTS.column_names if name in EVENTS_MADE[0]}
    more = {"id": "new", "format": "x", "raw_data": "{}", "origin": "simulator:x", "collected_at": CUT}
    lake.write(RAW_EVENTS, RAW_EVENTS.frame([{**row, **more}]))
    # Not looked for at every write.
    reader._simulated_at = (time.monotonic() - 10, reader._simulated_at[1])
    time.sleep(STALE_SECONDS)
    assert reader.simulated() is True
    assert reader.version(frozenset({"(simulated)"})) > before
    reader.close()


def test_versions_know_which_table_changed_and_doubt_what_they_do_not_know(lake: Lake) -> None:
    versions = Versions()
    with lake.cursor() as cursor:
        versions.look(cursor)
        first = versions.newest
        assert versions.of({"predictions"}) == versions.of({"training_runs"}) == first
        cut = CUT + 3 * ONE
        lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)
        versions.look(cursor)
        assert versions.newest > first
        assert versions.of({"predictions"}) == versions.newest and versions.of({"training_runs"}) == first
        assert versions.of({"mentions"}) == versions.of({EVERYTHING}) == versions.newest
        # A change of another kind than of rows: anything may be different.
        cursor.execute("CREATE TABLE lake.main.more (a INTEGER)")
        versions.look(cursor)
        assert versions.of({"training_runs"}) == versions.newest
        found = tables_of(cursor, "SELECT 1 FROM events JOIN predictions p ON true WHERE p.rank > ? LIMIT $most")
        assert found == {"events", "predictions"}
        assert tables_of(cursor, "this is no query") == {EVERYTHING}
