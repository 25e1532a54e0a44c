"""The mentions of the lake as a forecast sees them."""

from __future__ import annotations

from datetime import datetime, timedelta

from trend_assets.errors import TrendError
from trend_assets.forecasting.history import History
from trend_assets.forecasting.labels import LabelSettings
from trend_assets.lake.migrations import mentions_query
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENT_EMBEDDINGS, EVENTS
from trend_assets.settings import ForecastSettings


class NothingKnown(TrendError):
    """There is nothing to forecast from; the message says what to do."""


def load_history(lake: Lake, end: datetime | None = None, snapshot: int | None = None) -> History:
    """All mentions before `end` (timezone-aware; by default all that there are).

    The history begins at the first hour that has an event.

    Args:
        snapshot: of the lake, whose rows are read; by default the newest.

    Raises:
        NothingKnown: no event names a topic before `end`.
        LakeError: the lake has no such snapshot.
    """
    where, parameters = ("WHERE hour < ?", [end]) if end else ("", [])
    events = EVENTS.name if snapshot is None else lake.at(EVENTS, snapshot)
    source = "mentions" if snapshot is None else f"({mentions_query(events)})"
    texts = EVENT_EMBEDDINGS.name if snapshot is None else lake.at(EVENT_EMBEDDINGS, snapshot)
    mentions = lake.read(_mentions(source, texts, where), parameters)
    if mentions.is_empty():
        raise _nothing(end)
    # An hour in which nobody named a topic is known, too: it counts as a week without mentions.
    start = lake.read(f"SELECT min(hour) AS start FROM {events}")["start"][0]
    return History.from_mentions(mentions, start, end)


def _mentions(source: str, texts: str, where: str) -> str:
    """The query of `History.from_mentions`; a text only where a topic begins, for no other is looked at."""
    return f"""
        WITH known AS (SELECT timestamp, topic, user_id, weight, event_id FROM {source} {where}),
             begun AS (SELECT topic, arg_min(event_id, (timestamp, event_id)) AS event_id FROM known GROUP BY topic),
             texts AS (SELECT id AS event_id, embedding AS text FROM {texts}),
             stated AS (SELECT topic, event_id, text FROM begun JOIN texts USING (event_id))
        SELECT timestamp, topic, user_id, weight, text FROM known LEFT JOIN stated USING (topic, event_id)
    """


def need_mentions(lake: Lake, end: datetime) -> None:
    """Raises what `load_history` would raise, without reading it all."""
    if lake.read("SELECT 1 FROM mentions WHERE hour < ? LIMIT 1", [end]).is_empty():
        raise _nothing(end)


def newest_mention(lake: Lake) -> datetime:
    """Where the last hour ends in which a topic was mentioned; there must be one."""
    newest: datetime = lake.read("SELECT max(hour) AS hour FROM mentions")["hour"][0]
    return newest + timedelta(hours=1)


def _nothing(end: datetime | None) -> NothingKnown:
    before = f" before {end.isoformat()}" if end else ""
    return NothingKnown(
        f"the lake has no events that name a topic{before}: "
        "import or collect posts, then run `trend backfill --start DAY --end DAY`"
    )


def label_settings(forecast: ForecastSettings) -> LabelSettings:
    """The labels' definitions as the settings have them."""
    return LabelSettings(**forecast.model_dump())
