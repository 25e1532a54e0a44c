"""The base class of all errors that users can fix; the command prints their message without a traceback."""

from __future__ import annotations


class TrendError(RuntimeError):
    """The message says what happened, to what, and what to do; it is shown without a traceback."""
