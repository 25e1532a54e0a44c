"""Addresses of posts and people are read from ids, and only from ids of the platform's own form."""

from __future__ import annotations

import pytest

from trend_assets.links import person_link, person_name, post_link

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
CHANNEL = "UCXzUddou1VJ-cVj_Nsn3_lP"


@pytest.mark.parametrize(
    ("source", "content", "answered", "link"),
    [
        ("twitter", "2007965354252306743", None, "https://x.com/i/web/status/2007965354252306743"),
        ("twitter", "javascript:alert(1)", None, None),
        ("youtube", "dQw4w9WgXcQ", None, "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ("youtube", "dQw4w9WgXcQ:2026-11-29T08", "dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ("youtube", "UgzD-kq9", "dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc=UgzD-kq9"),
        ("youtube", "UgzD-kq9", None, None),
        ("bluesky", f"at://{DID}/app.bsky.feed.post/3k4a", None, f"https://bsky.app/profile/{DID}/post/3k4a"),
        ("bluesky", f"at://{DID}/app.bsky.feed.like/3k4a", None, None),
        ("mastodon", "https://fosstodon.org/users/ada/statuses/1", None, "https://fosstodon.org/users/ada/statuses/1"),
        ("mastodon", "http://fosstodon.org/1", None, None),
        ("hacker_news", "8863", None, "https://news.ycombinator.com/item?id=8863"),
        ("reddit", "t3_1abc", None, "https://www.reddit.com/comments/1abc"),
        ("telegram", "channel1/5", None, None),
    ],
)
def test_a_post_has_the_address_that_its_id_tells(
    source: str, content: str, answered: str | None, link: str | None
) -> None:
    assert post_link(source, content, answered) == link


@pytest.mark.parametrize(
    ("source", "user", "username", "link", "name"),
    [
        ("twitter", "12", "jack", "https://x.com/i/user/12", "@jack"),
        ("twitter", "12", None, "https://x.com/i/user/12", None),
        ("twitter", "9f86d081884c7d65", None, None, None),
        ("youtube", CHANNEL, "A channel", f"https://www.youtube.com/channel/{CHANNEL}", "A channel"),
        ("bluesky", DID, "ada.bsky.social", f"https://bsky.app/profile/{DID}", "@ada.bsky.social"),
        ("mastodon", "https://mas.to/@ada", "ada", "https://mas.to/@ada", "@ada@mas.to"),
        ("hacker_news", "pg", None, "https://news.ycombinator.com/user?id=pg", "pg"),
        ("twitter", None, None, None, None),
    ],
)
def test_a_person_has_a_page_and_a_name(
    source: str, user: str | None, username: str | None, link: str | None, name: str | None
) -> None:
    assert (person_link(source, user), person_name(source, user, username)) == (link, name)
