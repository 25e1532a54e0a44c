"""The base of every error that a user can mend."""

from __future__ import annotations


class TrendError(RuntimeError):
    """The message says what happened, to what, and what to do; it is shown without a traceback."""
