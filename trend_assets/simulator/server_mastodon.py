"""The mock of Mastodon: public timelines, tags' timelines and trending tags of one server, without a key."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote, urlencode

from trend_assets.simulator.mastodon import status, status_id, trending_tag
from trend_assets.simulator.population import User
from trend_assets.simulator.serving import Answer, SimulatedRequest
from trend_assets.simulator.timeline import Post

HOST = "mastodon.example"
TAG_PREFIX = "/api/v1/timelines/tag/"
_ID_BITS = 16
_TREND_DAYS = timedelta(days=2)


def timeline(request: SimulatedRequest) -> Answer:
    """``GET /api/v1/timelines/public`` or ``/tag/:tag``: statuses, the newest first."""
    return _limited(request, _timeline)


def _trends(request: SimulatedRequest) -> Answer:
    """``GET /api/v1/trends/tags``: what is used by most people in two days."""
    return _limited(request, _trending)


ROUTES = {"/api/v1/timelines/public": timeline, "/api/v1/trends/tags": _trends}


def _limited(request: SimulatedRequest, answer: Any) -> Answer:
    left, reset = request.limits.ask("mastodon", request.now)
    headers = {
        "X-RateLimit-Limit": str(request.limits.mastodon_requests),
        "X-RateLimit-Remaining": str(max(left, 0)),
        "X-RateLimit-Reset": f"{datetime.fromtimestamp(reset, UTC):%Y-%m-%dT%H:%M:%S.000000Z}",
    }
    if left < 0:
        return Answer.json({"error": "Too many requests"}, 429, headers)
    try:
        value, more = answer(request)
    except ValueError:
        return Answer.json({"error": "The request is not valid"}, 422, headers)
    found = Answer.json(value, headers={**headers, **more})
    return replace(found, headers={**found.headers, "ETag": f'W/"{blake2b(found.body, digest_size=16).hexdigest()}"'})


def _timeline(request: SimulatedRequest) -> tuple[list[dict[str, Any]], dict[str, str]]:
    size = min(max(request.number("limit", 20), 1), 40)
    highest = request.number("max_id", request.milliseconds + 1 << _ID_BITS)
    lowest = request.number("min_id", 0)
    found = [post for post in _between(request, lowest, highest) if _tagged(request, post)]
    # `min_id` asks for what comes right after it, `max_id` alone for what comes right before.
    posts = (found[:size] if lowest else found[-size:])[::-1]
    return [status(post, request.milliseconds, HOST) for post in posts], _links(request, posts)


def _between(request: SimulatedRequest, lowest: int, highest: int) -> list[Post]:
    start = max(datetime.fromtimestamp((lowest >> _ID_BITS) // 1000, UTC), request.world.start)
    end = min(datetime.fromtimestamp((highest >> _ID_BITS) // 1000 + 1, UTC), request.now)
    happened = request.world.events("mastodon", start, end) if start < end else ()
    return [post for post in happened if isinstance(post, Post) and lowest < status_id(post) < highest]


def _tagged(request: SimulatedRequest, post: Post) -> bool:
    if not request.path.startswith(TAG_PREFIX):
        return True
    wanted = f"#{unquote(request.path.removeprefix(TAG_PREFIX))}".casefold()
    return any(topic.label.casefold() == wanted for topic in post.topics)


def _links(request: SimulatedRequest, posts: list[Post]) -> dict[str, str]:
    if not posts:
        return {}
    address = f"https://{HOST}{request.path}"
    older, newer = (urlencode({name: status_id(post)}) for name, post in (("max_id", posts[-1]), ("min_id", posts[0])))
    return {"Link": f'<{address}?{older}>; rel="next", <{address}?{newer}>; rel="prev"'}


def _trending(request: SimulatedRequest) -> tuple[list[dict[str, Any]], dict[str, str]]:
    size = min(max(request.number("limit", 10), 1), 20)
    uses: dict[str, list[tuple[int, User]]] = defaultdict(list)
    events = request.world.events("mastodon", max(request.now - _TREND_DAYS, request.world.start), request.now)
    for post in (event for event in events if isinstance(event, Post)):
        for topic in post.topics:
            if topic.label.startswith("#"):
                uses[topic.label[1:].lower()].append((post.milliseconds, post.author))
    people = {name: len({user.user_id for _, user in found}) for name, found in uses.items()}
    names = sorted(people, key=lambda name: (-people[name], name))[:size]
    return [trending_tag(name, uses[name], request.milliseconds, HOST) for name in names], {}
