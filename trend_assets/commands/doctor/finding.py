"""What a check has found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trend_assets.errors import TrendError
from trend_assets.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Args:
        subject: what was looked at.
        told: what was found, in one sentence without a secret.
        todo: what to do about it, empty where `told` says it; None where nothing is wrong.
    """

    subject: str
    told: str
    todo: str | None = None


#: Looks at one part of a deployment.
Check = Callable[[Settings], Iterator[Finding]]


def findings(subject: str, check: Check, settings: Settings) -> Iterator[Finding]:
    """What a check finds; an error that ends it is a finding, too."""
    try:
        yield from check(settings)
    except (TrendError, OSError) as error:
        yield Finding(subject, " ".join(str(error).split()), "")
