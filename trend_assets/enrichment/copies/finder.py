"""Places posts, in order of time, beside those of the 24 hours before that are nearly the same."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from trend_assets.enrichment.copies.texts import SIMILAR, Signature, band_keys, signatures

#: Seconds for which a text is remembered.
REMEMBERED = 24 * 3600


@dataclass(slots=True)
class Post:
    """When a post was written (s since 1970, UTC), by whom, and about what."""

    at: float
    user: str
    topics: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """Near copies of one text, the latest ones, who wrote how many, and when each of their topics last counted."""

    name: str
    posts: deque[Post] = field(default_factory=deque)
    users: Counter[str] = field(default_factory=Counter)
    counted: dict[str, float] = field(default_factory=dict)

    def add(self, post: Post) -> None:
        """Takes in a post; none is earlier than those before."""
        self.posts.append(post)
        self.users[post.user] += 1

    def drop(self, until: float) -> None:
        """Drops posts until a moment."""
        while self.posts[0].at <= until:
            gone = self.posts.popleft().user
            self.users[gone] -= 1
            if not self.users[gone]:
                del self.users[gone]


@dataclass(frozen=True, slots=True)
class Copy:
    """A near copy of an earlier post.

    Attributes:
        group: names the campaign: that of the post most like it.
        copies: how many posts of the group there were in the last 24 hours, this one among them.
        users: how many users wrote them.
        repeated: those of its topics that another post of the group has counted for in the last 24 hours.
    """

    group: str
    copies: int
    users: int
    repeated: tuple[str, ...]


class CopyFinder:
    """Places posts, in order of time, beside those of the 24 hours before that are nearly the same."""

    def __init__(self) -> None:
        self._signatures: list[Signature] = []
        self._at: list[float] = []
        self._group: list[_Group] = []
        self._latest: dict[int, int] = {}
        self._groups: dict[str, _Group] = {}

    def add(self, signature: Signature, bands: Sequence[int], post: Post, name: str) -> Copy | None:
        """What the next post is a near copy of, if of any; `name` names the group that it begins otherwise."""
        found = self._most_similar(signature, bands, post.at)
        group = self._group_named(name) if found is None else found
        copy = self._join(group, post)
        self._know(signature, bands, post.at, group)
        return copy if copy.copies > 1 else None

    def count(self, post: Post, name: str, repeated: Iterable[str]) -> None:
        """Takes a post that was placed before into the group of this name, without counting what it repeated."""
        group = self._group_named(name)
        group.add(post)
        known = set(repeated)
        group.counted.update({topic: post.at for topic in post.topics if topic not in known})

    def know(self, signature: Signature, bands: Sequence[int], at: float, name: str) -> None:
        """Takes in the text of a post that was placed before: posts of these bands can be copies of it."""
        self._know(signature, bands, at, self._group_named(name))

    def forget(self, now: float) -> None:
        """Drops what is older than a day: memory stays that of a day's texts."""
        old = int(np.searchsorted(self._at, now - REMEMBERED))
        if old < len(self._at) // 2:
            return
        del self._signatures[:old], self._at[:old], self._group[:old]
        self._latest = {key: at - old for key, at in self._latest.items() if at >= old}
        self._groups = {group.name: group for group in self._group}

    def _most_similar(self, signature: Signature, bands: Sequence[int], now: float) -> _Group | None:
        candidates = {at for key in bands if (at := self._latest.get(key)) is not None}
        recent = sorted((at for at in candidates if self._at[at] > now - REMEMBERED), reverse=True)
        if not recent:
            return None
        alike = (np.array([self._signatures[at] for at in recent]) == signature).mean(axis=1)
        best = int(alike.argmax())
        return self._group[recent[best]] if alike[best] >= SIMILAR else None

    def _group_named(self, name: str) -> _Group:
        return self._groups.setdefault(name, _Group(name))

    def _join(self, group: _Group, post: Post) -> Copy:
        group.add(post)
        group.drop(post.at - REMEMBERED)
        repeated = tuple(topic for topic in post.topics if group.counted.get(topic, -np.inf) > post.at - REMEMBERED)
        group.counted.update({topic: post.at for topic in post.topics if topic not in repeated})
        return Copy(group.name, len(group.posts), len(group.users), repeated)

    def _know(self, signature: Signature, bands: Sequence[int], at: float, group: _Group) -> None:
        self._latest.update(dict.fromkeys(bands, len(self._at)))
        self._signatures.append(signature)
        self._at.append(at)
        self._group.append(group)


def users_of_copies(keys: Sequence[str | None], users: Sequence[str | None]) -> list[int]:
    """For each text, how many users wrote nearly the same among all of these; 0 where it is not known."""
    asked = [at for at, key in enumerate(keys) if key is not None and users[at] is not None]
    finder = CopyFinder()
    found = signatures([keys[at] or "" for at in asked])
    groups: dict[int, str] = {}
    members: dict[str, set[str]] = {}
    for at, signature, bands in zip(asked, found, band_keys(found).tolist(), strict=True):
        user = users[at] or ""
        copy = finder.add(signature, bands, Post(0.0, user, ()), str(at))
        groups[at] = str(at) if copy is None else copy.group
        members.setdefault(groups[at], set()).add(user)
    return [len(members[groups[at]]) if at in groups else 0 for at in range(len(keys))]
