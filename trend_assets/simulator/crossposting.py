"""Which simulated users post on Bluesky and Mastodon too, and what.

They say there what they say on X, at the same moment: nobody posts on these alone, so that the other
platforms' worlds stay what they are without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from trend_assets.simulator.population import User
from trend_assets.simulator.timeline import Post

Site = Literal["bluesky", "mastodon"]

#: Half of all people are on both, a quarter on each alone.
_HAS_ACCOUNT: Mapping[Site, Callable[[User], bool]] = {
    "bluesky": lambda user: user.number % 4 != 0,
    "mastodon": lambda user: user.number % 4 != 1,
}


def is_posted(post: Post, site: Site) -> bool:
    """Whether a post of X stands on the site, too.

    Retweets do not, for what is passed on is listed neither by Bluesky's search nor by Mastodon's public
    timelines; an answer or a quote does where what it refers to does.
    """
    while post.kind != "retweet" and _HAS_ACCOUNT[site](post.author):
        if post.parent is None:
            return True
        post = post.parent
    return False
