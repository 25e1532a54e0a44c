"""The mentions of the temporal graph as a forecast sees them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trend_assets.errors import TrendError
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import LabelSettings
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENT_EMBEDDINGS, NODES, TEMPORAL_EDGES
from trend_assets.settings import ForecastSettings

# Only to say what to do where the graph holds nothing.
_NAMING_TOPICS = "SELECT min(hour) AS first, max(hour) AS last FROM events WHERE len(topics) > 0"


class NothingKnown(TrendError):
    """There is nothing to forecast from; the message says what to do."""


class GraphMissing(TrendError):
    """There are events, but the temporal graph has not been made of them; the message says how to make it."""


def load_history(lake: Lake, end: datetime | None = None, snapshot: int | None = None) -> History:
    """All mentions before `end` (timezone-aware; by default all that there are).

    The history begins at the first hour that has an edge; every event has one.

    Args:
        snapshot: of the lake, whose rows are read; by default the newest.

    Raises:
        NothingKnown: no event names a topic before `end`.
        GraphMissing: some do, but `temporal_edges` and `nodes` say nothing of them.
        LakeError: the lake has no such snapshot.
    """
    edges, nodes, vectors = (
        table.name if snapshot is None else lake.at(table, snapshot)
        for table in (TEMPORAL_EDGES, NODES, EVENT_EMBEDDINGS)
    )
    mentions = lake.read(mentions_query(edges, nodes, bounded=end is not None), _parameters(end))
    if mentions.is_empty():
        raise _nothing(lake, end)
    texts = lake.read(_texts_query(edges, nodes, vectors, bounded=end is not None), _parameters(end))
    # An hour in which nobody named a topic is known, too: it counts as a week without mentions.
    start = lake.read(f"SELECT min(hour) AS start FROM {edges}")["start"][0]
    return History.from_mentions(mentions.join(texts, on=["event_id", "topic"], how="left"), start, end)


def mentions_query(edges: str = TEMPORAL_EDGES.name, nodes: str = NODES.name, bounded: bool = False) -> str:
    """SQL for the mentions of topics: the paths user → content → topic of one event.

    Its columns are hour, timestamp, event_id, topic, user_id (``source:user``, null where nobody is named), event_type
    (null in edges of releases before 2, where nobody is named) and weight.

    Args:
        edges, nodes: the tables, or the tables as they were.
        bounded: whether only those before the parameter ``$end`` are wanted.
    """
    before = " AND {}.hour < $end" if bounded else ""
    # Of an event's edges only that of who did it ends at the event's own content.
    return f"""
        SELECT about.hour, about.timestamp, about.event_id, topics.key AS topic, users.key AS user_id,
            acts.edge_type AS event_type, about.weight
        FROM {edges} AS about
        JOIN {nodes} AS topics ON topics.node_id = about.dst AND topics.kind = 'topic'
        LEFT JOIN {edges} AS acts
            ON acts.event_id = about.event_id AND acts.dst = about.src{before.format("acts")}
        LEFT JOIN {nodes} AS users ON users.node_id = acts.src AND users.kind = 'user'
        WHERE about.edge_type = 'about'{before.format("about")}
    """


def need_mentions(lake: Lake, end: datetime) -> None:
    """Raises what `load_history` would raise, without reading it all."""
    if lake.read(f"{mentions_query(bounded=True)} LIMIT 1", _parameters(end)).is_empty():
        raise _nothing(lake, end)


def _texts_query(edges: str, nodes: str, vectors: str, bounded: bool) -> str:
    """SQL for event_id, topic and text, a vector, of the event with which each topic begins: no other is looked at."""
    about = f"(FROM {edges} WHERE edge_type = 'about'{' AND hour < $end' if bounded else ''})"
    return f"""
        WITH firsts AS (SELECT dst, min(timestamp) AS timestamp FROM {about} GROUP BY dst),
             begun AS (
                SELECT dst, min(event_id) AS event_id FROM {about} JOIN firsts USING (dst, timestamp) GROUP BY dst
             )
        SELECT event_id, topics.key AS topic, vectors.embedding AS text
        FROM begun
        JOIN {nodes} AS topics ON topics.node_id = begun.dst AND topics.kind = 'topic'
        JOIN {vectors} AS vectors ON vectors.id = begun.event_id
    """


def _parameters(end: datetime | None) -> dict[str, Any] | None:
    return None if end is None else {"end": end}


def _nothing(lake: Lake, end: datetime | None) -> TrendError:
    before = f" before {end.isoformat()}" if end else ""
    first, last = lake.read(_NAMING_TOPICS + (" AND hour < $end" if end else ""), _parameters(end)).row(0)
    if first is None:
        return NothingKnown(
            f"the lake has no events that name a topic{before}: "
            "import or collect posts, then run `trend backfill --start DAY --end DAY`"
        )
    return GraphMissing(
        f"the temporal graph has no mention of a topic{before}, though there are events that name some: materialize "
        f"the asset temporal_graph, as `trend backfill --only temporal_graph --start {first:%Y-%m-%d} "
        f"--end {last + timedelta(days=1):%Y-%m-%d}` does"
    )


def label_settings(forecast: ForecastSettings) -> LabelSettings:
    """The labels' definitions as the settings have them."""
    return LabelSettings(**forecast.model_dump())
