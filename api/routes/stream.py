"""The route of server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from api.reading.feed import Feed

router = APIRouter(tags=["stream"])


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}},
)
async def stream(
    request: Request,
    last_event_id: Annotated[
        int | None, Header(ge=0, lt=2**53, description="Go on after this event; browsers send it by themselves.")
    ] = None,
) -> StreamingResponse:
    """Server-sent events on every new snapshot of the lake.

    `status` tells the snapshot and the newest event, forecast and training; `predictions` the ten likeliest
    topics of every label of a new cut, of further horizons as `emerges_6h`, without muted ones and those that look
    like spam (`attention`). The id of an event is the lake's snapshot.
    """
    feed: Feed = request.app.state.feed
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(feed.listen(last_event_id), media_type="text/event-stream", headers=headers)
