"""Validates names in requests (sources, models, labels), and lists the valid ones in errors."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from trend_assets.errors import TrendError

_SHOWN = 30
#: What may be said again of what was asked; anything longer or odder is no misspelt name.
_NAME = re.compile(r"[\w.:/#$-]{0,80}")


class Unknown(TrendError):
    """An unknown name in a request; the message lists the valid ones."""


def refuse_unknown(what: str, given: str, known: Collection[str]) -> None:
    """Refuses an unknown name.

    Args:
        what: the parameter, for the message.
        given: its value.
        known: all values that there are.

    Raises:
        Unknown: it is none of them.
    """
    if given not in known:
        raise Unknown(f"{what}: {no_such(given, known)}")


def no_such(given: str, known: Collection[str]) -> str:
    """The error message for an unknown name, with the valid ones."""
    return f"there is no {given!r}{among(given, known)}" if _NAME.fullmatch(given) else f"no such{among('', known)}"


def among(given: str, known: Collection[str], word: str = "known") -> str:
    """The end of the message: the nearest valid name, and all of them; `word` names their kind."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.casefold(), folded, n=1, cutoff=0.6)
    meant = f", did you mean {folded[near[0]]!r}?" if near else ":"
    shown = [repr(name) for name in list(known)[:_SHOWN]]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"{meant} {word} are {', '.join(shown) or 'none'}{more}"
