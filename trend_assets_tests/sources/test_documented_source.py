"""The documents' example of a new source, pasted into a file and asked."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from trend_assets.sources import registry
from trend_assets.sources.collection import collect
from trend_assets_tests.conftest import REPOSITORY

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Newest first; the first and the last lie outside the hour.
STORIES = [
    {"objectID": str(900 - index), "created_at_i": int((START + timedelta(seconds=3700 - 20 * index)).timestamp()),
     "title": f"Story {index}", "author": "somebody", "points": index, "num_comments": None}
    for index in range(190)
]  # fmt: skip


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            first, last = (int(bound) for bound in re.findall(r"created_at_i[>=<]+(\d+)", asked["numericFilters"]))
            found = [story for story in STORIES if first <= story["created_at_i"] < last]
            size, at = int(asked["hitsPerPage"]), int(asked["page"])
            page = {"hits": found[at * size : (at + 1) * size], "page": at, "nbPages": -(-len(found) // size)}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(orjson.dumps(page))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    document = (REPOSITORY / "docs" / "contributing.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(\"\"\"Stories on Hacker News.*?)```", document, re.DOTALL)
    assert block is not None
    (tmp_path / "hacker_news_collector.py").write_text(block[1], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hacker_news_collector", raising=False)
    module = __import__("hacker_news_collector")
    monkeypatch.setattr(registry, "PARSERS", {**registry.PARSERS, "hacker_news": module.parse})
    return module


def test_the_example_collects_an_hour(pasted: ModuleType, server: str) -> None:
    collector = pasted.HackerNewsCollector(server)
    found = collect([collector], START, START + HOUR, lambda: START + HOUR)
    assert found.status.select("status", "message").rows() == [("complete", "")]
    inside = [story["objectID"] for story in STORIES if 0 <= story["created_at_i"] - START.timestamp() < 3600]
    assert len(inside) == 180 and sorted(found.raw["content_id"]) == sorted(inside)
    assert found.status["requests"].item() == 2
    row = found.raw.row(0, named=True)
    assert registry.parse(row["format"], row["raw_data"]).id == row["id"]


def test_the_example_says_when_it_cannot_reach_its_server(pasted: ModuleType) -> None:
    collector = pasted.HackerNewsCollector("http://127.0.0.1:9")
    found = collect([collector], START, START + HOUR, lambda: START + HOUR)
    assert found.status.select("status", "message").row(0) == ("failed", "http://127.0.0.1:9 cannot be reached")
