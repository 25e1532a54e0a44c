"""Clients that send or read so slowly that others could not get in."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import uvicorn

import api.serving.keys
from api.app import create_app
from api.serving.server import BoundedProtocol
from trend_assets.settings import DagsterSettings, Settings
from trend_assets_tests.api.conftest import LoopbackServer
from trend_assets_tests.api.test_keys import KEYS, OPERATE

HEAD_SECONDS = 0.6


class Impatient(BoundedProtocol):
    head_seconds = HEAD_SECONDS
    read_seconds = HEAD_SECONDS


@pytest.fixture(scope="module")
def address(filled_home: Path) -> Iterator[tuple[str, int]]:
    settings = Settings(home=filled_home, api={"keys": KEYS}, dagster=DagsterSettings(port=1))
    server = LoopbackServer(uvicorn.Config(create_app(settings), port=0, log_level="critical", http=Impatient))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.config.app.state.feed.close()
    server.should_exit = True
    thread.join(15)


def until_closed(connection: socket.socket, seconds: float = 15) -> bytes:
    """What the server sends until it hangs up."""
    connection.settimeout(seconds)
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def test_a_head_that_does_not_come_is_not_waited_for_and_keeps_nobody_out(address: tuple[str, int]) -> None:
    slow = [socket.create_connection(address) for _ in range(100)]
    for number, connection in enumerate(slow):
        connection.sendall(b"" if number % 2 else b"GET /topics HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    assert httpx.get(f"http://{address[0]}:{address[1]}/topics", timeout=20).status_code == 200
    for connection in slow:
        with closing(connection):
            assert until_closed(connection) == b""


def test_dripping_does_not_help(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address)) as connection:
        connection.sendall(b"GET /topics HTTP/1.1\r\n")
        began = time.monotonic()
        with pytest.raises(OSError, match=r"reset|pipe"):
            while time.monotonic() - began < 15:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.05)


def test_a_head_without_end_is_cut_off(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address)) as connection:
        connection.sendall(b"GET /topics HTTP/1.1\r\nX-Long: ")
        with pytest.raises(OSError, match=r"reset|pipe"):
            for _ in range(1000):
                connection.sendall(b"a" * 4096)
                time.sleep(0.001)


def test_a_second_request_must_come_in_time_too(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address)) as connection:
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\nGET /op")
        assert until_closed(connection).count(b"HTTP/1.1 200") == 1


def test_an_answer_that_nobody_reads_is_dropped(address: tuple[str, int]) -> None:
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.connect(address)
        for _ in range(400):
            try:
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n")
            except OSError:
                break
        time.sleep(4 * HEAD_SECONDS)
        assert len(until_closed(connection)) < 400 * 30_000


def test_a_body_that_does_not_come_is_a_problem(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.serving.keys, "_BODY_SECONDS", 0.3)
    head = (
        f"POST /collection/trigger HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {OPERATE}\r\nContent-Length: 9\r\n\r\n"
    )
    with closing(socket.create_connection(address)) as connection:
        connection.sendall(head.encode() + b"{")
        answer = until_closed(connection)
    assert answer.startswith(b"HTTP/1.1 408") and b"did not arrive within 0.3 s" in answer
    for length in (b"-1", b"1e9", b"99999999999999999999"):
        with closing(socket.create_connection(address)) as connection:
            connection.sendall(head.encode().replace(b"Length: 9", b"Length: " + length))
            assert until_closed(connection).split(b" ")[1] in {b"400", b"413"}, length
