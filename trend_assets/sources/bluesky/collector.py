"""Collects posts from Bluesky: the public search `app.bsky.feed.searchPosts`, over plain HTTP.

An hour is asked for by each query and tag in turn, the newest posts first, page by page. Where the host
gives strangers no second page (it refuses a `cursor` then), the time of the oldest post leads on instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from tenacity import Retrying

from trend_assets.sources.collector import BARREN_PAGES, Clock, CollectorError, Usage, utc_now
from trend_assets.sources.event import Payload
from trend_assets.sources.formats import BLUESKY
from trend_assets.sources.public_api import PublicApi
from trend_assets.sources.reading import read
from trend_assets.sources.registry import Rejection
from trend_assets.sources.retrying import retrying
from trend_assets.sources.wire.values import mapping, text

_PATH = "/xrpc/app.bsky.feed.searchPosts"
_PAGE = 100
#: The interface's own resolution of time; its `until` is exclusive.
_TICK = timedelta(milliseconds=1)
_EDGES: Mapping[str, Callable[[Iterable[datetime]], datetime]] = {"oldest": min, "newest": max}


@dataclass(frozen=True, slots=True)
class BlueskyAccess:
    """How Bluesky is asked.

    Args:
        queries: in the search's language.
        tags: hashtags without the sign, matched as tags, not as words.
        requests: how many requests this collector may send in all; None for no bound.
        base_url: where the interface is. The mirror ``public.api.bsky.app`` refuses searches.
        timeout: seconds to wait for an answer.
    """

    queries: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    requests: int | None = None
    base_url: str = "https://api.bsky.app"
    timeout: float = 30.0


class BlueskyCollector:
    """Posts on Bluesky that match the queries or carry the tags.

    Args:
        access: how Bluesky is asked.
        now: the clock, timezone-aware.
        retries: calls what may fail, again where a failure is transient.
    """

    source = "bluesky"
    resumes = True

    def __init__(self, access: BlueskyAccess, now: Clock = utc_now, retries: Retrying | None = None) -> None:
        self.access = access
        self.origin = "bluesky:search"
        self.usage = Usage()
        self.cursor = ""
        self._retries = retries or retrying()
        self._api = PublicApi("Bluesky", access.base_url, access.timeout, _reset, now, self.usage, access.requests)
        self._scrolls = True

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload | Rejection]:
        """Posts of ``[start, end)``; see `Collector.collect`.

        Raises:
            CollectorError: nothing to search for, or what Bluesky refused.
        """
        self.cursor = cursor
        searches = {query: {"q": query} for query in self.access.queries}
        searches |= {f"#{tag}": {"q": f"#{tag}", "tag": tag} for tag in self.access.tags}
        if not searches:
            raise CollectorError("no_key", "neither queries nor tags to search for (bluesky.queries)")
        state: dict[str, Any] = orjson.loads(cursor) if cursor else {}
        seen: set[str] = set()
        for name, parameters in searches.items():
            search = _Search(start, end, parameters, state.setdefault(name, {}))
            for item in self._search(search):
                self.cursor = orjson.dumps(state).decode()
                if isinstance(item, Payload):
                    if item.event.id in seen or not start <= item.event.timestamp < end:
                        continue
                    seen.add(item.event.id)
                yield item
            search.finish()
            self.cursor = orjson.dumps(state).decode()

    def _search(self, search: _Search) -> Iterator[Payload | Rejection]:
        token: str | None = None
        tokens: set[str] = set()
        barren = 0
        while True:
            page, scrolled = self._page(search, token)
            items = [read(BLUESKY, post) for post in page["posts"]]
            events = [item.event for item in items if isinstance(item, Payload)]
            fresh = search.fresh({event.content_id: event.timestamp for event in events})
            yield from (item for item in items if isinstance(item, Rejection) or item.event.content_id in fresh)
            barren = 0 if fresh else barren + 1
            token = text(page.get("cursor"))
            if token is None:
                return
            if barren == BARREN_PAGES or (scrolled and token in tokens):
                raise CollectorError("answer", "Bluesky's pages lead nowhere: the next run asks again")
            tokens.add(token)

    def _page(self, search: _Search, token: str | None) -> tuple[Mapping[str, Any], bool]:
        """A page, and whether a token led to it."""
        if token is not None and self._scrolls:
            try:
                return self._retries(self._ask, {**search.window, "cursor": token}), True
            except CollectorError as error:
                if error.failure not in ("auth", "request"):
                    raise
                self._scrolls = False
        return self._retries(self._ask, search.rest if token else search.window), False

    def _ask(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        page = mapping(self._api.get(_PATH, {**parameters, "sort": "latest", "limit": _PAGE}).value)
        if not isinstance(page.get("posts"), list):
            raise CollectorError("answer", "Bluesky answered without posts", raw=orjson.dumps(dict(page)).decode())
        return page


class _Search:
    """One search in one hour, and how far it has come.

    ``state`` is what the next attempt gets: the ``oldest`` and the ``newest`` moment of which posts were met,
    each with those posts, for they will be met again; and whether all was read (``done``).
    """

    def __init__(self, start: datetime, end: datetime, parameters: Mapping[str, str], state: dict[str, Any]) -> None:
        self._parameters, self._state = parameters, state
        self._since, self._until = start, end
        edges = {name: datetime.fromisoformat(state[name]["at"]) for name in _EDGES if name in state}
        self._met = {key: at for name, at in edges.items() for key in state[name]["posts"]}
        self._found: dict[str, datetime] = {}
        if state.get("done"):
            self._since = edges.get("newest", start)
        elif edges:
            self._until = edges["oldest"] + _TICK

    @property
    def window(self) -> dict[str, str]:
        """The parameters of the search."""
        return {**self._parameters, "since": _stamp(self._since), "until": _stamp(self._until)}

    @property
    def rest(self) -> dict[str, str]:
        """The same below the oldest post that this attempt has met."""
        until = min(self._found.values()) + _TICK if self._found else self._until
        return {**self.window, "until": _stamp(until)}

    def fresh(self, posts: Mapping[str, datetime]) -> set[str]:
        """Which posts of a page were not met before; from now on they are."""
        found = {key: _tick(at) for key, at in posts.items() if key not in self._met}
        self._met |= found
        self._found |= found
        if not self._state.get("done"):
            self._extend(found)
        return set(found)

    def finish(self) -> None:
        """All pages were read."""
        # Only now: what lies between two newest posts would be passed over for ever.
        self._extend(self._found)
        self._state["done"] = True

    def _extend(self, found: Mapping[str, datetime]) -> None:
        for name, outermost in _EDGES.items():
            before = self._state.get(name, {"posts": []})
            met = {key: datetime.fromisoformat(before["at"]) for key in before["posts"]} | dict(found)
            if met:
                at = outermost(met.values())
                self._state[name] = {"at": at.isoformat(), "posts": [key for key, of in met.items() if of == at]}


def _tick(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reset(headers: Mapping[str, str]) -> datetime | None:
    said = headers.get("ratelimit-reset", "")
    return datetime.fromtimestamp(int(said), UTC) if said.isdigit() and len(said) < 12 else None
