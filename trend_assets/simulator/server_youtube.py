"""The mock of YouTube: search, videos and comment threads of the Data API v3, with its quota."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from trend_assets.simulator.identifiers import opaque
from trend_assets.simulator.serving import Answer, SimulatedRequest, page_token, read_token
from trend_assets.simulator.timeline import Comment, Video
from trend_assets.simulator.world import World
from trend_assets.simulator.youtube import comment_thread, video_resource

_CHART_DAYS = timedelta(days=7)
_CHART_LENGTH = 200


def _endpoint(
    units: int, kind: str, read: Callable[[SimulatedRequest], list[dict[str, Any]]]
) -> Callable[[SimulatedRequest], Answer]:
    """An endpoint that checks the key, charges the quota, and cuts what it reads into pages."""

    def answer(request: SimulatedRequest) -> Answer:
        key = request.headers.get("X-Goog-Api-Key") or request.parameters.get("key")
        if not key or request.limits.key not in (None, key):
            return _error(400, "API key not valid. Please pass a valid API key.", "badRequest")
        if not request.limits.spend_units(units):
            message = 'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.'  # noqa: E501
            return _error(403, message, "quotaExceeded", "youtube.quota")
        try:
            return Answer.json(_page(request, kind, read(request)))
        except LookupError as error:
            return _error(404, str(error.args[0]), "videoNotFound", "youtube.commentThread")
        except ValueError as error:
            return _error(400, str(error), "badRequest")

    return answer


def _error(code: int, message: str, reason: str, domain: str = "global") -> Answer:
    details = [{"message": message, "domain": domain, "reason": reason}]
    return Answer.json({"error": {"code": code, "message": message, "errors": details}}, code)


def _page(request: SimulatedRequest, kind: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    size = min(max(request.number("maxResults", 5), 1), 100 if kind == "commentThread" else 50)
    position, _ = read_token(request.parameters.get("pageToken"))
    page: dict[str, Any] = {
        "kind": f"youtube#{kind}ListResponse",
        "etag": opaque(f"list:{kind}:{sorted(request.parameters.items())}:{request.milliseconds}", 27),
    }
    if position + size < len(items):
        page["nextPageToken"] = page_token(position + size)
    parts = {"kind", "etag", "id", *request.parameters.get("part", "").split(",")}
    page["pageInfo"] = {"totalResults": len(items), "resultsPerPage": size}
    cut = items[position : position + size]
    page["items"] = [{name: value for name, value in item.items() if name in parts} for item in cut]
    return page


def _uploads(world: World, start: datetime, end: datetime) -> list[Video]:
    if start >= end:
        return []
    return [event for event in world.events("youtube", max(start, world.start), end) if isinstance(event, Video)]


def _videos(request: SimulatedRequest) -> list[dict[str, Any]]:
    at = request.milliseconds
    if request.parameters.get("chart") == "mostPopular":
        recent = _uploads(request.world, request.now - _CHART_DAYS, request.now)
        resources = [video_resource(video, at) for video in recent]
        resources.sort(key=lambda resource: -int(resource["statistics"]["viewCount"]))
        return resources[:_CHART_LENGTH]
    known = {video.id: video for video in _uploads(request.world, request.world.start, request.now)}
    wanted = request.parameters.get("id", "").split(",")
    if len(wanted) > 50:
        raise ValueError("The request specifies an invalid filter parameter: at most 50 ids")
    return [video_resource(known[key], at) for key in wanted if key in known]


def _search(request: SimulatedRequest) -> list[dict[str, Any]]:
    start = request.moment("publishedAfter", request.world.start)
    end = min(request.moment("publishedBefore", request.now), request.now)
    words = request.parameters.get("q", "").casefold().split()
    found = [video for video in _uploads(request.world, start, end) if _about(video, words)]
    return [_result(video_resource(video, request.milliseconds)) for video in found[::-1]]


def _about(video: Video, words: Sequence[str]) -> bool:
    written = f"{video.title} {video.description}".casefold()
    return all(word in written for word in words)


def _result(video: Mapping[str, Any]) -> dict[str, Any]:
    names = ("publishedAt", "channelId", "title", "description", "thumbnails", "channelTitle", "liveBroadcastContent")
    snippet = {name: video["snippet"][name] for name in names}
    return {
        "kind": "youtube#searchResult",
        "etag": video["etag"],
        "id": {"kind": "youtube#video", "videoId": video["id"]},
        "snippet": {**snippet, "publishTime": video["snippet"]["publishedAt"]},
    }


def _comments(request: SimulatedRequest) -> list[dict[str, Any]]:
    wanted = request.parameters.get("videoId", "")
    known = next(
        (video for video in _uploads(request.world, request.world.start, request.now) if video.id == wanted), None
    )
    if known is None:
        raise LookupError("The video identified by the <code>videoId</code> parameter could not be found.")
    published = datetime.fromtimestamp(known.milliseconds // 1000, request.now.tzinfo)
    events = request.world.events("youtube", published, request.now)
    comments = [event for event in events if isinstance(event, Comment) and event.video.id == wanted]
    return [comment_thread(comment) for comment in comments[::-1]]


ROUTES = {
    "/youtube/v3/videos": _endpoint(1, "video", _videos),
    "/youtube/v3/search": _endpoint(100, "search", _search),
    "/youtube/v3/commentThreads": _endpoint(1, "commentThread", _comments),
}
