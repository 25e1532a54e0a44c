"""Whatever files, in whatever order, split and number of imports: the tables are the same, and no row is lost.

More for a longer search: TREND_FUZZ_EXAMPLES=1000.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from trend_assets.enrichment.activity import topic_activity
from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.migrations import MIGRATIONS
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.table import Table
from trend_assets.lake.tables import (
    EVENTS,
    NODES,
    OBSERVATIONS,
    RAW_EVENTS,
    REJECTED_EVENTS,
    TEMPORAL_EDGES,
    TOPIC_ACTIVITY,
)
from trend_assets.operations.importing import import_file
from trend_assets.settings import Settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets_tests.operations.conftest import home_in

EXAMPLES = int(os.environ.get("TREND_FUZZ_EXAMPLES", "12"))
START = datetime(2026, 2, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = 3
COLUMNS = ColumnMap.parse("id=id,timestamp=ts,user_id=user,text=text")
RECEIVED = (RAW_EVENTS, OBSERVATIONS, REJECTED_EVENTS)
DERIVED = (EVENTS, TOPIC_ACTIVITY, TEMPORAL_EDGES, NODES)
#: Long enough to be a copy of another one's text, which the hour's other rows decide.
TEXTS = ("hello #tea", "this very text is copied by many #tea #rust", "plain", "$spy is up")


@dataclass(frozen=True)
class Post:
    """One row of a file."""

    kind: str
    number: int
    minute: int
    user: str
    text: str
    likes: int

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.number

    @property
    def line(self) -> str:
        moment = START + timedelta(minutes=self.minute)
        if self.kind == "table":
            return f"{self.number},{moment.isoformat()},{self.user},{self.text},{self.likes}"
        tweet = {"id_str": str(self.number), "created_at": f"{moment:%a %b %d %H:%M:%S +0000 %Y}", "text": self.text,
                 "user": {"id_str": self.user}, "favorite_count": self.likes}  # fmt: skip
        return orjson.dumps(tweet).decode()

    @classmethod
    def of(cls, kept: dict[str, str]) -> tuple[str, str, str, str]:
        """What a stored payload says, in the terms of a line."""
        if "ts" in kept:
            return "table", kept["id"], kept["user"], f"{kept['ts']} {kept['text']} {kept['likes']}"
        told = f"{kept['created_at']} {kept['text']} {kept['favorite_count']}"
        return "tweet", kept["id_str"], kept["user"]["id_str"], told  # type: ignore[index]

    def told(self) -> tuple[str, str, str, str]:
        if self.kind == "tweet":
            return self.of(orjson.loads(self.line))
        return self.of(dict(zip(("id", "ts", "user", "text", "likes"), self.line.split(","), strict=True)))


@dataclass(frozen=True)
class Files:
    """Posts in files, and the order in which the files are imported, some of them twice."""

    files: tuple[tuple[Post, ...], ...]
    order: tuple[int, ...]


def posts(kind: st.SearchStrategy[str], number: st.SearchStrategy[int]) -> st.SearchStrategy[Post]:
    return st.builds(Post, kind, number, st.integers(0, HOURS * 60 - 1), st.sampled_from("57"), st.sampled_from(TEXTS),
                     st.integers(0, 1))  # fmt: skip


KINDS = st.sampled_from(["table", "tweet"])
NUMBERS = st.integers(1, 4)
DISTINCT = st.lists(posts(KINDS, NUMBERS), min_size=1, max_size=6, unique_by=lambda post: post.key)
ANY = st.lists(posts(KINDS, NUMBERS), min_size=1, max_size=8)


@st.composite
def files_of(draw: st.DrawFn, rows: Sequence[Post]) -> Files:
    """Any split of the rows: each in a file or in several, once or several times in it."""
    places = draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
    again = draw(st.lists(st.tuples(st.sampled_from(rows), st.integers(0, 1)), max_size=3))
    mixed = draw(st.permutations([*zip(rows, places, strict=True), *again]))
    files = [tuple(post for post, place in mixed if place == number) for number in range(2)]
    kinds = [tuple(post for post in file if post.kind == kind) for file in files for kind in ("table", "tweet")]
    filled = tuple(file for file in kinds if file)
    twice = draw(st.lists(st.sampled_from(range(len(filled))), max_size=1))
    return Files(filled, tuple(draw(st.permutations([*range(len(filled)), *twice]))))


class Bench:
    """A real lake that is emptied for each example, and files that are written anew.

    What is derived is written by the lake's own statements to tables in memory, where they take a tenth of the time.
    """

    def __init__(self, folder: Path, lake: Lake, settings: Settings) -> None:
        self.folder, self.lake, self.settings = folder, lake, settings
        self.derived = duckdb.connect()
        for statements in MIGRATIONS.values():
            self.derived.execute(statements)

    def take(self, files: Files) -> None:
        """Imports the files; every row of each is counted once."""
        with self.lake.transaction() as connection:
            for table in RECEIVED:
                connection.execute(f"DELETE FROM {table.name}")
        for number, rows in enumerate(files.files):
            header = ["id,ts,user,text,likes"] if rows[0].kind == "table" else []
            self._path(number, rows).write_text("\n".join([*header, *(row.line for row in rows)]) + "\n", "utf-8")
        for number in files.order:
            rows = files.files[number]
            columns = COLUMNS if rows[0].kind == "table" else None
            report = import_file(self.lake, self._path(number, rows), self.settings, columns)
            assert report.rows == len(rows) and report.rejected == report.forgotten == 0
            assert report.rows == report.added + report.known + report.conflicts

    def _path(self, number: int, rows: Sequence[Post]) -> Path:
        return self.folder / f"{number}.{'csv' if rows[0].kind == 'table' else 'jsonl'}"

    def backfill(self, *spans: tuple[datetime, datetime]) -> dict[str, pl.DataFrame]:
        """What the hourly assets write for the spans, through the same functions and the same writes."""
        for table in DERIVED:
            self.derived.execute(f"DELETE FROM {table.name}")
        for start, end in spans:
            events, rejected = EventHandler().handle(self.lake.read_table(RAW_EVENTS, start, end))
            assert rejected.is_empty()
            graph = GraphBuilder().build(events)
            write_frame(self.derived, EVENTS, events, start, end)
            write_frame(self.derived, TOPIC_ACTIVITY, topic_activity(events), start, end)
            write_frame(self.derived, TEMPORAL_EDGES, graph.edges, start, end)
            write_frame(self.derived, NODES, graph.nodes)
        return {table.name: self._derived(table) for table in DERIVED}

    def _derived(self, table: Table) -> pl.DataFrame:
        return self.derived.execute(f"FROM {table.name}").pl().cast(dict(table.schema)).sort(table.key)  # type: ignore[arg-type]

    def kept(self) -> set[tuple[str, str, str, str]]:
        """Every payload that is in the lake, wherever."""
        return {Post.of(orjson.loads(raw)) for table in RECEIVED for raw in self.lake.read_table(table)["raw_data"]}


RANGE = ((START, START + HOURS * HOUR),)
HOUR_BY_HOUR = tuple((START + number * HOUR, START + (number + 1) * HOUR) for number in range(HOURS))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """In memory where that is a folder: thousands of commits would wait for a disk."""
    memory = Path("/dev/shm")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("TREND_") and name != "TREND_SHARED_DATA":
                patch.delenv(name)
        patch.setenv("TREND_HOME", "set below")
        patch.setenv("TREND_LAKE__THREADS", "1")
        folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
        made = home_in(folder / "home")
        bench = Bench(folder, made.lake, made.settings)
        yield bench
        bench.derived.close()
        made.lake.close()
        shutil.rmtree(folder)


def assert_same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    for name, frame in one.items():
        assert_frame_equal(frame, other[name])


ANY_FILES = settings(
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ANY_FILES
@given(rows=DISTINCT, data=st.data())
def test_the_tables_do_not_depend_on_how_the_posts_came(bench: Bench, rows: list[Post], data: st.DataObject) -> None:
    bench.take(data.draw(files_of(rows)))
    whole = bench.backfill(*RANGE)
    assert whole[EVENTS.name].height == len(rows)
    assert_same(bench.backfill(*HOUR_BY_HOUR), whole)
    bench.take(data.draw(files_of(rows)))
    assert_same(bench.backfill(*HOUR_BY_HOUR), whole)
    assert bench.lake.read_table(OBSERVATIONS).is_empty() and bench.lake.read_table(REJECTED_EVENTS).is_empty()


@ANY_FILES
@given(rows=ANY, data=st.data())
def test_no_row_is_lost_whatever_its_id(bench: Bench, rows: list[Post], data: st.DataObject) -> None:
    files = data.draw(files_of(rows))
    bench.take(files)
    assert bench.kept() == {row.told() for row in rows}
    stored = bench.lake.read_table(RAW_EVENTS)
    assert stored.height == stored["id"].n_unique() == len({row.key for row in rows})
    assert_same(bench.backfill(*RANGE), bench.backfill(*HOUR_BY_HOUR))
    sizes = [bench.lake.read_table(table).height for table in RECEIVED]
    for number in files.order:
        path = bench._path(number, files.files[number])
        import_file(bench.lake, path, bench.settings, COLUMNS if path.suffix == ".csv" else None)
    assert bench.lake.read_table(RAW_EVENTS).equals(stored)
    assert sizes == [bench.lake.read_table(table).height for table in RECEIVED]
