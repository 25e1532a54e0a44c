"""Addresses of posts and people on their platforms, read from the ids that the platforms gave them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class _Place(NamedTuple):
    """Ids that have an address, and that address."""

    ids: re.Pattern[str]
    address: str


_WEB = _Place(re.compile(r"(https://\S+)"), "{0}")
_POSTS: Mapping[str, _Place] = {
    "twitter": _Place(re.compile(r"(\d+)"), "https://x.com/i/web/status/{0}"),
    "youtube": _Place(re.compile(r"([\w-]{11})(?::.*)?"), "https://www.youtube.com/watch?v={0}"),
    "bluesky": _Place(
        re.compile(r"at://(did:[a-z]+:[\w.:%-]+)/app\.bsky\.feed\.post/(\w+)"),
        "https://bsky.app/profile/{0}/post/{1}",
    ),
    "mastodon": _WEB,
    "gab": _WEB,
    "truth_social": _WEB,
    "hacker_news": _Place(re.compile(r"(\d+)"), "https://news.ycombinator.com/item?id={0}"),
    "reddit": _Place(re.compile(r"t3_(\w+)"), "https://www.reddit.com/comments/{0}"),
}
_PEOPLE: Mapping[str, _Place] = {
    "twitter": _Place(re.compile(r"(\d+)"), "https://x.com/i/user/{0}"),
    "youtube": _Place(re.compile(r"(UC[\w-]{22})"), "https://www.youtube.com/channel/{0}"),
    "bluesky": _Place(re.compile(r"(did:[a-z]+:[\w.:%-]+)"), "https://bsky.app/profile/{0}"),
    "mastodon": _WEB,
    "gab": _WEB,
    "truth_social": _WEB,
    "hacker_news": _Place(re.compile(r"([\w-]+)"), "https://news.ycombinator.com/user?id={0}"),
    "reddit": _Place(re.compile(r"([\w-]+)"), "https://www.reddit.com/user/{0}"),
}
_COMMENT = "https://www.youtube.com/watch?v={0}&lc={1}"
_ACCOUNT = re.compile(r"https://([^/]+)/(?:@|users/)([^/]+)")


def post_link(source: str, content_id: str, answered: str | None = None) -> str | None:
    """Where a post can be read; None where its id tells no address.

    Args:
        source: the platform, as in `SOURCES`.
        content_id: the platform's own id.
        answered: the id of the content that it stands under, if any.
    """
    found = _at(_POSTS.get(source), content_id)
    if found is None and source == "youtube" and answered and (video := _POSTS[source].ids.fullmatch(answered)):
        return _COMMENT.format(video[1], content_id)
    return found


def person_link(source: str, user_id: str | None) -> str | None:
    """A person's page; None where the id tells no address, as that of a pseudonym."""
    return _at(_PEOPLE.get(source), user_id) if user_id else None


def person_name(source: str, user_id: str | None, username: str | None) -> str | None:
    """What a person is called there: the name that came with a post, else what the id says; None where neither does."""
    if account := _ACCOUNT.fullmatch(user_id or ""):
        return f"@{account[2]}@{account[1]}"
    if username:
        return username if source == "youtube" or username.startswith("@") else f"@{username}"
    return user_id if source in {"hacker_news", "reddit", "tiktok"} else None


def _at(place: _Place | None, identifier: str) -> str | None:
    found = place.ids.fullmatch(identifier) if place else None
    return place.address.format(*found.groups()) if place and found else None
