"""Simulated posts in the format of X's API v2: one tweet with its includes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from trend_assets.simulator.identifiers import opaque
from trend_assets.simulator.population import User
from trend_assets.simulator.timeline import Post

_MS_PER_HOUR = 3_600_000
_LIKED_WITHIN_HOURS = 6.0
#: X cuts the text of a retweet to this many characters; the whole is in the original.
_RETWEET_LENGTH = 140
_REFERENCE = {"retweet": "retweeted", "reply": "replied_to", "quote": "quoted"}


def tweet_page(post: Post, at: int) -> dict[str, Any]:
    """``{"data": tweet, "includes": {"users": […], "tweets": […]}}`` as X would answer at that time.

    Args:
        post: what was posted.
        at: when it is asked for, in ms since 1970; counts are those reached by then.
    """
    tweets = [post.parent] if post.parent is not None else []
    users = [post.author]
    users += [parent.author for parent in tweets if parent.author is not post.author]
    includes: dict[str, Any] = {"users": [user_object(user, at) for user in users]}
    if tweets:
        includes["tweets"] = [tweet_object(parent, at) for parent in tweets]
    return {"data": tweet_object(post, at), "includes": includes}


def tweet_object(post: Post, at: int) -> dict[str, Any]:
    """The tweet alone; see `tweet_page`."""
    text = wire_text(post)
    tweet: dict[str, Any] = {
        "id": post.id,
        "edit_history_tweet_ids": [post.id],
        "text": text,
        "created_at": _stamp(post.milliseconds // 1000),
        "author_id": post.author.user_id,
        "conversation_id": post.conversation_id,
        "lang": post.language,
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "public_metrics": metrics(post, at),
    }
    entities = _entities(post, text)
    if entities:
        tweet["entities"] = entities
    if post.parent is not None:
        tweet["referenced_tweets"] = [{"type": _REFERENCE[post.kind], "id": post.parent.id}]
        if post.kind == "reply":
            tweet["in_reply_to_user_id"] = post.parent.author.user_id
    return tweet


def user_object(user: User, at: int) -> dict[str, Any]:
    """An account as X would describe it at that time (ms since 1970)."""
    return {
        "id": user.user_id,
        "username": user.username,
        "name": user.name,
        "description": user.description,
        "created_at": _stamp(user.created),
        "verified": user.verified,
        "protected": False,
        "public_metrics": {
            "followers_count": user.followers_count,
            "following_count": user.following_count,
            "tweet_count": user.tweets_before + user.posted_before(at),
            "listed_count": user.followers_count // 60,
        },
    }


def wire_text(post: Post) -> str:
    """The text as X shows it: with the answered account, the links, and ``RT @name:`` before a retweet."""
    if post.kind == "retweet" and post.parent is not None:
        text = f"RT @{post.parent.author.username}: {wire_text(post.parent)}"
        return text if len(text) <= _RETWEET_LENGTH else text[: _RETWEET_LENGTH - 1] + "…"
    text = post.text
    if post.kind == "reply" and post.parent is not None:
        text = f"@{post.parent.author.username} {text}"
    return f"{text} {_short_link(post)}" if _target(post) else text


def _target(post: Post) -> str | None:
    if post.kind == "quote" and post.parent is not None:
        return f"https://twitter.com/{post.parent.author.username}/status/{post.parent.id}"
    return post.url


def _short_link(post: Post) -> str:
    return f"https://t.co/{opaque(f'link:{_target(post)}:{post.id}', 10)}"


def metrics(post: Post, at: int) -> dict[str, int]:
    """Reactions to a post up to that time (ms since 1970)."""
    # A retweet shares its original's retweet count and has no other count of its own, as on X.
    if post.kind == "retweet" and post.parent is not None:
        retweets = post.parent.reactions_before("retweet", at)
        return {"retweet_count": retweets, "reply_count": 0, "like_count": 0, "quote_count": 0}
    hours = max(at - post.milliseconds, 0) / _MS_PER_HOUR
    return {
        "retweet_count": post.reactions_before("retweet", at),
        "reply_count": post.reactions_before("reply", at),
        "like_count": round(post.appeal * (1 - math.exp(-hours / _LIKED_WITHIN_HOURS))),
        "quote_count": post.reactions_before("quote", at),
    }


def _entities(post: Post, text: str) -> dict[str, list[dict[str, Any]]]:
    entities: dict[str, list[dict[str, Any]]] = {}
    for topic in post.topics:
        span = _span(text, topic.label)
        if span is not None:
            kind = "hashtags" if topic.label[0] == "#" else "cashtags"
            entities.setdefault(kind, []).append({**span, "tag": topic.label[1:]})
    if post.parent is not None and post.kind in ("retweet", "reply"):
        named = [post.parent.author]
        if post.kind == "retweet" and post.parent.kind == "reply" and post.parent.parent is not None:
            named.append(post.parent.parent.author)
        for user in named:
            span = _span(text, f"@{user.username}")
            if span is not None:
                entities.setdefault("mentions", []).append({**span, "username": user.username})
    linked = post.parent if post.kind == "retweet" and post.parent is not None else post
    target = _target(linked)
    span = _span(text, _short_link(linked)) if target else None
    if target and span is not None:
        shown = target.removeprefix("https://")
        shown = shown if len(shown) <= 26 else shown[:26] + "…"
        link = {"url": _short_link(linked), "expanded_url": target, "display_url": shown}
        entities["urls"] = [{**span, **link}]
    return entities


def _span(text: str, part: str) -> dict[str, int] | None:
    """Where ``part`` stands as a word of its own, in characters; None where it was cut off."""
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        if end == len(text) or text[end] in " :\n":
            return {"start": start, "end": end}
        start = text.find(part, end)
    return None


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
