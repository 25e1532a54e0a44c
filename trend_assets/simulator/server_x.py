"""The mock of X: the search of API v2, recent and full-archive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from trend_assets.simulator.serving import Answer, SimulatedRequest, page_token, read_token
from trend_assets.simulator.timeline import Post
from trend_assets.simulator.twitter import tweet_object, user_object, wire_text

_RECENT = timedelta(days=7)
_INDEXING = timedelta(seconds=10)
_TWEET_DEFAULTS = {"id", "text", "edit_history_tweet_ids"}
_USER_DEFAULTS = {"id", "name", "username"}
_PROBLEMS = "https://api.twitter.com/2/problems"


def search(request: SimulatedRequest) -> Answer:
    """``GET /2/tweets/search/recent`` or ``/all``: matching posts, the newest first."""
    left, reset = request.limits.ask("x", request.now)
    headers = {
        "x-rate-limit-limit": str(request.limits.x_requests),
        "x-rate-limit-remaining": str(max(left, 0)),
        "x-rate-limit-reset": str(reset),
    }
    refused = _refusal(request, left)
    if refused is not None:
        return Answer.json(refused, refused["status"], headers)
    try:
        return Answer.json(_page(request), headers=headers)
    except ValueError as error:
        return Answer.json(_problem("Invalid Request", 400, str(error), "invalid-request"), 400, headers)


ROUTES = {"/2/tweets/search/recent": search, "/2/tweets/search/all": search}


def _refusal(request: SimulatedRequest, left: int) -> dict[str, Any] | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token or request.limits.key not in (None, token):
        return _problem("Unauthorized", 401, "Unauthorized")
    if left < 0:
        return _problem("Too Many Requests", 429, "Too Many Requests")
    if request.limits.x_posts is not None and request.limits.posts_given >= request.limits.x_posts:
        return _problem("UsageCapExceeded", 429, "Usage cap exceeded: Monthly product cap", "usage-capped")
    return None


def _problem(title: str, status: int, detail: str, type_: str = "") -> dict[str, Any]:
    kind = f"{_PROBLEMS}/{type_}" if type_ else "about:blank"
    return {"title": title, "type": kind, "status": status, "detail": detail}


def _page(request: SimulatedRequest) -> dict[str, Any]:
    query = request.parameters.get("query", "")
    if not query.strip():
        raise ValueError("query: must not be empty")
    size = request.number("max_results", 10)
    if not 10 <= size <= (500 if request.path.endswith("/all") else 100):
        raise ValueError(f"The `max_results` query parameter value [{size}] is not between 10 and 100")
    found = [post for post in _in_window(request) if _matches(query, post)][::-1]
    position, _ = read_token(request.parameters.get("next_token"))
    posts = found[position : position + size]
    request.limits.give_posts(len(posts))
    meta: dict[str, Any] = {"result_count": len(posts)}
    if not posts:
        return {"meta": meta}
    meta = {"newest_id": posts[0].id, "oldest_id": posts[-1].id, **meta}
    if position + size < len(found):
        meta["next_token"] = page_token(position + size)
    return {"data": [_tweet(request, post) for post in posts], "includes": _includes(request, posts), "meta": meta}


def _in_window(request: SimulatedRequest) -> Iterable[Post]:
    earliest = request.now - _RECENT if request.path.endswith("/recent") else request.world.start
    start = request.moment("start_time", earliest)
    if start < earliest - timedelta(minutes=1) and request.path.endswith("/recent"):
        raise ValueError(f"Invalid 'start_time':'{start.isoformat()}'. 'start_time' must be within the last 7 days")
    end = request.moment("end_time", request.now - _INDEXING)
    if end > request.now - _INDEXING:
        said = f"Invalid 'end_time':'{end.isoformat()}'"
        raise ValueError(f"{said}. 'end_time' must be a minimum of 10 seconds prior to the request time.")
    since, until = request.number("since_id", 0), request.number("until_id", 0)
    posts = request.world.events("twitter", max(start, request.world.start), end) if start < end else ()
    for post in posts:
        if isinstance(post, Post) and int(post.id) > since and (not until or int(post.id) < until):
            yield post


def _matches(query: str, post: Post) -> bool:
    """A small part of X's language: words, #tags, $tags, ``lang:``, ``from:``, ``is:``, ``-`` and ``OR``."""
    text = wire_text(post).casefold()
    return any(all(_holds(term, post, text) for term in clause.split()) for clause in query.split(" OR "))


def _holds(term: str, post: Post, text: str) -> bool:
    if term.startswith("-"):
        return not _holds(term[1:], post, text)
    operator, _, value = term.partition(":")
    if operator == "lang" and value:
        return post.language == value
    if operator == "from" and value:
        return post.author.username.casefold() == value.casefold()
    if operator == "is" and value:
        return post.kind == value
    wanted = term.casefold()
    if wanted[0] in "#$":
        return any(topic.label.casefold() == wanted for topic in post.topics)
    return wanted in text


def _tweet(request: SimulatedRequest, post: Post) -> dict[str, Any]:
    return _only(tweet_object(post, request.milliseconds), request.parameters.get("tweet.fields"), _TWEET_DEFAULTS)


def _includes(request: SimulatedRequest, posts: list[Post]) -> dict[str, Any]:
    wanted = set(request.parameters.get("expansions", "").split(","))
    parents = [post.parent for post in posts if post.parent is not None]
    authors = [post.author for post in posts] if "author_id" in wanted else []
    if "referenced_tweets.id.author_id" in wanted:
        authors += [parent.author for parent in parents]
    if "in_reply_to_user_id" in wanted:
        authors += [post.parent.author for post in posts if post.kind == "reply" and post.parent is not None]
    includes: dict[str, Any] = {}
    if authors:
        users = {user.user_id: user for user in authors}.values()
        fields = request.parameters.get("user.fields")
        includes["users"] = [_only(user_object(user, request.milliseconds), fields, _USER_DEFAULTS) for user in users]
    if "referenced_tweets.id" in wanted and parents:
        includes["tweets"] = [_tweet(request, parent) for parent in {parent.id: parent for parent in parents}.values()]
    return includes


def _only(resource: Mapping[str, Any], fields: str | None, defaults: set[str]) -> dict[str, Any]:
    wanted = defaults | set((fields or "").split(","))
    return {name: value for name, value in resource.items() if name in wanted}
