"""Answers that are kept: until a table that they were made from changes, and made once for all who ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.reading.lake import LakeReader
from api.reading.pool import QueryTooLarge
from api.reading.sources import reading
from api.serving.caching import _MADE_AT_ONCE, SnapshotCache
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, PREDICTIONS, RAW_EVENTS, TOPIC_ACTIVITY
from trend_assets.settings import ApiSettings, DagsterSettings, Settings
from trend_assets_tests.api.conftest import CUT, EVENTS_MADE, ONE, collected, forecasts

#: Longer than the API believes a snapshot's number.
STALE_SECONDS = 0.25


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


def test_where_too_much_is_asked_what_is_new_is_refused_and_what_is_kept_is_told(home: Path, lake: Lake) -> None:
    held = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/kept":
            await held.wait()
        await PlainTextResponse("made")(scope, receive, send)

    async def story() -> None:
        cache = SnapshotCache(app, LakeReader(Settings(home=home)), passed=())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(cache), base_url="http://api") as client:
            assert (await client.get("/kept")).text == "made"
            waiting = [asyncio.create_task(client.get(f"/{number}")) for number in range(_MADE_AT_ONCE)]
            twice = asyncio.create_task(client.get("/0"))
            await asyncio.sleep(1)
            refused = await client.get("/new")
            assert refused.status_code == 503 and refused.headers["retry-after"] == "1"
            assert refused.json()["title"] == "too busy"
            assert (await client.get("/kept")).headers["cache-status"] == "trend; hit"
            held.set()
            assert {answer.status_code for answer in await asyncio.gather(*waiting, twice)} == {200}
            assert (await client.get("/new")).status_code == 200

    asyncio.run(story())


def test_what_is_written_of_another_time_leaves_an_answer_as_it_is(served: httpx.Client, lake: Lake) -> None:
    day = "start=2024-01-01T00:00:00Z&end=2024-01-02T00:00:00Z"
    paths = [f"/topics?{day}", f"/events/stats?{day}", f"/topics/%23topic0?{day}", "/topics"]
    before = [asked(served, path) for path in paths]
    earlier = CUT - 24 * 300 * ONE
    row = {"hour": earlier, "topic": "#old", "mentions": 1, "weighted_mentions": 1.0, "distinct_users": 1}
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame([row]), earlier, earlier + ONE)
    time.sleep(STALE_SECONDS)
    assert [asked(served, path) for path in paths] == [(200, "trend; hit", etag) for *_, etag in before]
    row = {**row, "hour": CUT - ONE, "topic": "#topic9", "mentions": 50}
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame([row]), CUT - ONE, CUT)
    time.sleep(STALE_SECONDS)
    assert served.get(paths[0]).json()["items"][0] == {
        "topic": "#topic9",
        "mentions": 50,
        "first_hour": "2024-01-01T23:00:00Z",
        "last_hour": "2024-01-01T23:00:00Z",
        "topic_label": None,
        "similarity": None,
    }
    assert asked(served, paths[0])[2] != before[0][2]


def test_a_download_is_kept_too(served: httpx.Client) -> None:
    path = "/export?format=csv"
    first = served.get(path, headers={"Accept-Encoding": "gzip"})
    again = served.get(path, headers={"Accept-Encoding": "gzip"})
    assert (first.headers["cache-status"], again.headers["cache-status"]) == ("trend; fwd=miss", "trend; hit")
    assert again.text == first.text and again.text.count("#topic0") == 3
    assert int(again.headers["content-length"]) < len(again.text)
    assert again.headers["content-disposition"] == first.headers["content-disposition"]


def test_an_answer_is_of_one_snapshot_though_the_lake_is_written_meanwhile(home: Path, lake: Lake) -> None:
    reader = LakeReader(Settings(home=home))
    with reading(reader.catalog_snapshot()) as made:
        first = reader.newest("predictions", "cut")
        cut = CUT + 3 * ONE
        lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(cut)), cut - ONE, cut)
        with lake.transaction() as cursor:
            cursor.execute("DELETE FROM predictions WHERE cut = ?", [first])
        time.sleep(STALE_SECONDS)
        assert reader.newest("predictions", "cut") == first
        assert reader.read("SELECT * FROM predictions WHERE cut = ?", [first]).height == 12
    newer = reader.catalog_snapshot()
    assert newer.number == made.snapshot.number + 2 and not made.fits(newer, reader)
    assert reader.newest("predictions", "cut") == cut
    reader.close()


def test_that_a_world_is_simulated_is_noticed_by_what_is_kept(home: Path, lake: Lake) -> None:
    reader = LakeReader(Settings(home=home))
    with reading(reader.catalog_snapshot()) as made:
        assert reader.simulated() is False
    row = {name: EVENTS_MADE[0][name] for name in RAW_EVENTS.column_names if name in EVENTS_MADE[0]}
    for number, origin in enumerate(("another", "simulator:x")):
        assert made.fits(reader.catalog_snapshot(), reader)
        more = {"id": f"new{number}", "format": "x", "raw_data": "{}", "origin": origin, "collected_at": CUT}
        lake.write(RAW_EVENTS, RAW_EVENTS.frame([{**row, **more}]))
        time.sleep(STALE_SECONDS)
    assert reader.simulated() is True and not made.fits(reader.catalog_snapshot(), reader)
    reader.close()


#: Rows enough that the answer is not kept, and work enough that all ask while it is made.
SLOW = "SELECT range % 200 AS part, sum(range % 7) AS found FROM range(?) GROUP BY part"
SIZE = 10_000_000


def test_the_lake_is_asked_once_for_what_many_want_at_the_same_time(home: Path, lake: Lake) -> None:
    reader = LakeReader(Settings(home=home))
    reader.catalog_snapshot()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: reader.read(SLOW, [SIZE]), range(8)))
    assert found[0].height == 200
    assert {id(frame) for frame in found} == {id(found[0])}
    assert reader.read(SLOW, [SIZE]) is not found[0]
    reader.close()


def test_what_cannot_be_answered_is_told_all_who_asked_and_asked_anew(home: Path, lake: Lake) -> None:
    reader = LakeReader(Settings(home=home, api=ApiSettings(query_seconds=0.2)))
    with ThreadPoolExecutor(4) as pool:
        tried = [pool.submit(reader.read, SLOW, [100 * SIZE]) for _ in range(4)]
        assert {type(one.exception(timeout=60)) for one in tried} == {QueryTooLarge}
    assert reader.read(SLOW, [400]).height == 200
    with pytest.raises(QueryTooLarge):
        reader.read(SLOW, [100 * SIZE])
    reader.close()


def test_a_small_question_waits_for_no_large_ones(home: Path, lake: Lake) -> None:
    reader = LakeReader(Settings(home=home, api=ApiSettings(query_seconds=60)))
    reader.catalog_snapshot()
    with ThreadPoolExecutor(8) as pool:
        large = [pool.submit(reader.read, SLOW, [SIZE + number]) for number in range(8)]
        assert reader.newest("predictions", "cut") == CUT + 2 * ONE
        assert not any(one.done() for one in large)
        assert [one.result().height for one in large] == [200] * 8
    reader.close()
