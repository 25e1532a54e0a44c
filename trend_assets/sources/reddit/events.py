"""Parses submissions and comments of Reddit, from listings of its API and from Pushshift's lines."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import REDDIT, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.markup import plain_text
from trend_assets.sources.wire.values import identifier, mapping, numbers, present, text

_SUBMISSION, _COMMENT = "t3", "t1"
_OTHER_KINDS = {
    "t2": "an account, not a post",
    "t4": "a private message, not a post",
    "t5": "a subreddit, not a post",
    "t6": "an award, not a post",
    "more": "a mark that there are more comments, not a post",
}
_KIND = re.compile(r"t[1-6]|more", re.ASCII)
_GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]", "[deleted by user]"})
_SUBMISSION_MARKS = ("title", "selftext", "is_self", "num_comments", "domain")


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The submissions and comments in a listing, with the replies below them, or the one that a line is.

    Raises:
        Rejected: a listing without items.
    """
    kind, inner = value.get("kind"), value.get("data")
    if kind == "Listing" and isinstance(mapping(inner).get("children"), list):
        if not mapping(inner)["children"]:
            raise Rejected("a listing of Reddit without items")
        return _listed(value)
    if isinstance(kind, str) and _KIND.fullmatch(kind) and isinstance(inner, dict):
        return _with_replies(value)
    if "subreddit" in value and "created_utc" in value and _kind(value):
        return iter([(REDDIT, value)])
    return None


def parse(payload: Mapping[str, Any]) -> Event:
    """A submission or a comment as an event.

    Args:
        payload: ``{"kind": "t3" or "t1", "data": …}`` as listings have it, or the data alone as Pushshift has it.

    Returns:
        The event; its content id is Reddit's full name (``t3_abc``), so that a submission and a comment of the same
        number are two. A comment's `original_content_id` is what it answers, its `conversation_id` the submission.
        A crosspost is a `retweet`. Whoever is ``[deleted]`` is nobody. Markdown is kept as it was written.

    Raises:
        Rejected: neither of both, no id, no readable time.
    """
    data = mapping(payload.get("data")) or payload
    kind = payload.get("kind") or _kind(data)
    if kind not in (_SUBMISSION, _COMMENT):
        raise Rejected(_OTHER_KINDS.get(str(kind), "neither a submission nor a comment of Reddit"))
    content_id = _full_name(data, str(kind))
    written = _submission_text(data) if kind == _SUBMISSION else _body(data, "body")
    hashtags = tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    event_type, original = _relation(data, str(kind))
    author = identifier(data.get("author"))
    link = html.unescape(text(data.get("url")) or "")
    return Event(
        timestamp=instants.from_any(data.get("created_utc", data.get("created"))),
        source="reddit",
        event_type=event_type,
        content_id=content_id,
        user_id=None if author in _GONE else author,
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        context=present(
            (
                ("original_content_id", original),
                ("conversation_id", _name(data.get("link_id"), _SUBMISSION)),
                ("community", text(data.get("subreddit"))),
                ("flair", text(data.get("link_flair_text"))),
                ("urls", [link] if link and not data.get("is_self") and kind == _SUBMISSION else []),
                ("url", text(data.get("permalink"))),
            )
        ),
        features=numbers(
            (
                ("likes", data.get("score", data.get("ups"))),
                ("replies", data.get("num_comments")),
                ("retweets", data.get("num_crossposts")),
                ("upvote_ratio", data.get("upvote_ratio")),
                ("community_members", data.get("subreddit_subscribers")),
                ("possibly_sensitive", data.get("over_18")),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
    )


def _listed(listing: Mapping[str, Any]) -> Iterator[Found]:
    for child in mapping(listing.get("data")).get("children", []):
        if isinstance(child, dict) and isinstance(child.get("data"), dict):
            yield from _with_replies(child)
        else:
            yield REDDIT, child


def _with_replies(thing: Mapping[str, Any]) -> Iterator[Found]:
    """A thing without the replies below it, and these."""
    # Threads may be deeper than Python's stack: no recursion.
    left = [thing]
    while left:
        here = left.pop()
        data = mapping(here.get("data"))
        below = mapping(mapping(data.get("replies")).get("data")).get("children")
        if not isinstance(below, list):
            yield REDDIT, here
            continue
        yield REDDIT, {**here, "data": {key: value for key, value in data.items() if key != "replies"}}
        for child in reversed(below):
            if isinstance(child, dict):
                left.append(child)
            else:
                yield REDDIT, child


def _kind(data: Mapping[str, Any]) -> str | None:
    """What the data of a thing are, where nobody says it."""
    if "body" in data and ("link_id" in data or "parent_id" in data):
        return _COMMENT
    return _SUBMISSION if "title" in data and any(mark in data for mark in _SUBMISSION_MARKS[1:]) else None


def _full_name(data: Mapping[str, Any], kind: str) -> str:
    found_name = _name(data.get("name"), kind) or _name(data.get("id"), kind)
    if found_name is None:
        raise Rejected("no id of a submission or comment")
    return found_name


def _name(said: Any, kind: str) -> str | None:
    """A full name; Pushshift also writes the bare id, and for comments' parents a number."""
    bare = identifier(said)
    if bare is None:
        return None
    return bare if re.match(r"t\d_", bare) else f"{kind}_{bare}"


def _relation(data: Mapping[str, Any], kind: str) -> tuple[str, str | None]:
    if kind == _COMMENT:
        parent = data.get("parent_id")
        # Pushshift writes the parent comment as a number in base 10.
        answered = None if isinstance(parent, int) else _name(parent, _COMMENT)
        return "comment", answered or _name(data.get("link_id"), _SUBMISSION)
    crossposted = _name(data.get("crosspost_parent"), _SUBMISSION)
    return ("retweet", crossposted) if crossposted else ("original", None)


def _submission_text(data: Mapping[str, Any]) -> str:
    title = html.unescape(text(data.get("title")) or "")
    return "\n".join(part for part in (title, _body(data, "selftext")) if part)


def _body(data: Mapping[str, Any], key: str) -> str:
    """What was written; the API escapes the plain text, and some collections hold the HTML alone."""
    written = text(data.get(key))
    if written is None:
        return plain_text(html.unescape(text(data.get(f"{key}_html")) or "")).strip()
    return "" if written in _GONE else html.unescape(written)
