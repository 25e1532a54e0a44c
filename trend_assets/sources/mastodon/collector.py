"""Collects posts from Mastodon: public timelines, tags and what trends, of any number of servers, without a key.

An hour of a timeline is read upwards, the oldest posts first, by ``min_id``: ids rise with time, so that the
hour's bounds are known as ids, and an hour that was cut short goes on above its newest post.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from tenacity import Retrying

from trend_assets.sources.collector import BARREN_PAGES, Clock, CollectorError, Usage, utc_now
from trend_assets.sources.event import Payload, Rejected
from trend_assets.sources.formats import MASTODON
from trend_assets.sources.public_api import PublicApi, Reply
from trend_assets.sources.reading import read
from trend_assets.sources.registry import Rejection
from trend_assets.sources.retrying import retrying
from trend_assets.sources.wire import instants
from trend_assets.sources.wire.values import identifier, mapping, mappings

_PUBLIC, _TRENDS = "/api/v1/timelines/public", "/api/v1/trends/tags"
_PAGE, _TRENDING = 40, 20
_HOUR = timedelta(hours=1)
#: Servers hear of each other's posts with a delay, and number some of them by when they heard of them.
_HEARSAY = timedelta(minutes=10)
#: Bits below the milliseconds in an id (Mastodon's `lib/mastodon/snowflake.rb`).
_ID_BITS = 16
_PREVIOUS = re.compile(r'<[^>]*[?&]min_id=(\d+)[^>]*>;\s*rel="prev"')


@dataclass(frozen=True, slots=True)
class MastodonAccess:
    """How Mastodon is asked.

    Args:
        instances: addresses of servers, ``https://…``.
        tags: hashtags without the sign, whose timelines are read.
        public: read the timelines of all public posts that the servers know.
        trends: read which tags trend now.
        requests: how many requests this collector may send in all; None for no bound.
        timeout: seconds to wait for an answer.
    """

    instances: tuple[str, ...] = ("https://mastodon.social",)
    tags: tuple[str, ...] = ()
    public: bool = True
    trends: bool = True
    requests: int | None = None
    timeout: float = 30.0


class MastodonCollector:
    """Posts and trending tags of Mastodon servers.

    Args:
        access: how they are asked.
        now: the clock, timezone-aware.
        retries: calls what may fail, again where a failure is transient.
    """

    source = "mastodon"
    resumes = True

    def __init__(self, access: MastodonAccess, now: Clock = utc_now, retries: Retrying | None = None) -> None:
        self.access = access
        self.origin = "mastodon:public"
        self.usage = Usage()
        self.cursor = ""
        self._now = now
        self._retries = retries or retrying()

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload | Rejection]:
        """Posts of ``[start, end)``, and the tags that trend now; see `Collector.collect`.

        A server that fails makes no other one fail.

        Raises:
            CollectorError: nothing to ask for, trends that are past, or what the servers refused.
        """
        self.cursor = cursor
        if not self.access.instances or not (self.access.public or self.access.tags or self.access.trends):
            raise CollectorError("no_key", "no servers to ask, or nothing to ask them for (mastodon.instances)")
        done: dict[str, str] = orjson.loads(cursor) if cursor else {}
        seen: set[str] = set()
        failures: list[CollectorError] = []
        for address in self.access.instances:
            hour = _Hour(start, end, _host(address), done)
            for item in self._instance(address, hour, failures):
                self.cursor = orjson.dumps(done).decode()
                if isinstance(item, Payload):
                    if item.event.id in seen:
                        continue
                    seen.add(item.event.id)
                yield item
            self.cursor = orjson.dumps(done).decode()
        if failures:
            raise _together(failures, alone=len(self.access.instances) == 1)

    def _instance(self, address: str, hour: _Hour, failures: list[CollectorError]) -> Iterator[Payload | Rejection]:
        api = PublicApi(hour.host, address, self.access.timeout, _reset, self._now, self.usage, self.access.requests)
        paths = [_PUBLIC] if self.access.public else []
        paths += [f"/api/v1/timelines/tag/{quote(tag, safe='')}" for tag in self.access.tags]
        steps = [partial(self._timeline, api, path, hour) for path in paths]
        for step in (*steps, *([partial(self._trends, api, hour)] if self.access.trends else ())):
            try:
                yield from step()
            except CollectorError as error:
                failures.append(error)
                # What is for signed-in users only, or past, says nothing of the rest.
                if error.failure not in ("auth", "request", "past"):
                    return

    def _timeline(self, api: PublicApi, path: str, hour: _Hour) -> Iterator[Payload | Rejection]:
        least = hour.reached(path)
        barren = 0
        while True:
            window = {"limit": _PAGE, "min_id": str(least), "max_id": str(hour.beyond)}
            reply = self._retries(self._ask, api, path, window)
            for item in (read(MASTODON, status) for status in reply.value):
                if isinstance(item, Rejection) or hour.start <= item.event.timestamp < hour.end:
                    yield item
            newest = max(filter(hour.covers, map(_number, reply.value)), default=least)
            barren = 0 if newest > least else barren + 1
            least = max(newest, least)
            hour.reach(path, least)
            if not reply.value and _PREVIOUS.search(reply.headers.get("Link", "")) is None:
                return
            if barren == BARREN_PAGES:
                raise CollectorError("answer", f"{hour.host}'s pages lead nowhere: the next run asks again")
            if reply.headers.get("X-RateLimit-Remaining") == "0":
                # The next request would be refused: this one was the last.
                raise api.too_many(reply.headers)

    def _trends(self, api: PublicApi, hour: _Hour) -> Iterator[Payload | Rejection]:
        if hour.reached(_TRENDS):
            return
        now = self._now()
        if not hour.start <= now < hour.end + _HOUR:
            raise CollectorError("past", f"{hour.host} keeps no past trends: the hour's posts are complete")
        reply = self._retries(self._ask, api, _TRENDS, {"limit": _TRENDING})
        for tag in mappings(reply.value):
            yield read(MASTODON, {**tag, "observedAt": now.isoformat(), "instance": hour.host})
        hour.reach(_TRENDS, 1)

    def _ask(self, api: PublicApi, path: str, parameters: Mapping[str, Any]) -> Reply:
        reply = api.get(path, parameters)
        if not isinstance(reply.value, list):
            raise CollectorError("answer", "Mastodon's answer is no list", raw=orjson.dumps(reply.value).decode())
        return reply


@dataclass(frozen=True, slots=True)
class _Hour:
    """One server's hour: its bounds as ids, and how far each path was read."""

    start: datetime
    end: datetime
    host: str
    done: dict[str, str]

    @property
    def beyond(self) -> int:
        return _lowest_id(self.end + _HEARSAY)

    def covers(self, number: int) -> bool:
        return _lowest_id(self.start) <= number < self.beyond

    def reached(self, path: str) -> int:
        """The id above which posts of the hour are still to be read; 0 for what has none and is still to be read."""
        said = self.done.get(self.host + path)
        if said is not None:
            return int(said)
        return 0 if path == _TRENDS else _lowest_id(self.start) - 1

    def reach(self, path: str, number: int) -> None:
        self.done[self.host + path] = str(number)


def _lowest_id(at: datetime) -> int:
    """The least id of a post of that time."""
    return int(at.timestamp() * 1000) << _ID_BITS


def _number(status: Any) -> int:
    said = identifier(mapping(status).get("id")) or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else -1


def _host(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2] or address


def _reset(headers: Mapping[str, str]) -> datetime | None:
    try:
        return instants.from_iso(headers.get("X-RateLimit-Reset"))
    except Rejected:
        return None


def _together(failures: list[CollectorError], alone: bool) -> CollectorError:
    """One failure for all that a collection met; of several servers, none stands for the others."""
    worst = min(failures, key=lambda failure: (failure.failure != "quota", failure.failure == "past"))
    if len(failures) == 1 and alone:
        return worst
    message = "; ".join(dict.fromkeys(str(failure) for failure in failures))
    # The bound on requests is our own: it holds for all servers.
    if alone or worst.failure == "quota":
        return CollectorError(worst.failure, message, worst.retry_at, worst.raw)
    return CollectorError("past" if worst.failure == "past" else "request", message, raw=worst.raw)
