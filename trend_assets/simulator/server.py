"""A mock server of all live platforms' APIs over the simulated world, for tests and the demo.

It speaks their wire formats over HTTP on loopback, counts quotas and rate limits as they do, and misbehaves
as they do, at a rate that is asked for. Nothing in it is real, and it asks nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from trend_assets.simulator import server_bluesky, server_mastodon, server_trends, server_x, server_youtube
from trend_assets.simulator.faults import Faults
from trend_assets.simulator.serving import Answer, Limits, SimulatedRequest
from trend_assets.simulator.world import World

Route = Callable[[SimulatedRequest], Answer]

_ROUTES: Mapping[str, Route] = {
    **server_x.ROUTES,
    **server_youtube.ROUTES,
    **server_trends.ROUTES,
    **server_bluesky.ROUTES,
    **server_mastodon.ROUTES,
}


@dataclass(slots=True)
class MockServer:
    """A mock server, listening from the moment it is started.

    Args:
        world: what it serves.
        now: the world's clock, timezone-aware; what lies after it is not served.
        limits: rate limits and quotas.
        faults: how it misbehaves.
        port: where it listens on 127.0.0.1; 0 for any free port.
    """

    world: World
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    port: int = 0
    #: Path and parameters of every request, in order.
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    #: Set when it closes, so that a line that is kept silent ends.
    closing: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """The base address of all platforms."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> MockServer:
        self.open()
        thread = threading.Thread(target=self.serve, name="mock-platforms", daemon=True)
        thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Takes the port.

        Raises:
            OSError: it is taken.
        """
        handler = type("Handler", (_Handler,), {"mock_server": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def serve(self) -> None:
        """Answers until it is closed from another thread, or interrupted."""
        if self._server is not None:
            self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Gives the port back."""
        self.closing.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, path: str, parameters: dict[str, str], headers: Message) -> Answer:
        """What is answered to one request."""
        self.requests.append((path, parameters))
        route = server_mastodon.timeline if path.startswith(server_mastodon.TAG_PREFIX) else _ROUTES.get(path)
        if route is None:
            return Answer.json({"title": "Not Found", "status": 404, "detail": "Not Found"}, 404)
        request = SimulatedRequest(path, parameters, headers, self.world, self.now(), self.limits)
        fault = self.faults.pick()
        return self.faults.instead(fault, request) or self.faults.spoil(fault, request, route(request))


class _Handler(BaseHTTPRequestHandler):
    mock_server: MockServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 60

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time of the world, for the header ``Date``."""
        return super().date_time_string(self.mock_server.now().timestamp() if timestamp is None else timestamp)

    def do_GET(self) -> None:
        """Answers, and hangs up in the middle where that is the fault."""
        parts = urlsplit(self.path)
        answer = self.mock_server.answer(parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), self.headers)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.cut_after is None:
            self.wfile.write(answer.body)
        else:
            self.wfile.write(answer.body[: answer.cut_after])
            self.wfile.flush()
            self.mock_server.closing.wait(answer.silence)
            self.close_connection = True

    def do_POST(self) -> None:
        """Google Trends is asked with all parameters in the address."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests are kept, not printed."""
