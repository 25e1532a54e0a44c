"""Object storage that is busy, slow, refuses the keys, or breaks off: a proxy before a server that speaks S3."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from trend_assets_tests.faults.deployment import HOURS, Deployment
from trend_assets_tests.faults.fault import Fault, Ground, Missing, Seen
from trend_assets_tests.faults.invariants import broken_in, wrong_after_going_on

_ADVICE = r"try again later|correct lake\.s3_|see whether it runs"
_SLOW_SECONDS = 0.3


class Trouble(ThreadingHTTPServer):
    """Passes requests on to a server on this machine, or does to them what `kind` says.

    Args:
        port: of that server.
        chance: of which requests are hit.
    """

    daemon_threads = True

    def __init__(self, port: int, chance: Random) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port, self.chance = port, chance
        self.kind, self.share, self.hit = "", 1.0, 0

    def strikes(self) -> bool:
        """Whether a request is hit."""
        struck = bool(self.kind) and self.chance.random() < self.share
        self.hit += struck
        return struck


class _Handler(BaseHTTPRequestHandler):
    server: Trouble

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        struck = self.server.strikes()
        if struck and self.server.kind in _ANSWERS:
            self._refuse(*_ANSWERS[self.server.kind])
            return
        if struck and self.server.kind == "slow":
            time.sleep(_SLOW_SECONDS)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.end_headers()
        if struck and self.server.kind == "cut":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.wfile.write(content)
        connection.close()

    def _refuse(self, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>so it is</Message></Error>".encode()
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass

    def log_message(self, format: str, *args: Any) -> None:
        pass


_ANSWERS = {"busy": (503, "SlowDown"), "keys": (403, "InvalidAccessKeyId")}


@contextmanager
def storage(chance: Random) -> Iterator[Trouble]:
    """An S3 server with the bucket `trend` behind a proxy.

    Raises:
        Missing: moto is not installed.
    """
    try:
        import boto3
        from moto.server import ThreadedMotoServer
    except ImportError:
        raise Missing("moto (`pip install '.[dev]'`)") from None
    behind = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    behind.start()
    _, port = behind.get_host_and_port()
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys).create_bucket(Bucket="trend")
    proxy = Trouble(port, chance)
    threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        behind.stop()


def on_storage(deployment: Deployment, proxy: Trouble) -> Deployment:
    """The same home with its files in object storage; an empty lake."""
    (deployment.home / "lake").rename(deployment.home / "unused")
    values = {
        "DATA_PATH": "s3://trend/faults", "S3_ENDPOINT": f"127.0.0.1:{proxy.server_port}", "S3_REGION": "us-east-1",
        "S3_KEY_ID": "anid", "S3_SECRET": "asecretkey", "S3_URL_STYLE": "path", "S3_USE_SSL": "false",
        "S3_TIMEOUT_SECONDS": "5",
    }  # fmt: skip
    return replace(deployment, settings=tuple((f"TREND_LAKE__{name}", value) for name, value in values.items()))


def _happen(ground: Ground) -> Seen:
    """Imports and backfills while requests are hit, some or all, and again behind it."""
    seen, failed = Seen(), 0
    with storage(ground.chance) as proxy:
        deployment = on_storage(ground.deployment(), proxy)
        for kind, share in (("slow", 1.0), ("busy", 0.3), ("cut", 0.2), ("busy", 1.0), ("keys", 1.0)):
            proxy.kind, proxy.share = kind, share
            for command in (("import", deployment.posts), ("sql", "SELECT count(*) FROM raw_events"),
                            ("backfill", *HOURS)):  # fmt: skip
                said = deployment.trend(*command)
                seen.times += 1
                seen.expect("asecretkey" not in said.out + said.err, "a secret was told")
                if said.status:
                    failed += 1
                    seen.hear(said.err, _ADVICE)
            proxy.kind = ""
            seen.broken += [f"{kind}: {wrong}" for wrong in _torn(deployment, ground)]
        seen.broken += wrong_after_going_on(deployment, ground.calm)
    seen.told = f"{proxy.hit} requests hit; {failed} commands failed; all went on behind it"
    return seen


def _torn(deployment: Deployment, ground: Ground) -> list[str]:
    """What does not hold, but for posts that have not been imported yet."""
    return [wrong for wrong in broken_in(deployment, ground.calm) if "are lost" not in wrong]


FAULTS = (Fault("storage_trouble", "object storage is busy, slow, refuses the keys, breaks off", _happen),)
