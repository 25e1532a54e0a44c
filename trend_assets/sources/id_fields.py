"""The fields in which each format keeps ids of users and of contents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trend_assets.sources.formats import (
    ACTIVITYPUB,
    BLUESKY,
    BLUESKY_FEED,
    BLUESKY_RECORD,
    DISCORD,
    GOOGLE_TRENDS,
    JETSTREAM,
    MASTODON,
    REDDIT,
    TELEGRAM,
    TELEGRAM_API,
    TWITTER_V1,
    X_V2,
    YOUTUBE_V3,
    ZEESCHUIMER,
)


@dataclass(frozen=True, slots=True)
class IdFields:
    """Where a format keeps ids.

    Args:
        marks: a payload of the format has one of these keys, by itself or under ``data``; none where payloads
            cannot be told by their keys.
        people: keys under which a person, or a list of persons, stands as an object or as its bare id.
        contents: the same for contents; the payload itself is one.
        person_ids: keys of a person's own id; the first that is there counts, as for the format's parser.
        content_ids: the same for contents.
        users: keys of users' ids, wherever they stand.
        posts: keys of contents' ids, wherever they stand.
        number: what events write before a user's number.
        is_whole: whether these are all ids of a payload; else the event's own and its context's are asked, too.
    """

    marks: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    person_ids: tuple[str, ...] = ("id",)
    content_ids: tuple[str, ...] = ("id",)
    users: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()
    number: str = ""
    is_whole: bool = True


def _keys(*names: str) -> frozenset[str]:
    return frozenset(names)


def _both(*names: str) -> frozenset[str]:
    """Keys that stand there as a number, and with ``_str`` as text."""
    return frozenset(f"{name}{suffix}" for name in names for suffix in ("", "_str"))


_BLUESKY = IdFields(marks=_keys("record"), content_ids=(), users=_keys("did", "src"), posts=_keys("uri"))
_BLUESKY_PARTS = IdFields(content_ids=(), users=_BLUESKY.users, posts=_BLUESKY.posts, is_whole=False)

#: Formats that are not here hold no other event: their ids are the event's own and those of its context. A tweet that a
#: user has pinned is not told by others' tweets that carry the user: `pinned_tweet_id` is no field of X's.
ID_FIELDS: Mapping[str, IdFields] = {
    TWITTER_V1: IdFields(
        marks=_keys("user", "id_str"),
        people=_keys("user", "user_mentions", "contributors"),
        contents=_keys("retweeted_status", "quoted_status", "current_user_retweet"),
        person_ids=("id_str", "id"),
        content_ids=("id_str", "id"),
        users=_both("in_reply_to_user_id", "source_user_id"),
        posts=_both("in_reply_to_status_id", "quoted_status_id", "source_status_id", "conversation_id"),
    ),
    X_V2: IdFields(
        marks=_keys("author_id", "conversation_id", "edit_history_tweet_ids", "referenced_tweets"),
        people=_keys("author", "users", "mentions", "in_reply_to_user"),
        contents=_keys("data", "tweets", "referenced_tweets"),
        users=_keys("author_id", "in_reply_to_user_id"),
        posts=_keys("conversation_id", "edit_history_tweet_ids"),
    ),
    # Of tweets, as X's own pages load them.
    ZEESCHUIMER: IdFields(
        people=_keys("user_mentions"),
        contents=_keys("legacy"),
        person_ids=("id_str",),
        content_ids=("id_str",),
        users=_keys("user_id_str", "in_reply_to_user_id_str"),
        posts=_keys("in_reply_to_status_id_str", "quoted_status_id_str", "conversation_id_str"),
        is_whole=False,
    ),
    YOUTUBE_V3: IdFields(
        marks=_keys("snippet"),
        people=_keys("authorChannelId"),
        contents=_keys("topLevelComment", "comments"),
        person_ids=("value",),
        users=_keys("channelId"),
        posts=_keys("videoId", "parentId"),
    ),
    BLUESKY: _BLUESKY,
    BLUESKY_FEED: _BLUESKY_PARTS,
    BLUESKY_RECORD: _BLUESKY_PARTS,
    JETSTREAM: _BLUESKY_PARTS,
    MASTODON: IdFields(
        marks=_keys("account"),
        people=_keys("account", "mentions"),
        contents=_keys("reblog", "quoted_status"),
        person_ids=("url", "acct", "id"),
        content_ids=("uri", "url"),
    ),
    ACTIVITYPUB: IdFields(
        content_ids=(),
        users=_keys("actor", "attributedTo", "to", "cc", "href"),
        posts=_keys("object", "inReplyTo", "quote", "quoteUrl"),
        is_whole=False,
    ),
    REDDIT: IdFields(
        people=_keys("author"),
        contents=_keys("data", "crosspost_parent_list"),
        content_ids=("name",),
        posts=_keys("crosspost_parent", "link_id", "parent_id"),
        is_whole=False,
    ),
    TELEGRAM: IdFields(
        content_ids=(),
        users=_keys("from_id", "forwarded_from_id", "user_id", "actor_id"),
        number="user",
        is_whole=False,
    ),
    TELEGRAM_API: IdFields(
        people=_keys("_sender"),
        content_ids=(),
        users=_keys("from_id", "user_id"),
        number="user",
        is_whole=False,
    ),
    DISCORD: IdFields(
        people=_keys("author", "mentions", "users", "user"),
        contents=_keys("message"),
        posts=_keys("messageId"),
    ),
    # It names no users, and its contents name no others.
    GOOGLE_TRENDS: IdFields(content_ids=()),
}
