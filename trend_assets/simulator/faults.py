"""How the stand-in misbehaves: what the platforms do on a bad day, at a rate, by seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import replace

import orjson

from trend_assets.simulator.serving import Answer, Asked, page_token, read_token

#: Instead of an answer.
REFUSALS = ("401", "403", "429", "500", "503")
#: Done to an answer.
SPOILS = ("cut", "truncated", "not_utf8", "repeated_page", "empty_page", "null_arrays", "unknown_fields")
KINDS = (*REFUSALS, *SPOILS)

_X_TOKEN, _YOUTUBE_TOKEN = "next_token", "pageToken"

_YOUTUBE_REASONS = {401: "authError", 403: "accessNotConfigured", 429: "rateLimitExceeded"}


class Faults:
    """A fault in a share of the requests.

    Args:
        rate: the share, from 0 to 1, all kinds together.
        kinds: which; all of `KINDS` where left out.
        seed: of chance.
    """

    def __init__(self, rate: float = 0.0, kinds: Sequence[str] = KINDS, seed: int = 0) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown or not 0 <= rate <= 1:
            raise ValueError(f"faults are a rate from 0 to 1 of {', '.join(KINDS)}, not {rate} of {unknown or kinds}")
        self.rate, self.kinds = rate, tuple(kinds)
        self.made: list[str] = []
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def pick(self) -> str | None:
        """The fault of the next request, if it has one."""
        with self._lock:
            if self._random.random() >= self.rate:
                return None
            self.made.append(self._random.choice(self.kinds))
            return self.made[-1]

    def instead(self, fault: str | None, asked: Asked) -> Answer | None:
        """A refusal in the platform's words; None where the fault is none."""
        if fault not in REFUSALS:
            return None
        status = int(fault)
        if asked.path.startswith("/youtube/"):
            reason = _YOUTUBE_REASONS.get(status, "backendError")
            details = [{"message": reason, "domain": "global", "reason": reason}]
            return Answer.json({"error": {"code": status, "message": reason, "errors": details}}, status)
        if not asked.path.startswith("/2/"):
            return Answer(status, b"<html><title>Error</title></html>", {"Content-Type": "text/html; charset=UTF-8"})
        title = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests"}.get(status, "Service Unavailable")
        reset = {"x-rate-limit-reset": str(int(asked.now.timestamp()) + 60)} if status == 429 else {}
        problem = {"title": title, "type": "about:blank", "status": status, "detail": title}
        return Answer.json(problem, status, reset)

    def spoil(self, fault: str | None, asked: Asked, answer: Answer) -> Answer:
        """The answer with the fault done to it."""
        if answer.status != 200 or fault is None:
            return answer
        if fault == "cut":
            return replace(answer, cut_after=len(answer.body) // 2)
        if fault == "truncated":
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        if fault == "not_utf8":
            half = len(answer.body) // 2
            return replace(answer, body=answer.body[:half] + b"\xff\xfe" + answer.body[half:])
        if not answer.body.startswith(b"{"):
            return answer
        return replace(answer, body=orjson.dumps(_changed(fault, asked, orjson.loads(answer.body))))


def _changed(fault: str, asked: Asked, page: dict) -> dict:
    youtube = asked.path.startswith("/youtube/")
    rows = "items" if youtube else "data"
    if fault == "unknown_fields":
        return {**page, "new_in_2031": {"a": [None]}, rows: [{**row, "novel": []} for row in page.get(rows, [])]}
    if fault == "null_arrays":
        return {**page, **({rows: page[rows]} if page.get(rows) else {rows: None}), "errors": None}
    # A page that brings nothing new and leads to the one that was asked for, under another token.
    name = _YOUTUBE_TOKEN if youtube else _X_TOKEN
    position, version = read_token(asked.parameters.get(name))
    again = page_token(position, version + 1)
    kept = page.get(rows, []) if fault == "repeated_page" else []
    if youtube:
        return {**page, rows: kept, "nextPageToken": again}
    return {
        **({rows: kept, "includes": page.get("includes", {})} if kept else {}),
        "meta": {**page["meta"], "result_count": len(kept), "next_token": again},
    }
