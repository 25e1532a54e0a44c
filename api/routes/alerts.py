"""Routes of alerts and their delivery."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query

from api.models.alerts import AlertItem, AlertPage, AlertState
from api.reading.lake import Reader
from trend_assets.settings import AlertRule

router = APIRouter(prefix="/alerts", tags=["alerts"])

_OPEN = "SELECT count(*)::BIGINT AS open FROM alerts WHERE state IN ('waiting', 'held', 'retrying')"
_PAGE = """
    SELECT *, epoch_us(raised_at) AS moment FROM alerts
    WHERE ($rule IS NULL OR rule = $rule) AND ($state IS NULL OR state = $state)
      AND ($seen IS NULL OR epoch_us(raised_at) < $seen OR (epoch_us(raised_at) = $seen AND id > $after))
    ORDER BY raised_at DESC, id LIMIT $limit
"""
_NOTHING = "no alert yet: nothing was wrong, or the daemon never ran (`trend up`)"


@router.get("")
def alerts(
    lake: Reader,
    rule: Annotated[AlertRule | None, Query(description="Only those of one rule.")] = None,
    state: Annotated[AlertState | None, Query(description="Only those whose delivery stands so.")] = None,
    cursor: Annotated[
        str | None,
        Query(max_length=60, pattern=r"^[0-9]{1,18}:[0-9a-f]{1,40}$", description="`next` of the page before."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
) -> AlertPage:
    """Alerts, the newest first: what happened, which channels took it and when, and why others did not."""
    moment, _, after = (cursor or "").partition(":")
    asked: dict[str, Any] = {
        "rule": rule,
        "state": state and state.value,
        "seen": int(moment) if cursor else None,
        "after": after,
        "limit": limit,
    }
    rows = lake.read(_PAGE, asked).to_dicts()
    items = [AlertItem(**{**row, "delivered_at": orjson.loads(row["delivered_at"])}) for row in rows]
    return AlertPage(
        items=items,
        open=lake.read(_OPEN)["open"][0],
        next=f"{rows[-1]['moment']}:{rows[-1]['id']}" if len(rows) == limit else None,
        reason=None if items else ("no alert fits these filters" if rule or state or cursor else _NOTHING),
    )
