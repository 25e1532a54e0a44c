"""Archives of Mastodon: statuses in pages and lines, and an account's `outbox.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.formats import ACTIVITYPUB, MASTODON, Found
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.markup import plain_text
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, size, strings, text

_LISTS = ("statuses", "ancestors", "descendants")
_POSTS = ("Note", "Question", "Article", "Page")
_ACTIVITIES = {
    "Create": "something created that is no post",
    "Announce": "a boost",
    "Like": "a like, not a post",
    "Delete": "a notice that a post was deleted, not a post",
    "Update": "a notice that a post was edited, not a post",
    "Follow": "a follow, not a post",
    "Undo": "something taken back, not a post",
    "Add": "a post that was pinned, not a post",
}


def found(value: Mapping[str, Any]) -> Iterator[Found] | None:
    """The statuses or activities in a page or a collection, or the one that an object is; None where there are none.

    Raises:
        Rejected: a collection without activities.
    """
    if is_status(value):
        return iter([(MASTODON, value)])
    if value.get("type") in ("OrderedCollection", "OrderedCollectionPage", "Collection", "CollectionPage"):
        items = value.get("orderedItems", value.get("items"))
        if not isinstance(items, list) or not items:
            raise Rejected("a collection without activities")
        return ((ACTIVITYPUB, item) for item in items)
    if text(value.get("type")) in _ACTIVITIES and "actor" in value and "object" in value:
        return iter([(ACTIVITYPUB, value)])
    lists = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
    listed = [item for items in lists for item in items]
    if any(is_status(item) for item in mappings(listed)):
        return ((MASTODON, item) for item in listed)
    return None


def is_status(value: Mapping[str, Any]) -> bool:
    """Whether an object is a ``Status`` of the REST API."""
    has_content = isinstance(value.get("content"), str) or isinstance(value.get("reblog"), dict)
    account = mapping(value.get("account"))
    return (
        has_content
        and "created_at" in value
        and ("uri" in value or "url" in value)
        and ("acct" in account or "url" in account)
    )


def parse(payload: Mapping[str, Any]) -> Event:
    """An activity of an outbox as an event.

    Args:
        payload: ``Create`` with the post as its object, or ``Announce`` with the address of what is boosted.

    Returns:
        The event; its content id is the post's own address, as in the REST API, and of a boost the activity's. A boost
        is a `retweet` without a text, for the outbox holds none.

    Raises:
        Rejected: another activity (saying which), no id, no readable time.
    """
    kind = payload.get("type")
    post = mapping(payload.get("object"))
    if kind == "Announce":
        return _boost(payload)
    if kind != "Create" or post.get("type") not in _POSTS:
        raise Rejected(_ACTIVITIES.get(str(kind), f"an activity of type {str(kind)[:40]!r}, not a post"))
    content_id = identifier(post.get("id")) or identifier(post.get("url"))
    if content_id is None:
        raise Rejected("no address of the post")
    written = _written(post)
    labels = mappings(post.get("tag"))
    marked = [name.removeprefix("#") for name in strings([t for t in labels if t.get("type") == "Hashtag"], "name")]
    hashtags = tuple(dict.fromkeys(filter(None, marked))) or tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    mentions = strings([label for label in labels if label.get("type") == "Mention"], "name")
    answered, quoted = _address(post.get("inReplyTo")), _address(post.get("quote") or post.get("quoteUrl"))
    return Event(
        timestamp=instants.from_iso(post.get("published") or payload.get("published")),
        source="mastodon",
        event_type="reply" if answered else "quote" if quoted else "original",
        content_id=content_id,
        user_id=_account(_address(post.get("attributedTo")) or _address(payload.get("actor")), content_id),
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        language=next(iter(mapping(post.get("contentMap"))), None),
        context=present(
            (
                ("original_content_id", answered or quoted),
                ("conversation_id", text(post.get("conversation"))),
                ("mentions", [name.removeprefix("@") for name in mentions]),
                ("url", text(post.get("url"))),
            )
        ),
        features=numbers(
            (
                ("likes", mapping(post.get("likes")).get("totalItems")),
                ("retweets", mapping(post.get("shares")).get("totalItems")),
                ("replies", mapping(post.get("replies")).get("totalItems")),
                ("possibly_sensitive", post.get("sensitive")),
                ("mention_count", len(mentions)),
                ("media_count", size(post.get("attachment"))),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
    )


def _boost(activity: Mapping[str, Any]) -> Event:
    content_id, boosted = identifier(activity.get("id")), _address(activity.get("object"))
    if content_id is None or boosted is None:
        raise Rejected("a boost without its address, or without that of what it boosts")
    return Event(
        timestamp=instants.from_iso(activity.get("published")),
        source="mastodon",
        event_type="retweet",
        content_id=content_id,
        user_id=_account(_address(activity.get("actor")), content_id),
        context={"original_content_id": boosted},
    )


def _account(actor: str | None, content_id: str) -> str | None:
    """The address that the REST API names an account by: Mastodon's ``/users/a`` is ``/@a`` there."""
    host, is_mastodon, name = (actor or "").rpartition("/users/")
    return f"{host}/@{name}" if is_mastodon and name and content_id.startswith(f"{actor}/statuses/") else actor


def _address(said: Any) -> str | None:
    """The address of an object, which stands for itself or under its ``id``."""
    return identifier(said) or identifier(mapping(said).get("id"))


def _written(post: Mapping[str, Any]) -> str:
    """The title or the warning before a post, where it has one, and the post."""
    content = text(post.get("content")) or next(iter(mapping(post.get("contentMap")).values()), None)
    parts = (text(post.get("name")), text(post.get("summary")), plain_text(text(content) or "").strip())
    return "\n".join(part for part in parts if part)
