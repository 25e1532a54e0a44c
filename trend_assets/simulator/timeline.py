"""Simulated posts and actions, independent of any platform's format."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

from trend_assets.simulator.identifiers import opaque, snowflake
from trend_assets.simulator.population import User
from trend_assets.simulator.topics import Topic

PostKind = Literal["original", "retweet", "reply", "quote"]


@dataclass(eq=False, slots=True)
class Post:
    """One post on X.

    ``milliseconds`` are since 1970, strictly rising from post to post. ``parent`` is what it retweets,
    answers or quotes; ``text`` is what its author wrote (empty for a retweet); ``appeal`` is the number of
    likes that it gets in the long run. ``reactions`` are the times (ms, rising) of what refers to it.
    """

    milliseconds: int
    number: int
    author: User
    kind: PostKind
    text: str
    language: str
    topics: tuple[Topic, ...]
    parent: Post | None = None
    url: str | None = None
    appeal: float = 0.0
    reactions: dict[PostKind, list[int]] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """As X writes it."""
        return snowflake(self.milliseconds, self.number)

    @property
    def conversation_id(self) -> str:
        """The id of the post that the conversation began with."""
        root = self
        while root.kind == "reply" and root.parent is not None:
            root = root.parent
        return root.id

    def react(self, kind: PostKind, milliseconds: int) -> None:
        """Notes that something refers to it."""
        self.reactions.setdefault(kind, []).append(milliseconds)

    def reactions_before(self, kind: PostKind, milliseconds: int) -> int:
        """How many reactions of a kind it had before that time."""
        return bisect_left(self.reactions.get(kind, ()), milliseconds)


@dataclass(eq=False, slots=True)
class Video:
    """One upload to YouTube; ``appeal`` is the number of views that it gets in the long run."""

    milliseconds: int
    key: str
    creator: User
    title: str
    description: str
    language: str
    topics: tuple[Topic, ...]
    seconds: int
    appeal: float
    comments: list[int] = field(default_factory=list, repr=False)

    @property
    def id(self) -> str:
        """As YouTube writes it."""
        return opaque(f"video:{self.key}", 11)

    def comments_before(self, milliseconds: int) -> int:
        """How many comments it had before that time."""
        return bisect_left(self.comments, milliseconds)


@dataclass(eq=False, slots=True)
class Comment:
    """One comment under a video."""

    milliseconds: int
    key: str
    author: User
    video: Video
    text: str
    topics: tuple[Topic, ...]

    @property
    def id(self) -> str:
        """As YouTube writes it."""
        return "Ug" + opaque(f"comment:{self.key}", 24)


@dataclass(eq=False, slots=True)
class Search:
    """One term in Google's list of what trends; ``traffic`` is the approximate number of searches."""

    milliseconds: int
    term: str
    country: str
    traffic: int
    topic: Topic


Occurrence = Post | Video | Comment | Search


@dataclass(frozen=True, slots=True)
class Hour:
    """Everything that happened in one hour, each list in order of time."""

    posts: tuple[Post, ...]
    videos: tuple[Video | Comment, ...]
    searches: tuple[Search, ...]
