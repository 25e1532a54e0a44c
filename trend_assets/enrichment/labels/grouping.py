"""Topics that mean the same: they are spelled alike, or stand in the same posts, which mean nearly the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trend_assets.enrichment.labels.naming import squeezed

#: Share of the smaller topic's posts that name both, and cosine of the middles, from which topics are one group; a
#: topic stays in its group while they are at least the lower ones.
_TOGETHER, _ALIKE = 0.6, 0.6
_STAYS_TOGETHER, _STAYS_ALIKE = 0.4, 0.5
_LEAST_TOGETHER = 3


@dataclass(frozen=True, slots=True)
class Topic:
    """What groups are made from.

    Attributes:
        posts: ids of its posts.
        middle: mean vector of unit length; None where none of its posts has a vector.
        leader: the topic that its group was named by last; None where it had none.
    """

    posts: Collection[str]
    middle: npt.NDArray[np.float32] | None
    leader: str | None = None


def groups(topics: Mapping[str, Topic]) -> dict[str, str]:
    """For each topic the one that leads its group: itself where it stands alone.

    Leaders are taken in an order that hardly changes: those that led before, then the most mentioned. A topic joins the
    first one that it belongs to, its former leader before others; nobody joins one who has joined another.
    """
    led = {topic.leader for name, topic in topics.items() if topic.leader != name}
    order = sorted(topics, key=lambda name: (name not in led, -len(topics[name].posts), name))
    posts = {name: set(topic.posts) for name, topic in topics.items()}
    leaders: dict[str, str] = {}
    spelled: dict[str, str] = {}
    by_post: dict[str, list[str]] = {}
    for name in order:
        near = _shared(posts[name], by_post)
        before = topics[name].leader
        candidates = sorted(near, key=lambda other: (other != before, -near[other], other))
        alike = spelled.setdefault(squeezed(name) or name, name)
        leader = leaders.get(alike) or next(
            (other for other in candidates if _belongs(name, other, near[other], topics, posts)), name
        )
        leaders[name] = leader
        if leader == name:
            for post in posts[name]:
                by_post.setdefault(post, []).append(name)
    return leaders


def _shared(posts: set[str], by_post: Mapping[str, Sequence[str]]) -> dict[str, int]:
    shared: dict[str, int] = {}
    for post in posts:
        for other in by_post.get(post, ()):
            shared[other] = shared.get(other, 0) + 1
    return shared


def _belongs(
    name: str, other: str, both: int, topics: Mapping[str, Topic], posts: Mapping[str, set[str]]
) -> bool:  # fmt: skip
    mine, others = topics[name].middle, topics[other].middle
    if both < _LEAST_TOGETHER or mine is None or others is None:
        return False
    stays = topics[name].leader == other
    together = both / min(len(posts[name]), len(posts[other]))
    alike = float(np.dot(mine, others))
    return together >= (_STAYS_TOGETHER if stays else _TOGETHER) and alike >= (_STAYS_ALIKE if stays else _ALIKE)
