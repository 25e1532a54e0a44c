"""Parses Mastodon's statuses and trending tags of the REST API (docs.joinmastodon.org/entities)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trend_assets.sources.event import Event, Rejected
from trend_assets.sources.wire import instants, tags
from trend_assets.sources.wire.markup import plain_text
from trend_assets.sources.wire.values import identifier, mapping, mappings, numbers, present, size, strings, text

#: Networks of their own whose statuses have Mastodon's form, by host.
_NETWORKS = {"truthsocial.com": "truth_social", "gab.com": "gab"}


def parse(payload: Mapping[str, Any]) -> Event:
    """A status, or a trending tag, as an event.

    Args:
        payload: a ``Status``; or a ``Tag`` with its ``history``, and ``observedAt`` and ``instance`` that
            tell when and where it trended.

    Returns:
        The event. Ids are the network's own addresses (``uri``, the account's ``url``), so that a post seen
        through two servers is one. A boost is a `retweet`, its text and tags those of what is boosted.

    Raises:
        Rejected: neither of both, no id, no readable time.
    """
    if "observedAt" in payload:
        return _trend(payload)
    uri = identifier(payload.get("uri")) or identifier(payload.get("url"))
    if uri is None:
        raise Rejected("no status uri")
    timestamp = instants.from_iso(payload.get("created_at"))
    account, boosted = mapping(payload.get("account")), mapping(payload.get("reblog"))
    shown = boosted or payload
    written = _written(shown)
    listed = shown.get("tags")
    hashtags = tuple(dict.fromkeys(strings(listed, "name"))) if isinstance(listed, list) else tags.hashtags(written)
    cashtags = tuple(f"${tag}" for tag in tags.cashtags(written))
    quoted = _quoted(payload)
    mentions = strings(shown.get("mentions"), "acct")
    return Event(
        timestamp=timestamp,
        source=_NETWORKS.get(_host(uri), "mastodon"),
        event_type=_event_type(payload, boosted, quoted),
        content_id=uri,
        user_id=_account_id(account),
        text=written,
        hashtags=hashtags,
        topics=cashtags,
        language=text(shown.get("language")),
        context=present(
            (
                ("original_content_id", identifier(boosted.get("uri")) or quoted),
                ("original_user_id", _account_id(mapping((boosted or _quoted_status(payload)).get("account")))),
                # Of this server alone: it names no content elsewhere.
                ("in_reply_to_id", identifier(payload.get("in_reply_to_id"))),
                ("username", text(account.get("acct"))),
                ("mentions", mentions),
                ("mentioned_user_ids", strings(shown.get("mentions"), "url")),
                ("instance", uri.partition("://")[2].partition("/")[0]),
                ("url", text(payload.get("url"))),
            )
        ),
        features=numbers(
            (
                ("followers", account.get("followers_count")),
                ("following", account.get("following_count")),
                ("statuses", account.get("statuses_count")),
                ("bot", account.get("bot")),
                ("account_age_days", instants.age_days(timestamp, account.get("created_at"))),
                ("likes", shown.get("favourites_count")),
                ("retweets", shown.get("reblogs_count")),
                ("replies", shown.get("replies_count")),
                ("quotes", shown.get("quotes_count")),
                ("possibly_sensitive", shown.get("sensitive")),
                ("mention_count", len(mentions)),
                ("media_count", size(shown.get("media_attachments"))),
                ("hashtag_count", len(hashtags)),
                ("cashtag_count", len(cashtags)),
            )
        ),
    )


def _host(uri: str) -> str:
    return uri.partition("://")[2].partition("/")[0].lower()


def _event_type(status: Mapping[str, Any], boosted: Mapping[str, Any], quoted: str | None) -> str:
    if boosted:
        return "retweet"
    if identifier(status.get("in_reply_to_id")):
        return "reply"
    return "quote" if quoted else "original"


def _written(status: Mapping[str, Any]) -> str:
    """The warning before a post, where it has one, and the post."""
    parts = (text(status.get("spoiler_text")), plain_text(text(status.get("content")) or "").strip())
    return "\n".join(part for part in parts if part)


def _quoted(status: Mapping[str, Any]) -> str | None:
    return identifier(_quoted_status(status).get("uri"))


def _quoted_status(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(mapping(status.get("quote")).get("quoted_status"))


def _account_id(account: Mapping[str, Any]) -> str | None:
    return identifier(account.get("url")) or identifier(account.get("acct")) or identifier(account.get("id"))


def _trend(payload: Mapping[str, Any]) -> Event:
    tag, instance = text(payload.get("name")), text(payload.get("instance"))
    if tag is None or instance is None:
        raise Rejected("a trending tag without its name or its instance")
    timestamp = instants.from_iso(payload.get("observedAt"))
    today = next(iter(mappings(payload.get("history"))), {})
    return Event(
        timestamp=timestamp,
        source="mastodon",
        event_type="trend",
        content_id=f"{instance}:{tag.casefold()}:{timestamp:%Y-%m-%dT%H}",
        text=f"#{tag}",
        hashtags=(tag,),
        context={"instance": instance},
        features=numbers((("uses", today.get("uses")), ("accounts", today.get("accounts")))),
    )
