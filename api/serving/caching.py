"""A response cache: an answer is valid while the data that it was made from is unchanged; ETags name it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from anyio import CapacityLimiter, to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.reading.catalog_snapshot import CatalogSnapshot, DataFile
from api.reading.lake import LakeReader
from api.reading.pool import AT_ONCE
from api.reading.sources import Reading, reading
from api.serving.problems import problem
from trend_assets import __version__
from trend_assets.lake.connection import LakeError

_LARGEST = 512 * 1024
#: What is kept in all (bytes), beside what holding an answer takes.
_MOST = 64 * 1024 * 1024
_HOLDING = 4096
_TIMED_SECONDS = 30
_CHECKED_AT_ONCE = 4
#: New answers that are made or wait for a thread. Each costs tens of milliseconds: who came after so many would give up
#: before the answer was there, and it would be made for nobody.
_MADE_AT_ONCE = 8 * AT_ONCE
#: While the lake is asked for its newest snapshot, the last one is good for so long: on a busy machine all would wait.
_STALE_SECONDS = 2.0
_MADE = b"trend; fwd=miss"
_BUSY = problem(503, "too busy", "too much is asked at a time: ask again in a second", {"Retry-After": "1"})
_OF_A_BODY = frozenset((b"content-length", b"content-type", b"content-encoding"))

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Key:
    """The cache key of an answer."""

    path: str
    query: bytes
    compressed: bool
    period: int


@dataclass(slots=True)
class _Answer:
    """A cached answer, the newest snapshot for which it is known to be valid, and its response."""

    reading: Reading
    snapshot: CatalogSnapshot
    etag: bytes
    headers: RawHeaders
    body: bytes


class SnapshotCache:
    """ASGI middleware: answers a GET from memory while the data that the answer was made from is unchanged.

    Concurrent requests for one answer wait for the first. `Cache-Status` (RFC 9211) tells hits from misses. While as
    many new answers are made as there is room for, a further one is refused at once (503, `Retry-After`).

    Args:
        app: the wrapped application; it may compress.
        reader: gives the lake's snapshot, and checks whether an answer's data has changed.
        passed: prefixes of paths that are not cached, since their answers depend on more than the lake.
        timed: prefixes of paths whose answers also depend on the time: they are cached for half a minute at most.
    """

    def __init__(self, app: ASGIApp, reader: LakeReader, passed: Collection[str], timed: Collection[str] = ()) -> None:
        self._app = app
        self._reader = reader
        self._passed = tuple(passed)
        self._timed = tuple(timed)
        self._answers: OrderedDict[_Key, _Answer] = OrderedDict()
        self._size = 0
        self._making: dict[_Key, asyncio.Event] = {}
        self._looking: asyncio.Task[CatalogSnapshot] | None = None
        self._one, self._few = CapacityLimiter(1), CapacityLimiter(_CHECKED_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers from memory, or passes the request on."""
        if scope["type"] != "http" or scope["method"] != "GET" or _is_passed(scope["path"], self._passed):
            await self._app(scope, receive, send)
            return
        try:
            snapshot = self._reader.known(_STALE_SECONDS if self._looks() else 0.0) or await self._look()
        except LakeError:
            await self._app(scope, receive, send)
            return
        asked = _asked(scope)
        key = self._key(scope, asked)
        if making := self._making.get(key):
            await making.wait()
            snapshot = self._reader.known() or snapshot
        found = self._answers.get(key)
        if found is not None and found.snapshot is snapshot:
            await self._again(key, found, asked, send)
            return
        if found is None and self._is_full():
            await _BUSY(scope, receive, send)
            return
        made = asyncio.Event()
        self._making.setdefault(key, made)
        try:
            if found is not None and await self._fits(found, snapshot):
                await self._again(key, found, asked, send)
            else:
                await self._make(key, snapshot, made, scope, receive, send)
        finally:
            made.set()
            if self._making.get(key) is made:
                del self._making[key]

    def _is_full(self) -> bool:
        return sum(not made.is_set() for made in self._making.values()) >= _MADE_AT_ONCE

    def _key(self, scope: Scope, asked: dict[bytes, bytes]) -> _Key:
        period = int(time.time() // _TIMED_SECONDS) if scope["path"].startswith(self._timed) else 0
        return _Key(scope["path"], scope["query_string"], b"gzip" in asked.get(b"accept-encoding", b""), period)

    async def _look(self) -> CatalogSnapshot:
        """Reads the newest snapshot once for all concurrent requests, in a thread that no slow query blocks."""
        if not self._looks():
            self._looking = asyncio.create_task(to_thread.run_sync(self._reader.catalog_snapshot, limiter=self._one))
        assert self._looking is not None
        return await asyncio.shield(self._looking)

    def _looks(self) -> bool:
        return self._looking is not None and not self._looking.done()

    async def _fits(self, answer: _Answer, snapshot: CatalogSnapshot) -> bool:
        try:
            # Not in a thread for which those wait who ask what was never asked.
            fits = await to_thread.run_sync(answer.reading.fits, snapshot, self._reader, limiter=self._few)
        except LakeError:
            return False
        if fits:
            answer.snapshot = snapshot
        return fits

    async def _again(self, key: _Key, answer: _Answer, asked: dict[bytes, bytes], send: Send) -> None:
        self._answers.move_to_end(key)
        headers, body, status = answer.headers, answer.body, 200
        if _knows(asked, answer.etag):
            headers, body, status = _without_body(headers), b"", 304
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    async def _make(
        self, key: _Key, snapshot: CatalogSnapshot, made: asyncio.Event, scope: Scope, receive: Receive, send: Send
    ) -> None:
        with reading(snapshot) as found:
            keep = partial(self._keep, key)
            await self._app(
                scope, receive, _Sender(send, _asked(scope), _Made(snapshot, found, key.period, made, keep))
            )

    def _keep(self, key: _Key, answer: _Answer) -> None:
        if before := self._answers.pop(key, None):
            self._size -= len(before.body) + _HOLDING
        self._answers[key] = answer
        self._size += len(answer.body) + _HOLDING
        while self._size > _MOST:
            _, oldest = self._answers.popitem(last=False)
            self._size -= len(oldest.body) + _HOLDING


@dataclass(frozen=True, slots=True)
class _Made:
    """An answer in progress: its snapshot, its dependencies, its period, the event of its end, and how to cache it."""

    snapshot: CatalogSnapshot
    found: Reading
    period: int
    waited_for: asyncio.Event
    keep: Callable[[_Answer], None]


class _Sender:
    """Sends an answer with its ETag, or a 304 to a client that has it; caches complete, successful, small answers.

    Args:
        send: sends it.
        asked: the request's headers that matter.
        made: the answer.
    """

    def __init__(self, send: Send, asked: dict[bytes, bytes], made: _Made) -> None:
        self._send, self._asked, self._made = send, asked, made
        self._empty = False
        self._parts: list[bytes] | None = None
        self._size = 0
        self._headers: RawHeaders = []
        self._etag = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = self._started(message)
        elif message["type"] == "http.response.body":
            self._take(message)
            message = {**message, "body": b""} if self._empty else message
        await self._send(message)

    def _answer(self) -> _Answer:
        body = b"".join(self._parts or ())
        headers = [(name, value) for name, value in self._headers if name != b"content-length"]
        headers += [(b"content-length", str(len(body)).encode()), (b"cache-status", b"trend; hit")]
        return _Answer(self._made.found, self._made.snapshot, self._etag, headers, body)

    def _started(self, message: Message) -> Message:
        if message["status"] != 200:
            self._made.waited_for.set()
            return message
        self._etag = _etag(self._made.found, self._made.period)
        self._headers = [*message["headers"], (b"etag", self._etag), (b"cache-control", b"private, no-cache")]
        length = dict(message["headers"]).get(b"content-length")
        if length is None or int(length) > _LARGEST:
            # A download may take long: nobody waits for what may not be kept.
            self._made.waited_for.set()
        self._parts = []
        self._empty = _knows(self._asked, self._etag)
        headers = _without_body(self._headers) if self._empty else self._headers
        return {**message, "status": 304 if self._empty else 200, "headers": [*headers, (b"cache-status", _MADE)]}

    def _take(self, message: Message) -> None:
        if self._parts is None:
            return
        self._parts.append(message.get("body", b""))
        self._size += len(self._parts[-1])
        if self._size > _LARGEST:
            self._parts = None
        elif not message.get("more_body"):
            # Before its last part is sent: who has it whole may ask again at once.
            self._made.keep(self._answer())
            self._made.waited_for.set()


def _etag(found: Reading, period: int) -> bytes:
    """The ETag of an answer's dependencies; weak, since the same answer may be sent compressed."""
    parts = sorted((repr(source), repr(_name(value))) for source, value in found.found.items())
    digest = blake2b(repr((__version__, period, parts)).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'.encode()


def _name(value: object) -> object:
    """The identity of a dependency: for files, path and deletes without their bounds."""
    if not isinstance(value, tuple):
        return value
    return [(part.path, part.deletes) if isinstance(part, DataFile) else part for part in value]


def _is_passed(path: str, passed: tuple[str, ...]) -> bool:
    # The front door is a file.
    return path == "/" or path.startswith(passed)


def _asked(scope: Scope) -> dict[bytes, bytes]:
    """The request headers that matter to the cache."""
    return {name: value for name, value in scope["headers"] if name in {b"accept-encoding", b"if-none-match"}}


def _knows(asked: dict[bytes, bytes], etag: bytes) -> bool:
    return etag in {tag.strip() for tag in asked.get(b"if-none-match", b"").split(b",")}


def _without_body(headers: RawHeaders) -> RawHeaders:
    return [(name, value) for name, value in headers if name not in _OF_A_BODY]
