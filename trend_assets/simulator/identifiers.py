"""Deterministic ids in the platforms' formats."""

from __future__ import annotations

import base64
import hashlib

#: Milliseconds since 1970 at which X's ids begin, and the bits below the time.
SNOWFLAKE_EPOCH = 1_288_834_974_657
_SNOWFLAKE_BITS = 22


def snowflake(milliseconds: int, number: int) -> str:
    """X's id of something made at that time; ``number`` tells apart what was made in one millisecond.

    Args:
        milliseconds: since 1970; what is older than the snowflakes gets a small serial number, as on X.
        number: any non-negative number.
    """
    since = milliseconds - SNOWFLAKE_EPOCH
    if since <= 0:
        return str(10_000 + number)
    return str(since << _SNOWFLAKE_BITS | number % (1 << _SNOWFLAKE_BITS))


def opaque(key: str, length: int) -> str:
    """``length`` (at most 80) characters of base64url that stand for ``key``: YouTube's kind of id."""
    digest = hashlib.blake2b(key.encode(), digest_size=64).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]
