"""Collects posts from X: the search of API v2, through tweepy.

An hour is asked for by each query in turn, the newest posts first, page by page. Posts are paid for by
the month, so each query gets a share of what the hour may cost, and an hour that was cut short goes on
below its oldest post instead of paying for the same posts again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import requests
import tweepy
from tenacity import Retrying

from trend_assets.periods import month
from trend_assets.sources.budget import share
from trend_assets.sources.collector import BARREN_PAGES, Clock, CollectorError, Usage, moment, utc_now
from trend_assets.sources.event import Payload
from trend_assets.sources.formats import X_V2
from trend_assets.sources.gateway import Gateway
from trend_assets.sources.reading import read
from trend_assets.sources.registry import Rejection
from trend_assets.sources.retrying import retrying
from trend_assets.sources.twitter.answers import KEY, decoded, refused
from trend_assets.sources.twitter.pages import split_v2_page
from trend_assets.sources.wire.values import identifier, mapping, text

_HOST = "https://api.twitter.com"
#: Bounds of `max_results` for every kind of access; full archive search gives up to 500, at 1 a second.
_SMALLEST_PAGE, _LARGEST_PAGE = 10, 100
_RECENT = timedelta(days=7)
#: X indexes a post within seconds of its time, and refuses an end nearer than this: an hour that is asked for
#: before it is that old gets its last seconds when it is asked for again.
_INDEXING = timedelta(seconds=15)

_FIELDS: Mapping[str, list[str]] = {
    "tweet_fields": [
        "id", "text", "created_at", "author_id", "conversation_id", "in_reply_to_user_id", "referenced_tweets",
        "entities", "lang", "public_metrics", "possibly_sensitive", "edit_history_tweet_ids", "geo", "withheld",
    ],
    "user_fields": ["id", "username", "name", "created_at", "public_metrics", "verified", "protected", "description"],
    "place_fields": ["id", "full_name", "country_code"],
    "expansions": [
        "author_id", "referenced_tweets.id", "referenced_tweets.id.author_id", "in_reply_to_user_id", "geo.place_id",
    ],
}  # fmt: skip


class _NoToken(logging.Filter):
    """tweepy writes the bearer token into its log at DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = re.sub(r"Bearer [^'\"\s]+", "Bearer ***", record.getMessage()), None
        return True


