"""Who posts on Bluesky and Mastodon, too, and what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from trend_assets.simulator.timeline import Post
from trend_assets.simulator.world import Source, World


def posts(world: World, source: Source, start: datetime) -> list[Post]:
    return [post for post in world.events(source, start, start + timedelta(days=4)) if isinstance(post, Post)]


def above(post: Post) -> Iterator[Post]:
    while post.parent is not None:
        post = post.parent
        yield post


@pytest.mark.parametrize("site", ["bluesky", "mastodon"])
def test_a_site_holds_whole_conversations_of_people_of_x_and_no_retweets(
    site: Source, world: World, start: datetime
) -> None:
    everywhere, here = posts(world, "twitter", start), posts(world, site, start)
    assert set(here) < set(everywhere)
    assert 0.2 * len(everywhere) < len(here) < 0.8 * len(everywhere)
    assert {post.kind for post in here} == {"original", "reply", "quote"}
    people = {post.author for post in here}
    assert all(
        parent in set(here) for post in here for parent in above(post) if parent.milliseconds > here[0].milliseconds
    )
    originals = {post.author for post in everywhere if post.kind == "original"}
    assert 0.6 < len(people & originals) / len(originals) < 0.9


def test_some_people_are_on_both(world: World, start: datetime) -> None:
    bluesky, mastodon = ({post.author for post in posts(world, site, start)} for site in ("bluesky", "mastodon"))
    assert bluesky - mastodon and mastodon - bluesky and bluesky & mastodon
