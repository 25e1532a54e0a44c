"""Each way in which a platform misbehaves, met by each collector through its real client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from trend_assets.simulator.faults import KINDS, Faults
from trend_assets.simulator.server import MockServer
from trend_assets.simulator.serving import Answer
from trend_assets.simulator.world import World
from trend_assets.sources.collection import Collected, Earlier
from trend_assets_tests.sources.conftest import HOUR, START
from trend_assets_tests.sources.test_collectors import SOURCES, Serve, attempt, collector, happened, received

MORNING = START + 7 * HOUR
NOW = MORNING + HOUR + timedelta(minutes=10)
FAILURES = {
    "401": "auth", "403": "auth", "429": "rate_limit", "429_reset": "rate_limit", "clock_skew": "rate_limit",
    "500": "server", "503": "server", "cut": "network", "stalled": "network", "truncated": "answer",
    "not_utf8": "answer", "repeated_page": "answer", "empty_page": "answer",
}  # fmt: skip
#: Google has no key to refuse; who pages by id goes on above what it has.
EXCEPT = {("google_trends", "401"): "request", ("google_trends", "403"): "request", ("mastodon", "repeated_page"): ""}
#: Google Trends has a feed and curves: no pages, no posts that could be deleted.
UNKNOWN_TO_TRENDS = {"repeated_page", "overlapping_pages", "empty_page", "deleted"}
CASES = [
    (source, kind)
    for source in SOURCES
    for kind in KINDS
    if not (source == "google_trends" and kind in UNKNOWN_TO_TRENDS)
]


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Another host, and what it was told: first lines and headers."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(f"{self.requestline}\n{self.headers}")
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    server.server_close()


def asked(source: str, server: MockServer, earlier: dict | None = None) -> Collected:
    more: dict[str, Any] = {"timeout": 0.1} if "stalled" in server.faults.kinds and server.faults.rate else {}
    if source == "youtube":
        more |= {"videos": {}}
    if source == "google_trends":
        more |= {"terms": ("a", "b")}
    return attempt(collector(source, server, **more), MORNING, server.now, earlier)


@pytest.mark.parametrize(("source", "kind"), CASES)
def test_every_kind_of_fault_is_survived_or_explained_and_mended_by_a_retry(
    source: str, kind: str, serve: Serve, busy_world: World, elsewhere: tuple[str, list[str]]
) -> None:
    server = serve(NOW, faults=Faults(1.0, (kind,), elsewhere=elsewhere[0]))
    found = asked(source, server)
    assert server.faults.made
    status, message = found.status.select("status", "message").row(0)
    ids = received(found)
    assert len(ids) == len(set(ids))
    if kind in FAILURES:
        failure = EXCEPT.get((source, kind), FAILURES[kind])
        assert (found.attempts["failure"].item(), bool(message)) == (failure, bool(failure))
    elif kind == "redirect":
        assert status == "failed" and message
    else:
        assert (status, message) == ("complete", "")
    if kind in ("absurd_dates", "huge_text"):
        assert found.rejected.height > 0
        assert found.rejected["raw_data"].str.len_bytes().max() <= 100_000
        reason = "longer than 1,000,000 characters" if kind == "huge_text" else "timestamp"
        assert found.rejected["reason"].str.contains(reason).all()
    assert elsewhere[1] == []
    retried = asked(source, serve(NOW), {(source, MORNING): Earlier(found.attempts["cursor"].item(), len(ids))})
    assert retried.status["message"].item() == ""
    there = happened(busy_world, source, MORNING, MORNING + HOUR)
    if source in ("twitter", "bluesky", "mastodon"):
        assert there - server.faults.deleted <= {*ids, *received(retried)} <= there


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", ["429", "429_reset", "clock_skew"])
def test_no_rate_limit_lasts_longer_than_a_day(source: str, kind: str, serve: Serve) -> None:
    found = asked(source, serve(NOW, faults=Faults(1.0, (kind,))))
    until = found.attempts["retry_at"].item()
    if until is not None:
        assert NOW < until <= NOW + timedelta(days=1)
    if kind == "429_reset" and source != "youtube":
        assert until == NOW + timedelta(minutes=1)


def test_an_hour_that_the_servers_clock_has_not_reached_is_asked_again(serve: Callable[..., MockServer]) -> None:
    slow = serve(MORNING + HOUR - timedelta(minutes=5))
    asked_late = collector("twitter", slow)
    asked_late._now = lambda: MORNING + HOUR + timedelta(minutes=1)
    first = attempt(asked_late, MORNING, slow.now)
    assert first.status["status"].item() == "failed"
    assert "minimum of 10 seconds prior" in first.status["message"].item()
    later = serve(NOW)
    earlier = {("twitter", MORNING): Earlier(first.attempts["cursor"].item(), first.raw.height)}
    second = attempt(collector("twitter", later), MORNING, later.now, earlier)
    ids = received(first) + received(second)
    assert set(ids) == happened(later.world, "twitter", MORNING, MORNING + HOUR) and len(ids) == len(set(ids))


@pytest.mark.parametrize("source", SOURCES)
def test_a_clock_that_is_a_day_ahead_calls_no_hour_empty(source: str, serve: Serve, busy_world: World) -> None:
    """This machine takes an hour for over that has hardly begun."""
    slow = serve(MORNING + timedelta(minutes=20))
    hasty = collector(source, slow)
    hasty._now = lambda: MORNING + 25 * HOUR
    first = attempt(hasty, MORNING, lambda: MORNING + 25 * HOUR)
    assert first.status["status"].item() in ("failed", "partial"), first.status["status"].item()
    assert first.status["failure"].item() in ("server", "request", "past")
    earlier = {(source, MORNING): Earlier(first.attempts["cursor"].item(), first.raw.height)}
    second = attempt(collector(source, serve(NOW)), MORNING, lambda: NOW, earlier)
    assert second.status["message"].item() == ""
    there = happened(busy_world, source, MORNING, MORNING + HOUR)
    if source in ("bluesky", "mastodon"):
        assert "by the clock of" in first.status["message"].item() and "NTP" in first.status["message"].item()
        assert {*received(first), *received(second)} == there


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("status", [400, 403, 429, 503])
def test_an_error_of_any_form_is_told_in_words(source: str, status: int, serve: Serve, monkeypatch: Any) -> None:
    server = serve(NOW)
    bodies = (
        b"", b"null", b"[]", b"[1]", b'"x"', b"7", b"{}", b"\xff\xfe", b'{"error": null}', b'{"error": [null]}',
        b'{"errors": null}', b'{"errors": [null, 1]}', b'{"error": {"errors": [null], "message": 1}}', b'{"detail": 1}',
        b'{"message": []}', b"<html>",
    )  # fmt: skip
    for body in bodies:
        answer = Answer(status, body, {"Content-Type": "application/json"})
        monkeypatch.setattr(type(server), "answer", lambda *_, answer=answer: answer)
        found = attempt(collector(source, server), MORNING, server.now)
        assert found.status["status"].item() in ("failed", "skipped"), body
        assert found.attempts["failure"].item() not in ("", "unexpected"), (body, found.status["message"].item())


@pytest.mark.parametrize("source", ["bluesky", "mastodon", "twitter"])
def test_rows_that_are_none_are_rejected_and_the_others_kept(source: str, serve: Serve, monkeypatch: Any) -> None:
    server = serve(NOW)
    answer = server.answer

    def with_rubbish(*asked: Any) -> Answer:
        given = answer(*asked)
        for opening in (b'"data":[{', b'"posts":[{', b"[{"):
            if opening in given.body[:20]:
                return replace(given, body=given.body.replace(opening, opening[:-1] + b'null,7,"x",[],{', 1))
        return given

    there = set(received(asked(source, server)))
    monkeypatch.setattr(type(server), "answer", lambda _, *asked: with_rubbish(*asked))
    found = asked(source, server)
    assert set(received(found)) == there != set()
    assert found.rejected.height >= 4 and found.status["rejected"].item() >= 4


def test_posts_that_are_counted_and_not_there_are_asked_for_again(serve: Serve, monkeypatch: Any) -> None:
    server = serve(NOW)
    body = b'{"data":null,"meta":{"result_count":5,"newest_id":"1","oldest_id":"1"}}'
    monkeypatch.setattr(type(server), "answer", lambda *_: Answer(200, body, {"Content-Type": "application/json"}))
    found = asked("twitter", server)
    assert found.attempts["failure"].item() == "answer"
    assert "counts posts that its answer does not hold" in found.status["message"].item()


def test_faults_by_script_come_in_their_order(serve: Serve) -> None:
    server = serve(NOW, faults=Faults(script=("500", None, "truncated", "429_reset")))
    first = attempt(collector("bluesky", server), MORNING, server.now)
    assert first.status["message"].item() == "" and server.faults.made == ["500"]
    second = attempt(collector("bluesky", server), MORNING, server.now)
    assert "rate limit" in second.status["message"].item()
    assert server.faults.made == ["500", "truncated", "429_reset"]
    with pytest.raises(ValueError, match=r"of \['404'\]"):
        Faults(script=("404",))