logging.getLogger("tweepy.client").addFilter(_NoToken())


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for; a query of priority 1 gets twice the posts of one of priority 2."""

    text: str
    priority: int = 1


@dataclass(frozen=True, slots=True)
class TwitterAccess:
    """How X is asked.

    Args:
        bearer_token: of an app; None where there is none yet.
        queries: in X's search language.
        full_archive: use the search over all posts, for access that allows it; else of the last 7 days.
        posts: how many posts this collector may receive in all; None for no bound.
        monthly_posts: the budget that ``posts`` comes from, for messages.
        base_url: where the API is.
        timeout: seconds to wait for an answer.
    """

    bearer_token: str | None = field(repr=False)
    queries: tuple[Query, ...]
    full_archive: bool = False
    posts: int | None = None
    monthly_posts: int | None = None
    base_url: str = _HOST
    timeout: float = 30.0


class TwitterCollector:
    """Posts on X that match the queries.

    Args:
        access: how X is asked.
        now: the clock, timezone-aware.
        retries: calls what may fail, again where a failure is transient.
    """

    source = "twitter"
    resumes = True

    def __init__(self, access: TwitterAccess, now: Clock = utc_now, retries: Retrying | None = None) -> None:
        self.access = access
        self.origin = "x:search"
        self.usage = Usage()
        self.cursor = ""
        self._now = now
        self._retries = retries or retrying()
        self._client = _client(access) if access.bearer_token else None

    def collect(self, start: datetime, end: datetime, cursor: str = "") -> Iterator[Payload | Rejection]:
        """Posts of ``[start, end)``; see `Collector.collect`.

        Raises:
            CollectorError: no key, no query, or what X refused.
        """
        self.cursor = cursor
        self._check(start)
        progress = _Progress.read(cursor)
        seen: set[str] = set()
        # Of all the hours that this collector is asked for, the first ones come first.
        left = None if self.access.posts is None else max(self.access.posts - self.usage.units, 0)
        cut = []
        queries = sorted(self.access.queries, key=lambda query: query.priority)
        for index, query in enumerate(queries):
            weights = [1 / other.priority for other in queries[index:]]
            search = _Search(query.text, start, end, None if left is None else share(left, weights))
            received = self.usage.units
            for item in self._search(search, progress):
                if isinstance(item, Payload):
                    if item.event.id in seen:
                        continue
                    seen.add(item.event.id)
                yield item
            if search.cut:
                cut.append(query.text)
            left = None if left is None else left - (self.usage.units - received)
        if cut:
            raise self._over_budget(cut)

    def _check(self, start: datetime) -> None:
        if not self.access.bearer_token:
            raise CollectorError("no_key", f"no key ({KEY})")
        if not self.access.queries:
            raise CollectorError("no_key", "no queries (twitter.queries)")
        if not self.access.full_archive and start < self._now() - _RECENT:
            raise CollectorError(
                "past",
                f"X's recent search ended at {moment(self._now() - _RECENT)}: set twitter.full_archive "
                "if your access has the full archive",
            )

    def _search(self, search: _Search, progress: _Progress) -> Iterator[Payload | Rejection]:
        tokens: set[str] = set()
        token: str | None = None
        bounds = progress.bounds(search, self._now())
        barren = 0
        while True:
            size = search.page_size()
            if size is None:
                search.cut = True
                return
            page = self._retries(self._page, search.text, {**bounds, "max_results": size}, token)
            data = page.get("data")
            tweets = data if isinstance(data, list) else []
            self.usage.units += len(tweets)
            search.received += len(tweets)
            for payload in split_v2_page({**page, "data": tweets}):
                yield read(X_V2, payload)
            barren = 0 if progress.note(search.text, tweets) else barren + 1
            token = text(mapping(page.get("meta")).get("next_token"))
            if token is None:
                progress.finish(search.text)
            self.cursor = progress.written()
            if token is None:
                return
            if token in tokens or barren == BARREN_PAGES:
                raise CollectorError("answer", "X's pages lead nowhere: the next run asks again")
            tokens.add(token)

    def _page(self, query: str, parameters: Mapping[str, Any], token: str | None) -> Mapping[str, Any]:
        assert self._client is not None
        search = self._client.search_all_tweets if self.access.full_archive else self._client.search_recent_tweets
        self.usage.requests += 1
        try:
            response = search(query, next_token=token, **parameters, **_FIELDS)
        except tweepy.HTTPException as error:
            raise refused(error, self._now()) from None
        except requests.exceptions.InvalidHeader:
            raise CollectorError("auth", f"{KEY} holds characters that no token has: set it again") from None
        except (requests.RequestException, tweepy.TweepyException) as error:
            raise CollectorError("network", f"X cannot be reached ({type(error).__name__})") from None
        except (ValueError, TypeError, AttributeError, LookupError):
            # tweepy reads an error as an object that lists errors, whatever came.
            raise CollectorError("server", "X answered with an error that cannot be read") from None
        return decoded(response.content)

    def _over_budget(self, queries: list[str]) -> CollectorError:
        budget, reset = self.access.monthly_posts, month(self._now())[1]
        return CollectorError(
            "budget",
            f"this hour's share of the month's {budget or self.access.posts:,} posts is spent, "
            f"not all of {', '.join(queries)[:120]} was read: raise twitter.monthly_posts or narrow the queries; "
            f"the budget begins anew on {moment(reset)}",
            reset,
        )


@dataclass(slots=True)
class _Search:
    """One query in one hour, and how many posts it may receive."""

    text: str
    start: datetime
    end: datetime
    posts: int | None
    received: int = 0
    cut: bool = False

    def page_size(self) -> int | None:
        """How many posts to ask for next; None where not even the smallest page can be paid for."""
        if self.posts is None:
            return _LARGEST_PAGE
        left = self.posts - self.received
        return min(left, _LARGEST_PAGE) if left >= _SMALLEST_PAGE else None


class _Progress:
    """How far each query has come in the hour: the newest and oldest post, and whether all was read."""

    def __init__(self, state: dict[str, dict[str, Any]]) -> None:
        self._state = state
        self._newest: dict[str, str] = {}
        self._lowest: dict[str, int] = {}

    @classmethod
    def read(cls, cursor: str) -> _Progress:
        state = orjson.loads(cursor) if cursor else {}
        return cls({query: dict(entry) for query, entry in state.items()})

    def written(self) -> str:
        return orjson.dumps(self._state).decode()

    def bounds(self, search: _Search, now: datetime) -> dict[str, Any]:
        """What is still to be asked: after the newest where the hour was read, below the oldest where not."""
        entry = self._state.get(search.text, {})
        end = {"end_time": min(search.end, now - _INDEXING)}
        if entry.get("done"):
            return {"since_id": entry["newest"], **end} if "newest" in entry else {"start_time": search.start, **end}
        if "oldest" in entry:
            return {"start_time": search.start, "until_id": entry["oldest"]}
        return {"start_time": search.start, **end}

    def note(self, query: str, tweets: list[Any]) -> bool:
        """A page was received; whether it reached further than those before it."""
        entry = self._state.setdefault(query, {})
        ids = [int(key) for item in tweets if (key := identifier(mapping(item).get("id"))) and key.isdigit()]
        if not ids:
            return False
        further = min(ids) < self._lowest.get(query, min(ids) + 1)
        self._lowest[query] = min(ids)
        newest = max(int(self._newest.get(query, 0)), int(entry.get("newest", 0)), *ids)
        if entry.get("done"):
            # Only once all of its pages are read: what lies between would be passed over for ever.
            self._newest[query] = str(newest)
        else:
            entry["newest"] = str(newest)
            entry["oldest"] = str(min(int(entry.get("oldest", ids[0])), *ids))
        return further

    def finish(self, query: str) -> None:
        """All pages were read."""
        entry = self._state.setdefault(query, {})
        entry["done"] = True
        if query in self._newest:
            entry["newest"] = self._newest.pop(query)


def _client(access: TwitterAccess) -> tweepy.Client:
    client = tweepy.Client(access.bearer_token, return_type=requests.Response, wait_on_rate_limit=False)
    client.session.mount(_HOST, Gateway(_HOST, access.base_url, access.timeout))
    # A search is never answered with another address: following one could carry the token there.
    client.session.max_redirects = 0
    return client
