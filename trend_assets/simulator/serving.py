"""What the mock platforms share: requests, responses, page tokens, rate limits."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any, Literal

import orjson

from trend_assets.simulator.world import World

#: Lengths of the windows in which requests are counted, in seconds.
_WINDOWS = {"x": 900, "bluesky": 300, "mastodon": 300}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back.

    ``cut_after`` is the number of bytes after which the line goes dead, after ``silence`` seconds.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    silence: float = 0.0

    @classmethod
    def json(
        cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None, before: bytes = b""
    ) -> Answer:
        """``value`` as JSON, after ``before``."""
        more = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return cls(status, before + orjson.dumps(value), more)


class Limits:
    """What may be asked, counted as the platforms do.

    Args:
        x_requests: requests to X in 15 minutes.
        x_posts: posts that X gives in all (its monthly cap); None for no bound.
        youtube_units: quota units of YouTube in all (its day); None for no bound.
        key: the one key that is accepted; None for any.
        bluesky_requests: requests to Bluesky in 5 minutes.
        bluesky_page: posts on a page of Bluesky at most; it may give fewer than it is asked for.
        bluesky_scrolls: whether Bluesky gives strangers a second page.
        mastodon_requests: requests to Mastodon in 5 minutes.
    """

    def __init__(
        self,
        x_requests: int = 450,
        x_posts: int | None = None,
        youtube_units: int | None = None,
        key: str | None = None,
        bluesky_requests: int = 3000,
        bluesky_page: int = 100,
        bluesky_scrolls: bool = True,
        mastodon_requests: int = 300,
    ) -> None:
        self.x_requests, self.x_posts, self.youtube_units, self.key = x_requests, x_posts, youtube_units, key
        self.bluesky_requests, self.mastodon_requests = bluesky_requests, mastodon_requests
        self.bluesky_page, self.bluesky_scrolls = bluesky_page, bluesky_scrolls
        self.posts_given = self.units_spent = 0
        self._asked: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def ask(self, platform: Literal["x", "bluesky", "mastodon"], now: datetime) -> tuple[int, int]:
        """Counts a request.

        Returns:
            How many are left in its window (below 0: none was), and when the next one begins, in seconds
            since 1970.
        """
        with self._lock:
            seconds = _WINDOWS[platform]
            window = int(now.timestamp()) // seconds
            last, count = self._asked.get(platform, (window, 0))
            count = count + 1 if last == window else 1
            self._asked[platform] = window, count
            return getattr(self, f"{platform}_requests") - count, (window + 1) * seconds

    def give_posts(self, count: int) -> None:
        """Counts posts that were given."""
        with self._lock:
            self.posts_given += count

    def spend_units(self, units: int) -> bool:
        """Charges units of quota; False where they are not left."""
        with self._lock:
            if self.youtube_units is not None and self.units_spent + units > self.youtube_units:
                return False
            self.units_spent += units
            return True


@dataclass(frozen=True, slots=True)
class SimulatedRequest:
    """One request to the mock server: parameters, headers, the world and its clock."""

    path: str
    parameters: Mapping[str, str]
    headers: Message
    world: World
    now: datetime
    limits: Limits

    @property
    def milliseconds(self) -> int:
        """The clock, in ms since 1970."""
        return int(self.now.timestamp() * 1000)

    def moment(self, name: str, default: datetime) -> datetime:
        """A parameter as a time; ``default`` where it is absent.

        Raises:
            ValueError: not a time.
        """
        said = self.parameters.get(name)
        return datetime.fromisoformat(said) if said else default

    def number(self, name: str, default: int) -> int:
        """A parameter as a whole number.

        Raises:
            ValueError: not a number.
        """
        return int(self.parameters.get(name) or default)


def page_token(position: int, version: int = 0) -> str:
    """An opaque token of a place in a list; tokens of several versions name one place."""
    return base64.b32encode(f"{position}.{version}".encode()).decode().rstrip("=").lower()


def read_token(token: str | None) -> tuple[int, int]:
    """Place and version of a token; the beginning where there is none.

    Raises:
        ValueError: not such a token.
    """
    if not token:
        return 0, 0
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        position, version = base64.b32decode(padded).decode().split(".")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not a page token") from error
    return int(position), int(version)
