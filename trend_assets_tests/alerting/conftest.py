"""A webhook and a mail server that listen on loopback, and a home with a lake."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.settings import Settings


@dataclass
class Received:
    """One request to the webhook."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookServer:
    """Takes what is posted; answers with the statuses of `script`, then with 200; a 500 never ends.

    Args:
        delay: seconds before an answer that a status of 0 asks for.
    """

    port: int = 0
    received: list[Received] = field(default_factory=list)
    script: list[int] = field(default_factory=list)
    delay: float = 1.5
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook/T0K3N-in-the-path"


@contextmanager
def webhook_server(context: ssl.SSLContext | None = None) -> Iterator[WebhookServer]:
    state = WebhookServer(scheme="https" if context else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = state.script.pop(0) if state.script else 200
            if status == 0:
                time.sleep(state.delay)
                return
            if status < 300:
                state.received.append(Received(self.path, dict(self.headers), body))
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", "/elsewhere")
            answer = b"ok" if status < 300 else b"no_service"
            self.send_header("Content-Length", str(len(answer) if status != 500 else 2**40))
            self.end_headers()
            self.wfile.write(answer if status != 500 else b"endless " * 4096)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that went away, or trusts us not, is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@dataclass
class MailServer:
    """Keeps what it takes; refuses the recipients in `refused`, and logins other than `login`."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    login: tuple[str, str] = ("ann", "s3cret-passw0rd")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return "250 Message accepted"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, kind: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(context: ssl.SSLContext | None = None, *, implicit: bool = False) -> Iterator[MailServer]:
    """Plain; with a certificate STARTTLS and login, or TLS from the first byte."""
    state = MailServer()
    loop = asyncio.new_event_loop()
    options: dict[str, object] = {"loop": loop}
    if context:
        options |= {
            "tls_context": None if implicit else context,
            "authenticator": state.authenticate,
            "auth_required": not implicit,
            "auth_require_tls": not implicit,
        }
    starting = loop.create_server(lambda: SMTP(state, **options), "127.0.0.1", 0, ssl=context if implicit else None)
    server = loop.run_until_complete(starting)
    state.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield state
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    for task in asyncio.all_tasks(loop):
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    """A server's side, for 127.0.0.1, of an authority that nobody trusts by itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def authority_trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


#: Makes settings of the test's home.
Configure = Callable[..., Settings]


@pytest.fixture
def configure(home: Path) -> Configure:
    def made(**sections: object) -> Settings:
        return Settings(home=home, **sections)  # type: ignore[arg-type]

    return made


@pytest.fixture
def lake(configure: Configure) -> Iterator[Lake]:
    opened = Lake(lake_location(configure()))
    yield opened
    opened.close()
