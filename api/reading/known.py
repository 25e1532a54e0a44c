"""What may be asked for, and what is said of the rest."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from trend_assets.errors import TrendError

_SHOWN = 30


class Unknown(TrendError):
    """A name that is asked for and that there is not; the message lists those that there are."""


def refuse_unknown(what: str, given: str, known: Collection[str]) -> None:
    """Refuses a name that there is not.

    Args:
        what: the parameter, for the message.
        given: its value.
        known: all values that there are.

    Raises:
        Unknown: it is none of them.
    """
    if given not in known:
        raise Unknown(f"{what}: there is no {given!r}{among(given, known)}")


def among(given: str, known: Collection[str], word: str = "known") -> str:
    """What was probably meant, and what there is, as the end of a sentence; `word` says what that is."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.casefold(), folded, n=1, cutoff=0.6)
    meant = f", did you mean {folded[near[0]]!r}?" if near else ":"
    shown = [repr(name) for name in list(known)[:_SHOWN]]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"{meant} {word} are {', '.join(shown) or 'none'}{more}"
