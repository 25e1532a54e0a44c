"""Mentions that are read from the graph are those of the events, row for row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS
from trend_assets.operations.history import GraphMissing, load_history, mentions_query, need_mentions
from trend_assets.operations.predicting import forecast_hours
from trend_assets.operations.training import train
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import read_archive
from trend_assets.sources.frames import raw_frame
from trend_assets_tests.operations.conftest import DAYS, START, WEEK, Home, event, write_posts

#: What forecasts were read from until release 0.1: what people did, an event once for each of its topics.
OF_EVENTS = """
    SELECT timestamp, hour, id AS event_id, unnest(topics) AS topic, source || ':' || user_id AS user_id, source,
        event_type, content_id, edge_weight AS weight
    FROM events
"""
CHAT = "id=message_id,timestamp=sent_at,topics=topic,text=topic,event_type=kind"
STREAMS = {
    "tweets": ("tweets/2014-01.jsonl.gz", None),
    "chat": ("chat/2024-01.csv.gz", f"{CHAT},user_id=user"),
    "chat without its users": ("chat/2024-01.csv.gz", CHAT),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_the_graph_gives_the_mentions_of_the_events(empty: Home, shared_data: Path, stream: str) -> None:
    file, columns = STREAMS[stream]
    batches = read_archive(shared_data / file, columns=ColumnMap.parse(columns) if columns else None, batch_rows=1500)
    payloads = [payload for batch in islice(batches, 2) for payload in batch.payloads]
    events, _ = EventHandler().handle(raw_frame(payloads, file, datetime.now(UTC)))
    span = events["hour"].min(), events["hour"].max() + timedelta(hours=1)  # type: ignore[operator]
    write_posts(empty.lake, events, *span)
    order = ["timestamp", "event_id", "topic"]
    expected = empty.lake.read(OF_EVENTS).sort(order)
    assert expected.height > 2000
    assert_frame_equal(empty.lake.read("FROM mentions").sort(order), expected, check_exact=True)
    found = empty.lake.read(mentions_query()).sort(order)
    assert_frame_equal(found, expected.select(found.columns), check_exact=True)
    history = load_history(empty.lake)
    assert (history.start, len(history)) == (int(span[0].timestamp()), expected.height)
    assert len(history.users) == expected["user_id"].drop_nulls().n_unique()


def test_edges_of_the_release_before_give_the_same_mentions(empty: Home) -> None:
    """They have no actor where nobody is named, no communities, and one word for all relations."""
    rows = [event(1, START, ["#a", "#b"], "ann"), event(2, START, ["#a"], None)]
    write_posts(empty.lake, EVENTS.frame(rows), START, START + timedelta(hours=1))
    with empty.lake.transaction() as connection:
        connection.execute(
            "DELETE FROM temporal_edges WHERE edge_type = 'in' OR src IN (SELECT node_id FROM nodes WHERE kind = "
            "'community')"
        )
        connection.execute("DELETE FROM nodes WHERE kind = 'community'")
    order = ["event_id", "topic"]
    expected = empty.lake.read(OF_EVENTS).sort(order).drop("event_type")
    found = empty.lake.read(mentions_query()).sort(order).drop("event_type")
    assert_frame_equal(found, expected.select(found.columns))
    assert_frame_equal(empty.lake.read("FROM mentions").sort(order).drop("event_type"), expected)


@pytest.fixture
def emptied(empty: Home) -> Lake:
    """A lake that has events of which no graph was made."""
    moments = [START + timedelta(hours=hour) for hour in range(24 * DAYS)]
    rows = [event(number, moment, ["#a"], "ann") for number, moment in enumerate(moments)]
    write_posts(empty.lake, EVENTS.frame(rows), START, START + timedelta(days=DAYS))
    with empty.lake.transaction() as connection:
        connection.execute("DELETE FROM temporal_edges")
    return empty.lake


def test_without_edges_training_and_forecasts_are_refused_with_what_to_do(empty: Home, emptied: Lake) -> None:
    what_to_do = (
        r"^the temporal graph has no mention of a topic before 2026-02-02.*: materialize the asset temporal_graph, as "
        r"`trend backfill --only temporal_graph --start 2026-01-05 --end 2026-02-02` does$"
    )
    with pytest.raises(GraphMissing, match=what_to_do):
        train(emptied, empty.settings, WEEK)
    with pytest.raises(GraphMissing, match=what_to_do):
        forecast_hours(emptied, empty.settings, WEEK - timedelta(hours=1), WEEK, "run")
    with pytest.raises(GraphMissing, match=what_to_do):
        need_mentions(emptied, WEEK)


def test_without_nodes_too(empty: Home) -> None:
    write_posts(empty.lake, EVENTS.frame([event(1, START, ["#a"], "ann")]), START, START + timedelta(hours=1))
    with empty.lake.transaction() as connection:
        connection.execute("DELETE FROM nodes")
    with pytest.raises(GraphMissing, match="temporal_graph"):
        load_history(empty.lake)


def test_nothing_of_the_forecast_reads_events(empty: Home) -> None:
    moments = [START + timedelta(minutes=10 * number) for number in range(6 * 24 * 3)]
    rows = [event(n, moment, [f"#{n % 7 if n % 3 else 1}"], f"u{n % 5}") for n, moment in enumerate(moments)]
    write_posts(empty.lake, EVENTS.frame(rows), START, START + timedelta(days=3))
    end = START + timedelta(days=3)
    before = forecast_hours(empty.lake, empty.settings, end - timedelta(hours=1), end, "run", lambda: end)
    with empty.lake.transaction() as connection:
        connection.execute("DELETE FROM events")
    after = forecast_hours(empty.lake, empty.settings, end - timedelta(hours=1), end, "run", lambda: end)
    assert before.height > 0
    assert_frame_equal(after, before)


def test_the_graph_is_what_the_forecast_learns_from(empty: Home) -> None:
    rows = [event(n, START + timedelta(hours=n), ["#a"], f"u{n % 3}") for n in range(30)]
    write_posts(empty.lake, EVENTS.frame(rows), START, START + timedelta(days=2))
    whole = load_history(empty.lake)
    user = empty.lake.read("SELECT node_id FROM nodes WHERE key = 'archive:u1'")["node_id"][0]
    with empty.lake.transaction() as connection:
        connection.execute("DELETE FROM temporal_edges WHERE src = ?", [user])
    history = load_history(empty.lake)
    assert len(history) == len(whole)
    assert (history.user < 0).sum() == 10
    assert sorted(history.users) == ["archive:u0", "archive:u2"]
