"""Parses tweets of X's API v2: a slice of a page, or flattened by twarc2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.twitter.parts import (
    cashtags_or_text,
    expanded_urls,
    hashtags_or_text,
    listed_tags,
    tweet_id,
    unescape,
    was_cut,
)
from trend_assets.sources.wire import instants
from trend_assets.sources.wire.values import (
    identifier,
    mapping,
    mappings,
    numbers,
    present,
    size,
    strings,
    text,
    words,
)

#: Precedence: what is both a reply and a quote is a reply.
_EVENT_TYPES = (("retweeted", "retweet"), ("replied_to", "reply"), ("quoted", "quote"))

#: What an answer holds when no fields were asked for.
_DEFAULT_FIELDS = {"id", "text", "edit_history_tweet_ids"}


def parse_v2(payload: Mapping[str, Any]) -> Event:
    """An API v2 tweet as an event.

    Args:
        payload: ``{"data": tweet, "includes": {users, tweets, places, media}}`` with the includes that
            the tweet refers to (any may be missing), or a tweet flattened by twarc2.

    Returns:
        The event, its type by precedence retweet, reply, quote, original. Each version of an edited
        tweet is an event of its own; its context names them all in ``edit_history``. A tweet delivered
        without ``created_at`` has the time that its id tells. Counts such as ``likes`` are what the
        platform said when the tweet was collected.

    Raises:
        Rejected: not a tweet (saying what it looks like), no id, no readable time.
    """
    view = _View.of(payload)
    tweet, author = view.tweet, view.author
    content_id = tweet_id(tweet.get("id"))
    timestamp = _time(tweet, content_id)
    written, entities = _text(tweet)
    event_type, original_id = view.relation()
    original = view.referenced.get(original_id or "", {})
    tagged, tag_entities = written, entities
    if event_type == "retweet" and original and was_cut(written):
        tagged, tag_entities = _text(original)
    hashtags = hashtags_or_text(_entity_tags(tag_entities, "hashtags"), tagged)
    cashtags = cashtags_or_text(_entity_tags(tag_entities, "cashtags"), tagged)
    quoted_id = view.references.get("quoted")
    return Event(
        timestamp=timestamp,
        source="twitter",
        event_type=event_type,
        content_id=content_id,
        user_id=identifier(tweet.get("author_id")) or identifier(author.get("id")),
        text=unescape(written),
        hashtags=hashtags,
        topics=cashtags,
        language=text(tweet.get("lang")),
        context=present(
            (
                ("original_content_id", original_id),
                ("original_user_id", identifier(original.get("author_id"))),
                ("quoted_content_id", quoted_id if quoted_id != original_id else None),
                ("conversation_id", identifier(tweet.get("conversation_id"))),
                ("in_reply_to_user_id", identifier(tweet.get("in_reply_to_user_id"))),
                ("username", text(author.get("username"))),
                ("mentions", strings(mapping(entities).get("mentions"), "username")),
                ("mentioned_user_ids", _mentioned(mapping(entities).get("mentions"), mapping(payload.get("includes")))),
                ("urls", expanded_urls(mapping(entities).get("urls"))),
                ("place", text(view.place.get("full_name"))),
                ("country", text(view.place.get("country_code"))),
                ("edit_history", _edits(tweet)),
                ("withheld_in", words(mapping(tweet.get("withheld")).get("country_codes"))),
            )
        ),
        features={
            **_features(tweet, author, timestamp, entities),
            "hashtag_count": float(len(hashtags)),
            "cashtag_count": float(len(cashtags)),
        },
    )


@dataclass(frozen=True, slots=True)
class _View:
    """One tweet and what belongs to it, whichever way it was delivered."""

    tweet: Mapping[str, Any]
    author: Mapping[str, Any]
    place: Mapping[str, Any]
    #: Kind of reference (`retweeted`, `replied_to`, `quoted`) to the id of the tweet.
    references: Mapping[str, str]
    #: Id to tweet, where the referenced tweet itself was delivered.
    referenced: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> _View:
        flattened = "data" not in payload
        tweet = payload if flattened else payload["data"]
        if not isinstance(tweet, dict):
            raise Rejected("no tweet under data")
        _require_tweet(tweet)
        listed = mappings(tweet.get("referenced_tweets"))
        geo, includes = mapping(tweet.get("geo")), mapping(payload.get("includes"))
        if flattened:
            author, place = mapping(tweet.get("author")), geo
            delivered = [item for item in listed if "text" in item]
        else:
            author = _by_id(includes.get("users"), tweet.get("author_id"))
            place = _by_id(includes.get("places"), geo.get("place_id"))
            delivered = mappings(includes.get("tweets"))
        return cls(tweet, author, place, _references(listed), _keyed(delivered))

    def relation(self) -> tuple[str, str | None]:
        """The event type, and the id of the tweet that it repeats, answers or quotes."""
        for kind, event_type in _EVENT_TYPES:
            if kind in self.references:
                return event_type, self.references[kind]
        # Where no fields were asked for, only the platform's own prefix tells a retweet.
        if self.tweet.keys() <= _DEFAULT_FIELDS and (text(self.tweet.get("text")) or "").startswith("RT @"):
            return "retweet", None
        # Where references were not asked for, only the conversation tells a reply.
        conversation = identifier(self.tweet.get("conversation_id"))
        answers_someone = identifier(self.tweet.get("in_reply_to_user_id")) is not None
        if answers_someone and conversation and conversation != identifier(self.tweet.get("id")):
            return "reply", None
        return "original", None


def _mentioned(mentions: Any, includes: Mapping[str, Any]) -> list[str]:
    """Ids of the named users; where only their names were delivered, those of the includes."""
    known = {str(user.get("username")).casefold(): user.get("id") for user in mappings(includes.get("users"))}
    found = (
        identifier(user.get("id")) or identifier(known.get(str(user.get("username")).casefold()))
        for user in mappings(mentions)
    )
    return [user for user in found if user]


def _references(listed: list[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for reference in listed:
        kind, target = text(reference.get("type")), identifier(reference.get("id"))
        if kind and target:
            found.setdefault(kind, target)
    return found


def _keyed(items: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {key: item for item in items if (key := identifier(item.get("id")))}


def _by_id(items: Any, wanted: Any) -> Mapping[str, Any]:
    target = identifier(wanted)
    return _keyed(mappings(items)).get(target, {}) if target else {}


def _require_tweet(item: Mapping[str, Any]) -> None:
    if "text" in item or "note_tweet" in item:
        return
    if "tweet_count" in item and "start" in item:
        raise Rejected("a count of tweets over time, not a tweet")
    if "member_count" in item or "owner_id" in item:
        raise Rejected("a list of accounts, not a tweet")
    if "username" in item:
        raise Rejected("a user, not a tweet")
    raise Rejected("no text: not a tweet")


def _text(tweet: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    """The longest text that was delivered, and its entities: None where none were asked for."""
    note = mapping(tweet.get("note_tweet"))
    holder = note if text(note.get("text")) else tweet
    entities = holder.get("entities")
    return text(holder.get("text")) or "", entities if isinstance(entities, dict) else None


def _entity_tags(entities: Mapping[str, Any] | None, kind: str) -> tuple[str, ...] | None:
    """None where the text must tell: v2 leaves an empty list of entities out."""
    if entities is None:
        return None
    return listed_tags(entities[kind], "tag") if kind in entities else ()


def _time(tweet: Mapping[str, Any], content_id: str) -> datetime:
    if tweet.get("created_at") is not None:
        return instants.from_any(tweet["created_at"])
    told = instants.from_snowflake(content_id)
    if told is None:
        raise Rejected("no created_at, and the id is not one that tells the time")
    return instants.plausible(told)


def _edits(tweet: Mapping[str, Any]) -> list[str] | None:
    versions = words(tweet.get("edit_history_tweet_ids"))
    return versions if len(versions) > 1 else None


def _features(
    tweet: Mapping[str, Any],
    author: Mapping[str, Any],
    timestamp: datetime,
    entities: Mapping[str, Any] | None,
) -> dict[str, float]:
    counts, account = mapping(tweet.get("public_metrics")), mapping(author.get("public_metrics"))
    image = author.get("profile_image_url")
    attachments = mapping(tweet.get("attachments"))
    return numbers(
        (
            ("followers", account.get("followers_count")),
            ("following", account.get("following_count")),
            ("statuses", account.get("tweet_count")),
            ("listed", account.get("listed_count")),
            ("favourites", account.get("like_count")),
            ("verified", author.get("verified")),
            ("protected", author.get("protected")),
            ("default_profile_image", "/default_profile" in image if isinstance(image, str) else None),
            ("account_age_days", instants.age_days(timestamp, author.get("created_at"))),
            ("likes", counts.get("like_count")),
            ("retweets", counts.get("retweet_count")),
            ("replies", counts.get("reply_count")),
            ("quotes", counts.get("quote_count")),
            ("bookmarks", counts.get("bookmark_count")),
            ("impressions", counts.get("impression_count")),
            ("possibly_sensitive", tweet.get("possibly_sensitive")),
            ("url_count", None if entities is None else len(mappings(entities.get("urls")))),
            ("mention_count", None if entities is None else len(mappings(entities.get("mentions")))),
            ("media_count", size(attachments.get("media_keys"))),
        )
    )
