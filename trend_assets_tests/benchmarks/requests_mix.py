"""Which requests are made under load, and how long each took."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets_tests.benchmarks.light_client import Answer, LightClient, Lost

_PERCENTILES = (50, 95, 99)
_LABELS = ("bursts", "breaks_out", "emerges")
#: Half of those that ask again send what they know.
_SEND_ETAG = 0.5


@dataclass
class Mix:
    """Requests over all GET routes of a lake: popular ones again and again, and ones that nobody made before.

    Args:
        topics: some of the lake's topics.
        first: its first hour with events.
        last: its last.
        uncached: share of requests that are new.
        chance: decides.
    """

    topics: list[str]
    first: datetime
    last: datetime
    uncached: float
    chance: random.Random
    number: int = 0
    popular: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of_lake(cls, home: Path, uncached: float, seed: int) -> Mix:
        """A mix for what a lake holds."""
        lake = Lake(LakeLocation(home), read_only=True)
        hours = lake.read("SELECT min(hour) AS first, max(hour) AS last FROM topic_activity").row(0)
        topics = lake.read(
            "SELECT topic FROM topic_activity WHERE hour >= ? GROUP BY topic ORDER BY sum(mentions) DESC LIMIT 2000",
            [hours[1] - timedelta(days=7)],
        )["topic"].to_list()
        lake.close()
        return cls(topics, *hours, uncached, random.Random(seed))

    def next(self) -> tuple[str, str]:
        """A route and a path with its query."""
        self.number += 1
        if self.chance.random() < self.uncached:
            return self._fresh()
        self.popular = self.popular or self._popular()
        return self.chance.choice(self.popular)

    def _popular(self) -> list[tuple[str, str]]:
        days = urlencode({"start": (self.last - timedelta(days=1)).isoformat(), "end": self.last.isoformat()})
        return [
            ("/health", "/health"),
            ("/metrics", "/metrics"),
            *(("/predictions", f"/predictions?label={label}&limit=50") for label in _LABELS),
            *(("/predictions/top", f"/predictions/top?label={label}") for label in _LABELS),
            ("/topics", "/topics"),
            ("/topics", "/topics?prefix=t1"),
            *(("/topics/{topic}", f"/topics/{quote(topic, safe='')}") for topic in self.topics[:5]),
            ("/events/stats", "/events/stats"),
            ("/events/stats", f"/events/stats?{days}"),
            ("/collection/status", "/collection/status"),
            ("/training/status", "/training/status"),
            ("/accuracy", "/accuracy"),
            ("/export", "/export?format=csv&label=bursts&" + days),
            ("/openapi.json", "/openapi.json"),
        ]

    def _fresh(self) -> tuple[str, str]:
        """Made new by its moment (to the microsecond) or by the number of items."""
        span = (self.last - self.first) / 2
        end = self.last - timedelta(seconds=self.chance.random() * span.total_seconds())
        start = end - timedelta(days=self.chance.choice((1, 2, 7)))
        days = urlencode({"start": start.isoformat(), "end": end.isoformat()})
        label = self.chance.choice(_LABELS)
        topic = quote(self.chance.choice(self.topics), safe="")
        at = urlencode({"at": (self.last - timedelta(seconds=self.chance.random() * 86400 * 7)).isoformat()})
        return self.chance.choice(
            [
                ("/predictions", f"/predictions?label={label}&limit=50&{at}"),
                ("/predictions/top", f"/predictions/top?label={label}&{at}"),
                ("/topics", f"/topics?{days}"),
                ("/topics/{topic}", f"/topics/{topic}?{days}"),
                ("/events/stats", f"/events/stats?{days}"),
                ("/collection/status", f"/collection/status?{days}"),
                ("/training/status", f"/training/status?limit={self.number % 500 + 1}"),
                ("/accuracy", f"/accuracy?label={label}&{days}"),
                ("/export", f"/export?format=parquet&label={label}&{days}"),
            ]
        )


@dataclass
class _Taken:
    """What came of the requests so far."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    course: list[tuple[float, float, bool]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)


async def run_load(urls: Sequence[str], mix: Mix, rate: float, seconds: float) -> dict[str, Any]:
    """Sends requests when they are due.

    Args:
        urls: of the API's processes, which are asked in turn.
        mix: what is asked.
        rate: requests a second.
        seconds: for how long.

    Returns:
        Latencies in ms by route and kind of answer, errors, the rate reached, how late requests went out (ms).
    """
    taken = _Taken()
    clients = [LightClient(url) for url in urls]
    began = time.perf_counter()
    tasks: set[asyncio.Task[None]] = set()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        taken.late.append(time.perf_counter() - due)
        tagged = mix.chance.random() < _SEND_ETAG
        task = asyncio.create_task(_ask(clients[number % len(clients)], *mix.next(), tagged, taken))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    took = time.perf_counter() - began
    for client in clients:
        client.close()
    return _figures(taken, took)


async def _ask(client: LightClient, route: str, path: str, tagged: bool, taken: _Taken) -> None:
    known = taken.etags.get(path) if tagged else None
    began = time.perf_counter()
    try:
        answer = await client.get(path, {"If-None-Match": known} if known else {})
    except (Lost, TimeoutError, OSError) as error:
        taken.errors[f"{route} {type(error).__name__}"] += 1
        return
    spent = time.perf_counter() - began
    if answer.status not in {200, 304}:
        taken.errors[f"{route} {answer.status}"] += 1
        return
    if "etag" in answer.headers:
        taken.etags[path] = answer.headers["etag"]
    taken.seconds[route, _kind(answer)].append(spent)
    taken.course.append((began, spent, _kind(answer) == "made"))


def _kind(answer: Answer) -> str:
    if "hit" not in answer.headers.get("cache-status", ""):
        return "made"
    return "known" if answer.status == 304 else "kept"


def _figures(taken: _Taken, took: float) -> dict[str, Any]:
    cached = [one for (_, kind), found in taken.seconds.items() if kind != "made" for one in found]
    made = [
        one
        for (route, kind), found in taken.seconds.items()
        if kind == "made" and route != "/openapi.json"
        for one in found
    ]
    answered = sum(len(found) for found in taken.seconds.values())
    return {
        "answered": answered,
        "answers_a_second": round(answered / took, 1),
        "errors": dict(taken.errors),
        "sent_late_ms": _percentiles(taken.late),
        "cached": _percentiles(cached),
        "uncached": _percentiles(made),
        "by_tenth": [_percentiles([spent for _, spent, _ in part]) for part in _tenths(taken.course)],
        "uncached_by_tenth": [
            _percentiles([spent for _, spent, made in part if made]) for part in _tenths(taken.course)
        ],
        "routes": {f"{route} {kind}": _percentiles(found) for (route, kind), found in sorted(taken.seconds.items())},
    }


def _tenths(course: list[tuple[float, float, bool]]) -> list[list[tuple[float, float, bool]]]:
    """In order of time, so that a stall is told from what is always slow."""
    ordered, size = sorted(course), max(1, -(-len(course) // 10))
    return [ordered[place : place + size] for place in range(0, len(ordered), size)]


def _percentiles(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {"n": 0}
    found = np.percentile(np.array(seconds), _PERCENTILES)
    named = {f"p{q}": round(float(value) * 1000, 2) for q, value in zip(_PERCENTILES, found, strict=True)}
    return {"n": len(seconds), **named, "max": round(max(seconds) * 1000, 1)}
