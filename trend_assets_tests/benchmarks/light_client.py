"""An HTTP client that takes a tenth of the time that the server takes: both share this machine's cores."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

_HEAD = "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n{more}\r\n"
_END = b"\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"


class Lost(Exception):
    """The connection ended before the answer did."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Its status and headers (names in lower case); the body is only counted."""

    status: int
    headers: dict[str, str]
    size: int


class _Connection(asyncio.Protocol):
    """Answers one request after the other."""

    def __init__(self) -> None:
        self.open = True
        self.used = False
        self._received = bytearray()
        self._head: tuple[int, dict[str, str], int] | None = None
        self._waiting: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._head is None:
            self._read_head()
        if self._head is not None and self._waiting is not None and self._whole():
            status, headers, start = self._head
            size, self._head, self.used = len(self._received) - start, None, True
            self._received.clear()
            waiting, self._waiting = self._waiting, None
            if not waiting.done():
                waiting.set_result(Answer(status, headers, size))

    def _read_head(self) -> None:
        end = self._received.find(_END)
        if end < 0:
            return
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        parted = (line.partition(": ") for line in lines)
        headers = {name.lower(): value for name, _, value in parted}
        self._head = int(first.split(" ", 2)[1]), headers, end + len(_END)

    def _whole(self) -> bool:
        assert self._head is not None
        status, headers, start = self._head
        if status in {204, 304}:
            return True
        if "content-length" in headers:
            return len(self._received) - start >= int(headers["content-length"])
        return self._received.endswith(_LAST_CHUNK)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Lost(str(error or "closed")))

    def close(self) -> None:
        self._transport.close()


class LightClient:
    """As many connections as there are requests at a time.

    Args:
        url: of the server.
        timeout: of a request, in seconds.
    """

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        address = urlsplit(url)
        self._host, self._port = str(address.hostname), int(address.port or 80)
        self._timeout = timeout
        self._idle: deque[_Connection] = deque()

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """The answer to a GET.

        Raises:
            Lost: the server closed the connection; TimeoutError, OSError.
        """
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        request = _HEAD.format(path=path, host=self._host, more=more).encode()
        async with asyncio.timeout(self._timeout):
            while True:
                connection = await self._connection()
                try:
                    answer = await connection.ask(request)
                except Lost:
                    # Servers close what idles, perhaps just now: every client asks again then.
                    if connection.used:
                        continue
                    raise
                except BaseException:
                    connection.close()
                    raise
                if answer.headers.get("connection") == "close":
                    connection.close()
                else:
                    self._idle.append(connection)
                return answer

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        _, made = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        return made

    def close(self) -> None:
        """Closes what idles."""
        while self._idle:
            self._idle.pop().close()
