"""Answers kept as long as the tables that they were made from stay as they are, and known again by their ETag."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.lake import LakeReader
from api.versions import recording
from trend_assets import __version__
from trend_assets.lake.connection import LakeError

_LARGEST = 512 * 1024
#: What is kept in all (bytes), beside what holding an answer takes.
_MOST = 64 * 1024 * 1024
_HOLDING = 4096
_TIMED_SECONDS = 30


@dataclass(frozen=True, slots=True)
class _Key:
    """What one answer may be given to."""

    path: str
    query: bytes
    compressed: bool
    period: int


@dataclass(frozen=True, slots=True)
class _Answer:
    start: Message
    body: bytes
    snapshot: int
    tables: frozenset[str]


class SnapshotCache:
    """ASGI middleware: a successful GET is answered from memory until a table that it reads changes.

    Who asks for what is being made waits for it. `Cache-Status` (RFC 9211) says how an answer came about.

    Args:
        app: what it stands before; it may compress.
        reader: knows the lake's snapshot, and which tables an answer was made from.
        passed: beginnings of paths whose answers depend on more than the lake.
        timed: beginnings of paths whose answers depend on the time too: they are kept for half a minute at most.
    """

    def __init__(self, app: ASGIApp, reader: LakeReader, passed: Collection[str], timed: Collection[str] = ()) -> None:
        self._app = app
        self._reader = reader
        self._passed = tuple(passed)
        self._timed = tuple(timed)
        self._answers: OrderedDict[_Key, _Answer] = OrderedDict()
        self._size = 0
        self._making: dict[_Key, asyncio.Event] = {}
        self._looking: asyncio.Task[int] | None = None
        self._one = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(self._passed):
            await self._app(scope, receive, send)
            return
        try:
            await self._look()
        except LakeError:
            await self._app(scope, receive, send)
            return
        key = self._key(scope)
        if making := self._making.get(key):
            await making.wait()
        if found := self._found(key):
            send = _tagged(send, self._etag(found.tables, key), scope, "hit")
            await send({**found.start, "headers": list(found.start["headers"])})
            await send({"type": "http.response.body", "body": found.body})
            return
        made = asyncio.Event()
        self._making.setdefault(key, made)
        try:
            await self._make(key, made, scope, receive, send)
        finally:
            made.set()
            if self._making.get(key) is made:
                del self._making[key]

    def _key(self, scope: Scope) -> _Key:
        period = int(time.time() // _TIMED_SECONDS) if scope["path"].startswith(self._timed) else 0
        compressed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        return _Key(scope["path"], scope["query_string"], compressed, period)

    async def _look(self) -> None:
        """One look at the lake for all who ask at the same time, in a thread that no slow query keeps busy."""
        if self._reader.is_fresh():
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(to_thread.run_sync(self._reader.snapshot, limiter=self._one))
        await asyncio.shield(self._looking)

    def _found(self, key: _Key) -> _Answer | None:
        found = self._answers.get(key)
        if found is None or self._reader.version(found.tables) > found.snapshot:
            return None
        self._answers.move_to_end(key)
        return found

    async def _make(self, key: _Key, made: asyncio.Event, scope: Scope, receive: Receive, send: Send) -> None:
        snapshot = self._reader.known_snapshot()
        with recording() as tables:

            def etag() -> str:
                return self._etag(frozenset(tables), key, snapshot)

            keeper = _Keeper(_tagged(send, etag, scope, "fwd=miss"), made)
            await self._app(scope, receive, keeper)
        if keeper.start and keeper.body is not None:
            self._keep(key, _Answer(keeper.start, keeper.body, snapshot, frozenset(tables)))

    def _keep(self, key: _Key, answer: _Answer) -> None:
        if before := self._answers.pop(key, None):
            self._size -= len(before.body) + _HOLDING
        self._answers[key] = answer
        self._size += len(answer.body) + _HOLDING
        while self._size > _MOST:
            _, oldest = self._answers.popitem(last=False)
            self._size -= len(oldest.body) + _HOLDING

    def _etag(self, tables: frozenset[str], key: _Key, most: int | None = None) -> str:
        """Names the snapshot that last changed what an answer was made from; at `most` that before it was made."""
        version = self._reader.version(tables)
        version = version if most is None else min(version, most)
        # Weak, since the same answer may go out compressed.
        return f'W/"{version}-{key.period}-{__version__}"' if key.period else f'W/"{version}-{__version__}"'


class _Keeper:
    """Passes an answer on and keeps it, if it comes whole, successful and small."""

    def __init__(self, send: Send, made: asyncio.Event) -> None:
        self._send = send
        self._made = made
        self.start: Message | None = None
        self.body: bytes | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            length = Headers(raw=message["headers"]).get("content-length", "")
            if message["status"] == 200 and length.isdecimal() and int(length) <= _LARGEST:
                self.start = {**message, "headers": list(message["headers"])}
            else:
                # A download may take long: nobody waits for what will not be kept.
                self._made.set()
        elif self.start and self.body is None and not message.get("more_body"):
            self.body = message.get("body", b"")
        await self._send(message)


def _tagged(send: Send, etag: str | Callable[[], str], scope: Scope, status: str) -> Send:
    """Adds the ETag to a successful answer, which becomes a 304 without a body where it is known.

    Args:
        send: sends the answer.
        etag: of the answer; it is called when the answer is there.
        scope: of the request.
        status: how the answer came about.
    """
    empty = False

    async def tagged(message: Message) -> None:
        nonlocal empty
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = MutableHeaders(raw=list(message["headers"]))
            headers["ETag"] = etag if isinstance(etag, str) else etag()
            headers["Cache-Control"] = "private, no-cache"
            headers["Cache-Status"] = f"trend; {status}"
            known = {tag.strip() for tag in Headers(scope=scope).get("if-none-match", "").split(",")}
            if headers["ETag"] in known:
                empty = True
                del headers["content-length"]
                del headers["content-type"]
                del headers["content-encoding"]
            message = {**message, "status": 304 if empty else 200, "headers": headers.raw}
        elif empty and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return tagged
