"""What a fault is, and what is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from trend_assets_tests.faults.deployment import Deployment


class Missing(Exception):
    """What the fault needs is not on this machine; the message says what."""


@dataclass(slots=True)
class Seen:
    """What came of a fault.

    Args:
        times: how often it was tried.
        told: what was seen, in short.
        message: what the user got, one of several.
        broken: what does not hold; nothing, if all is well.
    """

    times: int = 0
    told: str = ""
    message: str = ""
    broken: list[str] = field(default_factory=list)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Notes what does not hold."""
        if not holds:
            self.broken.append(otherwise)

    def hear(self, said: str, advice: str) -> None:
        """Notes a message, which must be one sentence for people that says what to do.

        Args:
            said: by the command on standard error.
            advice: a pattern of what to do.
        """
        lines = [line for line in said.strip().splitlines() if line.strip()]
        self.message = lines[-1] if lines else ""
        # Dagster complains by itself where it cannot store its events.
        plain = lines and lines[-1].startswith("trend: ") and "Traceback" not in said and "unexpected" not in said
        self.expect(bool(plain), f"not one plain sentence: {said.strip()[-300:]!r}")
        self.expect(bool(re.search(advice, said)), f"the message does not say what to do ({advice}): {self.message!r}")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where faults are tried.

    Args:
        folder: empty, for this fault alone.
        base: a sound deployment, to be copied: its posts imported, nothing made of them yet.
        calm: one of which all hours are made.
        chance: of moments and places.
        times: how often a fault that hits at random is tried.
    """

    folder: Path
    base: Deployment
    calm: Deployment
    chance: Random
    times: int

    def deployment(self, name: str = "home") -> Deployment:
        """A new deployment, like `base`."""
        return self.base.copied(self.folder / name)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of bad day.

    Args:
        name: as on the command line.
        tells: what is done.
        happen: does it.
        quick: it takes a few seconds, so the suite does it, too.
    """

    name: str
    tells: str
    happen: Callable[[Ground], Seen]
    quick: bool = False
