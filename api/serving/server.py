"""uvicorn with limits on slow and greedy clients.

By itself it bounds neither how long a client may take to send the head of a request nor how large the head may be,
nor how long an answer may go unread: with a few hundred such connections one person could keep all others out.
"""

from __future__ import annotations

import asyncio
import resource
import sys

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trend_assets.settings import ApiSettings

#: Beyond these, requests are told 503: each connection holds a socket and a little memory.
_CONNECTIONS = 4000
_FILES = 16_384
_STOP_SECONDS = 10
#: What is kept is sent by one thread, which otherwise waits five times as long for each that makes an answer.
_SWITCH_SECONDS = 0.001


class BoundedProtocol(HttpToolsProtocol):
    """Drops a connection whose request does not come, or whose answer is not read, in time."""

    head_seconds = 10.0
    head_bytes = 32 * 1024
    read_seconds = 60.0

    _clock: asyncio.TimerHandle | None = None
    _unread_clock: asyncio.TimerHandle | None = None
    _received = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for the head of a request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Counts what comes of a head."""
        super().data_received(data)
        # Counted here, since the parser holds an unfinished header back, however long it gets.
        if self._in_head:
            self._received += len(data)
            if self._received > self.head_bytes:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._received = True, 0

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._in_head = False
        _cancel(self._clock)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Waits for the next head once all is answered."""
        super().on_response_complete()
        # A pipelined request, whose head is here, may be answered next.
        if self.cycle.response_complete:
            self._await_head()

    def pause_writing(self) -> None:
        """The client does not read: begins to wait for it."""
        super().pause_writing()
        _cancel(self._unread_clock)
        self._unread_clock = self.loop.call_later(self.read_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        _cancel(self._unread_clock)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        _cancel(self._clock)
        _cancel(self._unread_clock)
        super().connection_lost(exc)

    def _await_head(self) -> None:
        _cancel(self._clock)
        self._clock = self.loop.call_later(self.head_seconds, self.transport.abort)


def _cancel(clock: asyncio.TimerHandle | None) -> None:
    if clock is not None:
        clock.cancel()


def serve(app: ASGIApp, settings: ApiSettings) -> None:
    """Serves an application until it is told to stop.

    Args:
        app: what is served.
        settings: where it listens.
    """
    _allow_files()
    sys.setswitchinterval(_SWITCH_SECONDS)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=BoundedProtocol,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def _allow_files() -> None:
    """A socket is a file, and many systems let a process open but 1,024 unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
