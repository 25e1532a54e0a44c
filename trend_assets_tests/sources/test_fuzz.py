"""Whatever comes in, nothing but events, rejections and one plain error comes out."""

from __future__ import annotations

import copy
import gzip
import os
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import ColumnMap, ColumnMapError, parse_row
from trend_assets.sources.archive.files import ArchiveError, read_archive
from trend_assets.sources.bluesky import events as bluesky
from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.frames import raw_frame, rejected_frame
from trend_assets.sources.google_trends import events as google_trends
from trend_assets.sources.mastodon import events as mastodon
from trend_assets.sources.registry import parse
from trend_assets.sources.twitter.pages import split_v2_page
from trend_assets.sources.twitter.v1 import parse_v1
from trend_assets.sources.twitter.v2 import parse_v2
from trend_assets.sources.youtube import events as youtube
from trend_assets_tests.sources.bluesky.test_events import VIEW
from trend_assets_tests.sources.mastodon.test_events import STATUS, TAG

#: More for a longer search: TREND_FUZZ_EXAMPLES=5000.
EXAMPLES = int(os.environ.get("TREND_FUZZ_EXAMPLES", "60"))

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ColumnMap.parse("id=id,timestamp=created_at,text=text,topics=entities,hashtags=user,timezone=UTC")
FUZZ = settings(deadline=None, database=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["1380242611781386245", "2021-04-08T19:34:16Z", "0001-01-01T00:00:00Z", "\x00", "#", "youtube#video"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)

PARSERS = {
    "twitter_v1": parse_v1,
    "x_v2": parse_v2,
    "youtube_v3": youtube.parse,
    "google_trends": google_trends.parse,
    "bluesky": bluesky.parse,
    "mastodon": mastodon.parse,
    "columns": lambda row: parse_row(row, COLUMNS),
}


@cache
def samples(folder: Path) -> dict[str, list[Any]]:
    """A few real payloads of each format."""
    with gzip.open(folder / "tweets" / "2014-01.jsonl.gz") as lines:
        tweets = [orjson.loads(line) for _, line in zip(range(40), lines, strict=False)]
    pages = orjson.loads((folder / "recorded" / "x" / "noflat.jsonl").read_bytes().splitlines()[0])
    flat = (folder / "recorded" / "x" / "flat.jsonl").read_bytes().splitlines()[:10]
    answers = [
        orjson.loads(path.read_bytes()) for path in sorted((folder / "recorded" / "youtube").glob("[sc]*p*.json"))
    ]
    return {
        "twitter_v1": tweets,
        "x_v2": [*list(split_v2_page(pages))[:20], *map(orjson.loads, flat)],
        "youtube_v3": [item for answer in answers for item in youtube.split_response(answer)],
        "google_trends": [
            {
                "term": "a",
                "timestamp": 1609459200,
                "geo": "US",
                "value": 5,
                "articles": [{}],
                "traffic": "1K+",
            }
        ],
        "bluesky": [VIEW],
        "mastodon": [STATUS, TAG],
        "columns": tweets,
    }


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of everything within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in [(*path, key), *places(item, (*path, key))]]


def mutate(data: st.DataObject, value: Any) -> Any:
    """A copy with a few of its parts replaced or removed."""
    value = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, 4))):
        paths = places(value)
        if not paths:
            break
        *outer, key = data.draw(st.sampled_from(paths))
        holder = value
        for step in outer:
            holder = holder[step]
        if data.draw(st.booleans()):
            holder[key] = data.draw(JSON)
        else:
            del holder[key]
    return value


@pytest.mark.parametrize("format", PARSERS)
@FUZZ
@given(data=st.data())
def test_mutated_payloads(shared_data, format, data):
    payload = mutate(data, data.draw(st.sampled_from(samples(shared_data)[format])))
    try:
        event = PARSERS[format](payload)
    except Rejected as rejected:
        assert str(rejected)
        return
    assert isinstance(event, Event)
    assert event.timestamp.tzinfo is UTC
    assert all(isinstance(value, float) for value in event.features.values())
    assert "\x00" not in event.text + event.content_id
    orjson.dumps({"context": event.context, "topics": event.topics, "hashtags": event.hashtags})


def drain(data: bytes, columns: ColumnMap | None) -> None:
    """Reads bytes as a file, up to frames that the lake takes; any other exception is a failure."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            for batch in read_archive(Path(file.name), columns=columns, batch_rows=7):
                raw_frame(batch.payloads, "file", NOW)
                rejected = rejected_frame(batch.rejections, "file", NOW)
                assert not rejected["raw_data"].str.contains("\x00", literal=True).any()
                for payload in batch.payloads:
                    assert parse(payload.format, payload.raw_data) == payload.event
        except ArchiveError as error:
            assert str(error) and "\n" not in str(error)


@pytest.mark.parametrize("columns", [None, COLUMNS])
@FUZZ
@given(
    start=st.sampled_from(
        [
            b"",
            b"{",
            b"[",
            b"PAR1",
            b"\x1f\x8b\x08",
            b"\x28\xb5\x2f\xfd",
            b"BZh9",
            b"id,created_at,text,entities,user\n",
        ]
    ),
    data=st.binary(max_size=400),
)
def test_random_bytes(columns, start, data):
    drain(start + data, columns)


@pytest.mark.parametrize("columns", [None, COLUMNS])
@FUZZ
@given(data=st.data())
def test_mutated_files(shared_data, columns, data):
    pool = samples(shared_data)
    kinds = data.draw(st.lists(st.sampled_from(["twitter_v1", "x_v2", "youtube_v3"]), min_size=1, max_size=4))
    values = [mutate(data, data.draw(st.sampled_from(pool[kind]))) for kind in kinds]
    option = data.draw(st.sampled_from([0, orjson.OPT_INDENT_2]))
    lines = bytearray(b"\n".join(orjson.dumps(value, option=option) for value in values))
    for _ in range(data.draw(st.integers(0, 3))):
        lines[data.draw(st.integers(0, len(lines) - 1))] = data.draw(st.integers(0, 255))
    pack = data.draw(st.sampled_from([bytes, gzip.compress, zstandard.ZstdCompressor().compress]))
    packed = pack(bytes(lines))
    drain(packed[: data.draw(st.integers(0, len(packed)))], columns)


@FUZZ
@given(page=JSON | st.fixed_dictionaries({"data": JSON, "includes": JSON, "items": JSON, "kind": JSON, "error": JSON}))
def test_pages_of_anything(page):
    drain(orjson.dumps(page, default=str) if not isinstance(page, float) else b"1.5", None)


@settings(deadline=None, database=None, max_examples=EXAMPLES)
@given(st.text())
def test_column_maps_of_anything(written):
    try:
        assert ColumnMap.parse(str(ColumnMap.parse(written))) == ColumnMap.parse(written)
    except ColumnMapError as error:
        assert str(error)
