"""The mock of Bluesky: the public search for posts, without a key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trend_assets.simulator.bluesky import post_view
from trend_assets.simulator.serving import Answer, SimulatedRequest, page_token, read_token
from trend_assets.simulator.timeline import Post

_MOST = 100


def _search(request: SimulatedRequest) -> Answer:
    """``GET /xrpc/app.bsky.feed.searchPosts``: matching posts, the newest first."""
    left, reset = request.limits.ask("bluesky", request.now)
    headers = {
        "ratelimit-limit": str(request.limits.bluesky_requests),
        "ratelimit-remaining": str(max(left, 0)),
        "ratelimit-reset": str(reset),
        "ratelimit-policy": f"{request.limits.bluesky_requests};w=300",
    }
    if left < 0:
        return _error(429, "RateLimitExceeded", "Rate Limit Exceeded", headers)
    if request.parameters.get("cursor") and not request.limits.bluesky_scrolls:
        # As the public host answers strangers.
        body = b"<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"
        return Answer(403, body, {"Content-Type": "text/html", **headers})
    try:
        return Answer.json(_page(request), headers=headers)
    except ValueError as error:
        return _error(400, "InvalidRequest", str(error), headers)


ROUTES = {"/xrpc/app.bsky.feed.searchPosts": _search}


def _error(status: int, name: str, message: str, headers: dict[str, str]) -> Answer:
    return Answer.json({"error": name, "message": message}, status, headers)


def _page(request: SimulatedRequest) -> dict[str, Any]:
    if not request.parameters.get("q", "").strip():
        raise ValueError("Error: Params must have the property q")
    size = request.number("limit", 25)
    if not 1 <= size <= _MOST:
        raise ValueError(f"Error: limit can not be greater than {_MOST}")
    found = [post for post in _in_window(request) if _matches(request, post)][::-1]
    position, _ = read_token(request.parameters.get("cursor"))
    posts = found[position : position + min(size, request.limits.bluesky_page)]
    page: dict[str, Any] = {"posts": [post_view(post, request.milliseconds) for post in posts], "hitsTotal": len(found)}
    if position + len(posts) < len(found):
        page["cursor"] = page_token(position + len(posts))
    return page


def _in_window(request: SimulatedRequest) -> list[Post]:
    """Posts from ``since`` on to before ``until``, to the millisecond."""
    since = request.moment("since", request.world.start)
    until = min(request.moment("until", request.now), request.now)
    if since >= until:
        return []
    happened = request.world.events("bluesky", max(since, request.world.start), until + timedelta(seconds=1))
    first, last = _milliseconds(since), _milliseconds(until)
    return [post for post in happened if isinstance(post, Post) and first <= post.milliseconds < last]


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _matches(request: SimulatedRequest, post: Post) -> bool:
    """A small part of the search's language: words, ``#tag``, ``lang:``; and the parameter ``tag``."""
    labels = {topic.label.casefold() for topic in post.topics}
    tag = request.parameters.get("tag")
    if tag is not None and f"#{tag}".casefold() not in labels:
        return False
    return all(_holds(term.casefold(), post, labels) for term in request.parameters["q"].split())


def _holds(term: str, post: Post, labels: set[str]) -> bool:
    if term == "*":
        return True
    if term.startswith("lang:"):
        return post.language == term.removeprefix("lang:")
    return term in labels if term[0] == "#" else term in post.text.casefold()
