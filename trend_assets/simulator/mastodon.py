"""Simulated statuses and trending tags in Mastodon's format (docs.joinmastodon.org/entities)."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from trend_assets.simulator.identifiers import opaque
from trend_assets.simulator.population import User
from trend_assets.simulator.timeline import Post
from trend_assets.simulator.twitter import metrics

_ID_BITS = 16
_DAYS_OF_HISTORY = 7
_SECONDS_A_DAY = 86_400


def status(post: Post, at: int, host: str) -> dict[str, Any]:
    """A ``Status``.

    Args:
        post: what was posted.
        at: when it is asked for, in ms since 1970; counts are those reached by then.
        host: the server's name.
    """
    shown = {**_bare_status(post, at, host), "quote": None}
    if post.kind == "quote" and post.parent is not None:
        shown["quote"] = {"state": "accepted", "quoted_status": _bare_status(post.parent, at, host)}
    return shown


def status_id(post: Post) -> int:
    """Milliseconds since 1970 and sixteen bits that tell apart what is made in one."""
    return post.milliseconds << _ID_BITS | post.number % (1 << _ID_BITS)


def status_uri(post: Post, host: str) -> str:
    """The post's own address in the network."""
    return f"https://{host}/users/{post.author.username}/statuses/{status_id(post)}"


def trending_tag(name: str, uses: Iterable[tuple[int, User]], at: int, host: str) -> dict[str, Any]:
    """A ``Tag`` with the history of a week, today first.

    Args:
        name: without the sign.
        uses: when (ms since 1970) and by whom it was used.
        at: now, in ms since 1970.
        host: the server's name.
    """
    today = at // 1000 // _SECONDS_A_DAY
    days: dict[int, list[User]] = {today - back: [] for back in range(_DAYS_OF_HISTORY)}
    for milliseconds, user in uses:
        days.get(milliseconds // 1000 // _SECONDS_A_DAY, []).append(user)
    history = [
        {
            "day": str(day * _SECONDS_A_DAY),
            "accounts": str(len({user.user_id for user in users})),
            "uses": str(len(users)),
        }
        for day, users in days.items()
    ]
    return {"id": str(_number(name)), "name": name, "url": _tag_url(name, host), "history": history}


def _number(key: str) -> int:
    """A number of at most six digits that stands for ``key``."""
    return int.from_bytes(opaque(f"tag:{key}", 8).encode(), "big") % 1_000_000


def _bare_status(post: Post, at: int, host: str) -> dict[str, Any]:
    counts = metrics(post, at)
    number, uri = status_id(post), status_uri(post, host)
    answered = post.parent if post.kind == "reply" else None
    labels = [topic.label for topic in post.topics if topic.label.startswith("#")]
    return {
        "id": str(number),
        "created_at": _stamp(post.milliseconds),
        "in_reply_to_id": str(status_id(answered)) if answered else None,
        "in_reply_to_account_id": _account_id(answered.author) if answered else None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": post.language,
        "uri": uri,
        "url": f"https://{host}/@{post.author.username}/{number}",
        "replies_count": counts["reply_count"],
        "reblogs_count": counts["retweet_count"],
        "favourites_count": counts["like_count"],
        "quotes_count": counts["quote_count"],
        "edited_at": None,
        "content": _content(post, labels, host),
        "reblog": None,
        "account": _account(post.author, at, host),
        "media_attachments": [],
        "mentions": [_mention(answered.author, host)] if answered else [],
        "tags": [{"name": label[1:].lower(), "url": _tag_url(label[1:].lower(), host)} for label in labels],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def _content(post: Post, labels: Iterable[str], host: str) -> str:
    words = html.escape(post.text, quote=False)
    for label in labels:
        address = _tag_url(label[1:].lower(), host)
        link = f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{label[1:]}</span></a>'
        words = words.replace(html.escape(label, quote=False), link, 1)
    if post.kind == "reply" and post.parent is not None:
        name = post.parent.author.username
        link = f'<a href="https://{host}/@{name}" class="u-url mention">@<span>{name}</span></a>'
        words = f'<span class="h-card">{link}</span> {words}'
    if post.url:
        shown = post.url.removeprefix("https://")
        words += f' <a href="{post.url}" rel="nofollow"><span class="invisible">https://</span><span>{shown}</span></a>'
    return f"<p>{words}</p>"


def _account(user: User, at: int, host: str) -> dict[str, Any]:
    address = f"https://{host}/@{user.username}"
    return {
        "id": _account_id(user),
        "username": user.username,
        "acct": user.username,
        "display_name": user.name,
        "locked": False,
        "bot": False,
        "group": False,
        # Servers tell the day alone.
        "created_at": f"{datetime.fromtimestamp(user.created, UTC):%Y-%m-%d}T00:00:00.000Z",
        "note": f"<p>{html.escape(user.description)}</p>",
        "url": address,
        "avatar": f"https://{host}/avatars/original/missing.png",
        "avatar_static": f"https://{host}/avatars/original/missing.png",
        "header": f"https://{host}/headers/original/missing.png",
        "header_static": f"https://{host}/headers/original/missing.png",
        "followers_count": user.followers_count,
        "following_count": user.following_count,
        "statuses_count": user.tweets_before + user.posted_before(at),
        "last_status_at": f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%d}",
        "emojis": [],
        "fields": [],
    }


def _account_id(user: User) -> str:
    return str(user.created * 1000 << _ID_BITS | user.number % (1 << _ID_BITS))


def _mention(user: User, host: str) -> dict[str, str]:
    address = f"https://{host}/@{user.username}"
    return {"id": _account_id(user), "username": user.username, "url": address, "acct": user.username}


def _tag_url(name: str, host: str) -> str:
    return f"https://{host}/tags/{name}"


def _stamp(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
