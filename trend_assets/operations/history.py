"""The mentions of the temporal graph as a forecast sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

import polars as pl

from trend_assets.errors import TrendError
from trend_assets.forecasting.history import History, to_datetime
from trend_assets.forecasting.labels import FurtherHorizon, LabelSettings
from trend_assets.graph.messages import kinds, projection
from trend_assets.graph.references import QUOTES, REFERS_TO, REPLIES_TO, REPOSTS, WROTE
from trend_assets.lake.connection import quoted
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENT_EMBEDDINGS, NODES, TEMPORAL_EDGES
from trend_assets.settings import EmbeddingSettings, ForecastSettings

# Only to say what to do where the graph holds nothing.
_NAMING_TOPICS = "SELECT min(hour) AS first, max(hour) AS last FROM events WHERE len(topics) > 0"


class NothingKnown(TrendError):
    """There is nothing to forecast from; the message says what to do."""


class GraphMissing(TrendError):
    """There are events, but the temporal graph has not been made of them; the message says how to make it."""


def load_history(
    lake: Lake,
    end: datetime | None = None,
    snapshot: int | None = None,
    messages: Sequence[str] = (),
    text_model: str = EmbeddingSettings().model,
) -> History:
    """All mentions before `end` (timezone-aware; by default all that there are).

    The history begins at the first hour that has an edge; every event has one.

    Args:
        snapshot: of the lake, whose rows are read; by default the newest.
        messages: of `graph.messages.MESSAGES`, what the interactions of a network are to carry (`training.messages`).
        text_model: whose vectors are read (`embeddings.model`); those of another cannot be compared with them.

    Raises:
        NothingKnown: no event names a topic before `end`.
        GraphMissing: some do, but `temporal_edges` and `nodes` say nothing of them.
        LakeError: the lake has no such snapshot.
    """
    tables = _Tables.of(lake, snapshot, text_model)
    mentions = _read_mentions(lake, tables, _Span(None, end), messages)
    if mentions.is_empty():
        raise _nothing(lake, end)
    # An hour in which nobody named a topic is known, too: it counts as a week without mentions.
    start = lake.read(f"SELECT min(hour) AS start FROM {tables.edges}")["start"][0]
    return History.from_mentions(mentions, start, end)


def load_later(
    lake: Lake,
    history: History,
    end: datetime,
    messages: Sequence[str] = (),
    text_model: str = EmbeddingSettings().model,
) -> History:
    """A history of all mentions before `end`, of which those before the end of `history` are known.

    Args:
        lake: what it holds of the time before must be what `history` was made of.
        history: whole; it is extended.
        end: timezone-aware, not before the history's end.
        messages, text_model: as for `load_history`.
    """
    span = _Span(to_datetime(history.end), end)
    return history.extended(_read_mentions(lake, _Tables.of(lake, None, text_model), span, messages), end)


class _Span(NamedTuple):
    """Whole hours from one moment until another; None where there is no bound."""

    start: datetime | None
    end: datetime | None

    def bounds(self, column: str) -> str:
        """What holds for an hour inside, as a condition of SQL."""
        parts = ["true"]
        parts += [f"{column} >= $start"] if self.start else []
        parts += [f"{column} < $end"] if self.end else []
        return " AND ".join(parts)

    def before_end(self, column: str) -> str:
        """What holds for an hour before the end."""
        return _Span(None, self.end).bounds(column)

    def read(self, lake: Lake, query: str) -> pl.DataFrame:
        """The answer to a query that has these bounds."""
        given = {"start": self.start, "end": self.end}
        return lake.read(query, {name: value for name, value in given.items() if f"${name}" in query} or None)


_ALL = _Span(None, None)


def _read_mentions(lake: Lake, tables: _Tables, span: _Span, messages: Sequence[str]) -> pl.DataFrame:
    """The mentions of a span, with the texts that topics begin with in it and what the messages need."""
    mentions = span.read(lake, mentions_query(tables.edges, tables.nodes, span))
    texts = span.read(lake, _texts_query(tables, span))
    mentions = mentions.join(texts, on=["event_id", "topic"], how="left")
    return _with_details(lake, tables, span, mentions, messages)


class _Tables(NamedTuple):
    """What to write behind FROM."""

    edges: str
    nodes: str
    vectors: str

    @classmethod
    def of(cls, lake: Lake, snapshot: int | None, text_model: str) -> Self:
        tables = (TEMPORAL_EDGES, NODES, EVENT_EMBEDDINGS)
        edges, nodes, vectors = (table.name if snapshot is None else lake.at(table, snapshot) for table in tables)
        return cls(edges, nodes, f"(FROM {vectors} WHERE model = {quoted(text_model)})")


def mentions_query(edges: str = TEMPORAL_EDGES.name, nodes: str = NODES.name, span: _Span = _ALL) -> str:
    """SQL for the mentions of topics: the paths user → content → topic of one event.

    Its columns are hour, timestamp, event_id, topic, user_id (``source:user``, null where nobody is named), event_type
    (null in edges of releases before 2, where nobody is named) and weight.

    Args:
        edges, nodes: the tables, or the tables as they were.
        span: which are wanted, by the parameters ``$start`` and ``$end``.
    """
    # Of an event's edges only that of who did it ends at the event's own content.
    return f"""
        SELECT about.hour, about.timestamp, about.event_id, topics.key AS topic, users.key AS user_id,
            acts.edge_type AS event_type, about.weight
        FROM {edges} AS about
        JOIN {nodes} AS topics ON topics.node_id = about.dst AND topics.kind = 'topic'
        LEFT JOIN {edges} AS acts
            ON acts.event_id = about.event_id AND acts.dst = about.src AND {span.bounds("acts.hour")}
        LEFT JOIN {nodes} AS users ON users.node_id = acts.src AND users.kind = 'user'
        WHERE about.edge_type = 'about' AND {span.bounds("about.hour")}
    """


def need_mentions(lake: Lake, end: datetime) -> None:
    """Raises what `load_history` would raise, without reading it all."""
    span = _Span(None, end)
    if span.read(lake, f"{mentions_query(span=span)} LIMIT 1").is_empty():
        raise _nothing(lake, end)


def newest_mention(lake: Lake) -> datetime:
    """Where the last hour ends in which a topic was mentioned; there must be one."""
    newest: datetime = lake.read("SELECT max(hour) AS hour FROM temporal_edges WHERE edge_type = 'about'")["hour"][0]
    return newest + timedelta(hours=1)


def mentions_before(lake: Lake, moment: datetime) -> int:
    """How often topics were mentioned before a moment."""
    query = "SELECT count(*) AS mentions FROM temporal_edges WHERE edge_type = 'about' AND hour < ?"
    return int(lake.read(query, [moment])["mentions"][0])


def _with_details(
    lake: Lake, tables: _Tables, span: _Span, mentions: pl.DataFrame, messages: Sequence[str]
) -> pl.DataFrame:
    """Mentions with the columns of `DETAILS` that the messages need."""
    if "type" in messages:
        mentions = mentions.with_columns(kinds(mentions["event_type"]).alias("kind"))
    if "answers" in messages:
        answers = span.read(lake, _answers_query(tables, span))
        mentions = mentions.join(answers, on="event_id", how="left")
    if "text" in messages:
        lengths = lake.read(f"SELECT len(embedding) AS length FROM {tables.vectors} LIMIT 1")["length"]
        vectors = span.read(lake, _vectors_query(tables, lengths[0] if len(lengths) else 0, span))
        mentions = mentions.join(vectors, on="event_id", how="left")
    return mentions


def _answers_query(tables: _Tables, span: _Span) -> str:
    """SQL for event_id and answers, the author of the content that an event answers, passes on or quotes.

    It is known where the event itself tells it (`wrote`), or where the content had been seen before. Of several
    contents the one answered comes first.
    """
    ways = ", ".join(f"'{way}'" for way in (REPLIES_TO, REPOSTS, QUOTES, REFERS_TO))
    return f"""
        WITH ways AS (FROM {tables.edges} AS edges WHERE edge_type IN ({ways}) AND {span.bounds("hour")}),
             authors AS (
                SELECT edges.* FROM {tables.edges} AS edges SEMI JOIN ways ON ways.dst = edges.dst
                WHERE edge_type NOT IN ({ways}) AND {span.before_end("edges.hour")}
             )
        SELECT ways.event_id,
            arg_min(users.key, (list_position([{ways}], ways.edge_type), authors.edge_type <> '{WROTE}',
                authors.timestamp, users.key)) AS answers
        FROM ways JOIN authors ON authors.dst = ways.dst
        JOIN {tables.nodes} AS users ON users.node_id = authors.src AND users.kind = 'user'
        WHERE authors.event_id = ways.event_id OR authors.edge_type <> '{WROTE}' AND authors.timestamp <= ways.timestamp
        GROUP BY ways.event_id
    """


def _vectors_query(tables: _Tables, length: int, span: _Span) -> str:
    """SQL for event_id and vector, the projected text of an event.

    Each is computed by itself, so that its bits are the same whatever is read beside it.
    """
    products = ", ".join(f"list_inner_product(embedding, {row}::FLOAT[])" for row in projection(length))
    return f"""
        SELECT id AS event_id, [{products}]::FLOAT[] AS vector FROM {tables.vectors}
        WHERE {span.bounds("hour")}
    """


def _texts_query(tables: _Tables, span: _Span) -> str:
    """SQL for event_id, topic and text, a vector, of the event with which each topic begins in a span."""
    edges, nodes, vectors = tables
    about = f"(FROM {edges} WHERE edge_type = 'about' AND {span.bounds('hour')})"
    return f"""
        WITH firsts AS (SELECT dst, min(timestamp) AS timestamp FROM {about} GROUP BY dst),
             begun AS (
                SELECT dst, min(event_id) AS event_id FROM {about} JOIN firsts USING (dst, timestamp) GROUP BY dst
             )
        SELECT event_id, topics.key AS topic, vectors.embedding AS text
        FROM begun
        JOIN {nodes} AS topics ON topics.node_id = begun.dst AND topics.kind = 'topic'
        JOIN {vectors} AS vectors ON vectors.id = begun.event_id AND {span.bounds("vectors.hour")}
    """


def _nothing(lake: Lake, end: datetime | None) -> TrendError:
    before = f" before {end.isoformat()}" if end else ""
    span = _Span(None, end)
    first, last = span.read(lake, f"{_NAMING_TOPICS} AND {span.bounds('hour')}").row(0)
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
    further = (FurtherHorizon(hours, *forecast.needed(hours)) for hours in forecast.further_horizons)
    return LabelSettings(**forecast.model_dump(exclude={"further_horizons"}), further=tuple(further))
