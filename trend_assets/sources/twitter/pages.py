"""Splits pages of X's API v2 into one self-contained payload a tweet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trend_assets.sources.wire.values import identifier, mapping, mappings

#: Includes by kind, and the field that tells one from another.
_KEYS = {"users": "id", "tweets": "id", "places": "id", "media": "media_key", "polls": "id"}


def split_v2_page(page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One payload for each tweet in ``data``, with just the includes that the tweet refers to.

    Args:
        page: an answer of API v2: ``data`` is a list of tweets, or one tweet (lookups and streams).
            ``includes``, ``matching_rules`` and ``__twarc`` may be missing.

    Yields:
        ``{"data": tweet, "includes": {...}}``, and ``matching_rules`` and ``__twarc`` as delivered;
        for an item of ``data`` that is no tweet, the same with that item.
    """
    data = page.get("data")
    index = _Index(mapping(page.get("includes")))
    shared = {key: page[key] for key in ("matching_rules", "__twarc") if key in page}
    for item in data if isinstance(data, list) else [data]:
        includes = _slice(item, index) if isinstance(item, dict) else {}
        yield {"data": item, **({"includes": includes} if includes else {}), **shared}


class _Index:
    """The includes of one page, by kind and key."""

    def __init__(self, includes: Mapping[str, Any]) -> None:
        self.by_key = {
            kind: {key: item for item in mappings(includes.get(kind)) if (key := identifier(item.get(name)))}
            for kind, name in _KEYS.items()
        }
        self.user_ids_by_name = {
            name.lower(): key
            for key, item in self.by_key["users"].items()
            if isinstance(name := item.get("username"), str)
        }


def _slice(tweet: Mapping[str, Any], index: _Index) -> dict[str, list[Any]]:
    others = _related_ids(tweet)
    related = [item for key in others if (item := index.by_key["tweets"].get(key))]
    wanted: dict[str, list[str | None]] = {kind: [] for kind in _KEYS}
    wanted["tweets"] = list(others)
    for item in (tweet, *related):
        attachments = mapping(item.get("attachments"))
        wanted["users"] += [identifier(item.get("author_id")), identifier(item.get("in_reply_to_user_id"))]
        wanted["places"].append(identifier(mapping(item.get("geo")).get("place_id")))
        wanted["media"] += _identifiers(attachments.get("media_keys"))
        wanted["polls"] += _identifiers(attachments.get("poll_ids"))
    for mention in mappings(mapping(tweet.get("entities")).get("mentions")):
        name = mention.get("username")
        by_name = index.user_ids_by_name.get(name.lower()) if isinstance(name, str) else None
        wanted["users"].append(identifier(mention.get("id")) or by_name)
    return {
        kind: found
        for kind, keys in wanted.items()
        if (found := [index.by_key[kind][key] for key in dict.fromkeys(keys) if key in index.by_key[kind]])
    }


def _related_ids(tweet: Mapping[str, Any]) -> dict[str, None]:
    """The tweets that it refers to, and its own other versions."""
    ids = [identifier(item.get("id")) for item in mappings(tweet.get("referenced_tweets"))]
    ids += _identifiers(tweet.get("edit_history_tweet_ids"))
    own = identifier(tweet.get("id"))
    return {key: None for key in ids if key and key != own}


def _identifiers(values: Any) -> list[str | None]:
    return [identifier(value) for value in values] if isinstance(values, list) else []
