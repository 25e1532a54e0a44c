"""`trend simulate --port` as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

# A shell lets what it starts in the background ignore the interrupt that is sent here.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from trend_assets.cli import main
main()
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_it_serves_the_world_of_now_until_it_is_interrupted(home: Path, port: int) -> None:
    command = [sys.executable, "-c", PROGRAM, "simulate", "--port", str(port)]
    environment = {**os.environ, "TREND_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        feed = _wait(f"http://127.0.0.1:{port}/trending/rss?geo=US")
        assert "<title>Daily Search Trends</title>" in feed.text
        refused = requests.get(f"http://127.0.0.1:{port}/2/tweets/search/recent?query=a", timeout=5)
        assert refused.status_code == 401
        for path in ("/xrpc/app.bsky.feed.searchPosts?q=*", "/api/v1/timelines/public", "/api/v1/trends/tags"):
            assert requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code == 200, path
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert f"TREND_MASTODON__INSTANCES='[\"http://127.0.0.1:{port}\"]'" in said
    assert f"TREND_TWITTER__BASE_URL=http://127.0.0.1:{port}" in said and "stopped" in said


def _wait(url: str) -> requests.Response:
    for _ in range(200):
        try:
            return requests.get(url, timeout=10)
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(f"nothing listens on {url}")
