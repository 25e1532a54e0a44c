"""Archives of Bluesky: pages, feeds, threads, records of repositories, and Jetstream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from trend_assets.sources.bluesky import events
from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import BLUESKY, BLUESKY_FEED, BLUESKY_RECORD, JETSTREAM, Found
from trend_assets.sources.wire import instants
from trend_assets.sources.wire.values import identifier, mapping, mappings, present, text

_POST, _REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
_RECORDS = {
    "app.bsky.feed.like": "a like, not a post",
    "app.bsky.graph.follow": "a follow, not a post",
    "app.bsky.graph.block": "a block, not a post",
    "app.bsky.actor.profile": "a profile, not a post",
    "app.bsky.feed.threadgate": "a rule for a thread, not a post",
    "app.bsky.feed.postgate": "a rule for a post, not a post",
}
_NO_COMMITS = {"identity": "a notice of an account's name, not a post", "account": "a notice of an account, not a post"}


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The posts in a page, a feed or a thread, or the one that an object is; None where there are none.

    Raises:
        Rejected: an empty page.
    """
    if _is_view(value):
        return iter([(BLUESKY, value)])
    if isinstance(value.get("did"), str) and "time_us" in value and "kind" in value:
        return iter([(JETSTREAM, value)])
    if _is_item(value):
        return iter([(BLUESKY_FEED, value)])
    if _is_record(value):
        return iter([(BLUESKY_RECORD, value)])
    if isinstance(value.get("thread"), dict) and _is_view(mapping(value["thread"].get("post"))):
        return _thread(value["thread"])
    for name, is_one, format in _PAGES:
        items = value.get(name)
        if isinstance(items, list) and any(is_one(item) for item in mappings(items)):
            return ((format, item) for item in items)
    return None


def parse_item(payload: Mapping[str, Any]) -> Event:
    """An item of a feed as an event: the post, or a `retweet` of it where ``reason`` says that it was reposted.

    Args:
        payload: ``{"post": post view, "reason": …}``.

    Raises:
        Rejected: what `events.parse` rejects; a repost without the account or the time.
    """
    post, reason = mapping(payload.get("post")), mapping(payload.get("reason"))
    event = events.parse(post)
    if reason.get("$type") != "app.bsky.feed.defs#reasonRepost":
        return event
    by = mapping(reason.get("by"))
    user = identifier(by.get("did"))
    if user is None:
        raise Rejected("a repost without the account that reposted")
    at = instants.from_iso(reason.get("indexedAt"))
    # Older answers do not name the repost itself.
    own = identifier(reason.get("uri")) or f"{event.content_id}#repost/{user}/{at:%Y-%m-%dT%H:%M:%S}"
    context = present(
        (
            ("original_content_id", event.content_id),
            ("original_user_id", event.user_id),
            ("username", text(by.get("handle"))),
            ("urls", event.context.get("urls")),
            ("mentions", event.context.get("mentions")),
        )
    )
    return replace(
        event, timestamp=at, event_type="retweet", content_id=own, user_id=user, context=context, notes=event.notes
    )


def parse_record(payload: Mapping[str, Any]) -> Event:
    """A record of an account's repository as an event.

    Args:
        payload: ``{"uri", "cid", "value": record}``; nobody knows but its author when it was written.

    Raises:
        Rejected: no post and no repost (saying what), no uri, no readable time.
    """
    return _of_record(identifier(payload.get("uri")), mapping(payload.get("value")), None)


def parse_commit(payload: Mapping[str, Any]) -> Event:
    """A line of Jetstream as an event; it was seen at ``time_us``.

    Args:
        payload: ``{"did", "time_us", "kind": "commit", "commit": …}``.

    Raises:
        Rejected: no post that was created (saying what), no readable time.
    """
    kind, commit = payload.get("kind"), mapping(payload.get("commit"))
    if kind != "commit":
        raise Rejected(_NO_COMMITS.get(str(kind), f"a notice of kind {str(kind)[:40]!r}, not a post"))
    if commit.get("operation") == "delete":
        raise Rejected("a notice that something was deleted, not a post")
    record, collection, key = mapping(commit.get("record")), text(commit.get("collection")), text(commit.get("rkey"))
    did, at = identifier(payload.get("did")), payload.get("time_us")
    uri = f"at://{did}/{collection}/{key}" if did and collection and key else None
    return _of_record(uri, record if "$type" in record else {"$type": collection, **record}, _seen(at))


def _seen(at: Any) -> str | None:
    try:
        return instants.from_any(at).isoformat()
    except Rejected:
        return None


def _of_record(uri: str | None, record: Mapping[str, Any], seen: str | None) -> Event:
    kind = text(record.get("$type")) or ""
    if kind not in (_POST, _REPOST):
        raise Rejected(_RECORDS.get(kind, f"a record of type {kind[:60]!r}, not a post"))
    if uri is None:
        raise Rejected("no post uri")
    author = uri.removeprefix("at://").partition("/")[0]
    if kind == _REPOST:
        at, notes = events.sorted_at(record.get("createdAt"), seen)
        reposted = identifier(mapping(record.get("subject")).get("uri"))
        context = present((("original_content_id", reposted),))
        return Event(at, "bluesky", "retweet", uri, author, context=context, notes=notes)
    return events.parse({"uri": uri, "author": {"did": author}, "record": record, "indexedAt": seen})


def _is_view(value: Mapping[str, Any]) -> bool:
    uri = value.get("uri")
    return (
        isinstance(uri, str) and uri.startswith("at://") and isinstance(value.get("record"), dict) and "author" in value
    )


def _is_item(value: Mapping[str, Any]) -> bool:
    return _is_view(mapping(value.get("post")))


def _is_record(value: Mapping[str, Any]) -> bool:
    uri = value.get("uri")
    return isinstance(uri, str) and uri.startswith("at://") and "$type" in mapping(value.get("value"))


_PAGES = (
    ("posts", _is_view, BLUESKY),
    ("feed", _is_item, BLUESKY_FEED),
    ("records", _is_record, BLUESKY_RECORD),
)


def _thread(root: Mapping[str, Any]) -> Iterator[Found]:
    """The post of a thread, those above it, and the answers below it."""
    above, here = [], mapping(root.get("parent"))
    while here:
        above.append(here)
        here = mapping(here.get("parent"))
    left = [root, *above]
    while left:
        node = left.pop()
        # What was deleted or blocked stands there without its post.
        yield BLUESKY, node.get("post", {key: value for key, value in node.items() if key not in ("parent", "replies")})
        replies = node.get("replies")
        left.extend(reversed(mappings(replies)))
