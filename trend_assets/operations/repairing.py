"""How the rows of a damaged file can be had again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from trend_assets.lake.damage import DamagedFile
from trend_assets.lake.tables import (
    EVENT_EMBEDDINGS,
    EVENTS,
    NEAR_COPIES,
    NODES,
    OBSERVATIONS,
    PHRASE_STATES,
    PREDICTION_OUTCOMES,
    RAW_EVENTS,
    REJECTED_EVENTS,
    TEMPORAL_EDGES,
    TOPIC_ACTIVITY,
    TOPIC_LABELS,
    TOPIC_PHRASES,
)

_HOUR = timedelta(hours=1)
#: Tables that are made of others, and the asset that makes them.
_MADE_BY = {
    **{
        table.name: table.name
        for table in (EVENTS, EVENT_EMBEDDINGS, TOPIC_PHRASES, NEAR_COPIES, TOPIC_ACTIVITY, TOPIC_LABELS)
    },
    PHRASE_STATES.name: TOPIC_PHRASES.name,
    TEMPORAL_EDGES.name: "temporal_graph",
    PREDICTION_OUTCOMES.name: PREDICTION_OUTCOMES.name,
}
_COLLECTED = (RAW_EVENTS.name, REJECTED_EVENTS.name, OBSERVATIONS.name)


@dataclass(frozen=True, slots=True)
class Loss:
    """What the damaged files of a table held.

    Args:
        table: its name.
        rows: how many.
        first: the first partition; None where the table has none.
        last: the last one.
        again: how they can be had again.
    """

    table: str
    rows: int
    first: datetime | None
    last: datetime | None
    again: str


def losses(damaged: Iterable[DamagedFile]) -> list[Loss]:
    """What damaged files held, table by table in the order in which they are made."""
    tables: dict[str, list[DamagedFile]] = {}
    for one in damaged:
        tables.setdefault(one.table, []).append(one)
    return [_loss(table, files) for table, files in tables.items()]


def _loss(table: str, files: list[DamagedFile]) -> Loss:
    first = min((one.first for one in files if one.first), default=None)
    last = max((one.last for one in files if one.last), default=None)
    return Loss(table, sum(one.rows for one in files), first, last, _again(table, first, last))


def _again(table: str, first: datetime | None, last: datetime | None) -> str:
    if table in _COLLECTED:
        return (
            "import the same files again, and collect the hours of live sources again (`trend collect --hour HOUR`); "
            "what is there is not doubled"
        )
    if table == NODES.name:
        return "trend backfill --only temporal_graph --start FIRST_DAY --end TODAY (over all that was collected)"
    if table in _MADE_BY and first and last:
        hours = f"--start {first:%Y-%m-%dT%H:%M} --end {last + _HOUR:%Y-%m-%dT%H:%M}"
        return f"trend backfill --only {_MADE_BY[table]} {hours}"
    return "only from a backup (`trend restore` into an empty TREND_HOME)"
