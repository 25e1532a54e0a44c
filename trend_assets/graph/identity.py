"""Node ids: stable hashes, so that every run gives a node the same number."""

from __future__ import annotations

import hashlib

_SIGN_BIT_CLEARED = (1 << 63) - 1


def node_id(kind: str, key: str) -> int:
    """BLAKE2b-64 of ``kind:key`` with the sign bit cleared: the same in every run, and a BIGINT.

    Args:
        kind: ``user``, ``content``, ``topic`` or ``community``.
        key: ``source:user_id``, ``source:content_id``, the topic, ``source:community``, or the source alone.
    """
    digest = hashlib.blake2b(f"{kind}:{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") & _SIGN_BIT_CLEARED
