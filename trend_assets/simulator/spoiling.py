"""Fault injection in well-formed responses: repeated pages, impossible rows, fields that come and go."""

from __future__ import annotations

import copy
from dataclasses import replace

from trend_assets.simulator.feeds import spoil_feed
from trend_assets.simulator.pages import Page, Row, drop, get, page, put
from trend_assets.simulator.serving import Answer, SimulatedRequest

SPOILS = (
    "repeated_page", "overlapping_pages", "empty_page", "deleted", "unknown_fields", "missing_fields", "null_arrays",
    "absurd_dates", "huge_text",
)  # fmt: skip

_OVERLAP = 3
_HUGE = 10_000_000
_ABSURD = (
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "+275760-09-13T00:00:00.000Z", "1969-12-31T23:59:59Z",
    "yesterday",
)  # fmt: skip


class Spoiler:
    """Spoils pages; it knows what it has deleted, and what each path was answered last."""

    def __init__(self) -> None:
        self.deleted: dict[str, None] = {}
        self._last: dict[str, list[Row]] = {}
        self._absurd = 0

    def spoil(self, kind: str | None, request: SimulatedRequest, answer: Answer) -> Answer:
        """The answer, spoiled in one of the ways of `SPOILS`, and without what was deleted."""
        if request.path == "/trending/rss":
            self._absurd += 1
            return replace(answer, body=spoil_feed(kind, answer.body, self._absurd, _HUGE))
        found = (
            page(request, answer) if kind is not None or self.deleted or request.path.startswith("/api/v1/") else None
        )
        if found is None:
            return answer
        # A point of a curve has no other id than its time, and nobody can delete it.
        if kind == "deleted" and found.rows and found.shape.id != found.shape.written:
            self.deleted[get(found.rows[len(found.rows) // 2], found.shape.id)] = None
        self._take_out(found)
        before, self._last[request.path] = self._last.get(request.path, []), found.rows
        headers = {}
        if kind in ("repeated_page", "overlapping_pages", "empty_page"):
            headers = self._turn(kind, found, before)
        elif kind in ("absurd_dates", "huge_text") and found.rows and found.shape.id != found.shape.written:
            self._add(kind, found)
        elif kind in ("unknown_fields", "missing_fields", "null_arrays"):
            _change(kind, found)
        return found.answer(**headers)

    def _take_out(self, found: Page) -> None:
        gone = [row for row in found.rows if get(row, found.shape.id) in self.deleted]
        if gone:
            found.rows = [row for row in found.rows if row not in gone]
        tweets = (found.request.path.startswith("/2/") and get(found.value, "includes.tweets")) or []
        for tweet in [tweet for tweet in tweets if tweet["id"] in self.deleted]:
            tweets.remove(tweet)
            found.value.setdefault("errors", []).append(_not_found(tweet["id"]))

    def _turn(self, kind: str, found: Page, before: list[Row]) -> dict[str, str]:
        """Pages that bring what was there already, or nothing, and lead on all the same."""
        if not found.shape.token:
            return _turn_by_id(kind, found, before)
        if kind == "overlapping_pages":
            if found.leads_on and len(found.rows) > _OVERLAP:
                found.lead_to(back=_OVERLAP)
            return {}
        found.lead_to()
        if kind == "empty_page":
            found.rows = []
        return {}

    def _add(self, kind: str, found: Page) -> None:
        """A row that is no post: of a time that cannot be, or of a length."""
        row = copy.deepcopy(found.rows[0])
        if get(row, found.shape.written) is None or get(row, found.shape.text) is None:
            return
        self._absurd += 1
        key = str(get(row, found.shape.id))
        # An id of its own that lies just above the newest, so that ids still tell the order.
        put(row, found.shape.id, str(int(key) + 1) if key.isdigit() else f"{key}-{self._absurd}")
        if kind == "absurd_dates":
            put(row, found.shape.written, _ABSURD[self._absurd % len(_ABSURD)])
            # On Bluesky this one stands in where the author's is unusable.
            if "indexedAt" in row:
                row["indexedAt"] = get(row, found.shape.written)
        else:
            put(row, found.shape.text, "a" * _HUGE)
        found.rows = [row, *found.rows]


def _turn_by_id(kind: str, found: Page, before: list[Row]) -> dict[str, str]:
    """Mastodon's pages follow each other by id alone, and by a link in the header."""
    if found.shape.rows:
        return {}
    if kind == "repeated_page":
        found.rows = before or found.rows
        return {}
    if kind == "overlapping_pages":
        found.rows = [*found.rows, *before[:_OVERLAP]]
        return {}
    found.rows = []
    least = found.request.parameters.get("min_id", "0")
    return {"Link": f'<https://elsewhere.example{found.request.path}?min_id={least}>; rel="prev"'}


def _change(kind: str, found: Page) -> None:
    for row in found.rows:
        if kind == "unknown_fields":
            row["novel"] = []
        for path in found.shape.optional if kind == "missing_fields" else ():
            drop(row, path)
        for path in found.shape.arrays if kind == "null_arrays" else ():
            if get(row, path) is not None:
                put(row, path, None)
    if not isinstance(found.value, dict):
        return
    if kind == "unknown_fields":
        found.value["new_in_2031"] = {"a": [None]}
    elif kind == "null_arrays":
        found.value["errors"] = None
        if not found.rows and found.shape.rows in found.value:
            found.value[found.shape.rows] = None
    elif kind == "missing_fields":
        found.value.pop("includes", None)


def _not_found(key: str) -> Row:
    return {
        "value": key,
        "detail": f"Could not find tweet with referenced_tweets.id: [{key}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "referenced_tweets.id",
        "resource_id": key,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }
