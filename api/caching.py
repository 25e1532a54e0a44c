"""Answers kept as long as the lake stays as it is, and known again by their ETag."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.lake import LakeReader
from trend_assets import __version__
from trend_assets.lake.connection import LakeError

_ENTRIES = 512
_LARGEST = 512 * 1024


@dataclass(frozen=True, slots=True)
class _Answer:
    start: Message
    body: bytes


class SnapshotCache:
    """ASGI middleware: a successful GET is answered from memory until the lake has a new snapshot.

    Args:
        app: what it stands before.
        reader: knows the lake's snapshot.
        passed: paths whose answers depend on more than the lake.
    """

    def __init__(self, app: ASGIApp, reader: LakeReader, passed: Collection[str]) -> None:
        self._app = app
        self._reader = reader
        self._passed = tuple(passed)
        self._answers: OrderedDict[tuple[str, bytes], _Answer] = OrderedDict()
        self._snapshot = -1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or scope["path"].startswith(self._passed):
            await self._app(scope, receive, send)
            return
        try:
            snapshot = await run_in_threadpool(self._reader.snapshot)
        except LakeError:
            await self._app(scope, receive, send)
            return
        if snapshot != self._snapshot:
            self._answers.clear()
            self._snapshot = snapshot
        # Weak, since the same answer may go out compressed.
        etag = f'W/"{snapshot}-{__version__}"'
        known = etag in {tag.strip() for tag in Headers(scope=scope).get("if-none-match", "").split(",")}
        await self._answer(scope, receive, _tagged(send, etag, known), snapshot)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, snapshot: int) -> None:
        key = (scope["method"] + scope["path"], scope["query_string"])
        if found := self._answers.get(key):
            self._answers.move_to_end(key)
            await send({**found.start, "headers": list(found.start["headers"])})
            await send({"type": "http.response.body", "body": found.body})
            return
        keeper = _Keeper(send)
        await self._app(scope, receive, keeper)
        if keeper.answer and snapshot == self._snapshot:
            self._answers[key] = keeper.answer
            if len(self._answers) > _ENTRIES:
                self._answers.popitem(last=False)


class _Keeper:
    """Passes an answer on and keeps it, if it came whole, successful and small."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self.answer: _Answer | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = {**message, "headers": list(message["headers"])}
        elif self._start and not message.get("more_body") and self.answer is None:
            body = message.get("body", b"")
            declared = Headers(raw=self._start["headers"]).get("content-length")
            if declared == str(len(body)) and len(body) <= _LARGEST:
                self.answer = _Answer(self._start, body)
        await self._send(message)


def _tagged(send: Send, etag: str, known: bool) -> Send:
    """Adds the ETag to a successful answer, which becomes a 304 without a body where it is known."""
    empty = False

    async def tagged(message: Message) -> None:
        nonlocal empty
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = MutableHeaders(raw=list(message["headers"]))
            headers["ETag"] = etag
            headers["Cache-Control"] = "private, no-cache"
            if known:
                empty = True
                del headers["content-length"]
                del headers["content-type"]
            message = {**message, "status": 304 if known else 200, "headers": headers.raw}
        elif empty and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return tagged
