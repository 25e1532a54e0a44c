"""What a table is, by its header: layouts that need no column map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TableFormat:
    """A known layout of tables.

    Args:
        format: the name in the registry of the format that its payloads have.
        payloads: splits a row into the JSON objects of its events.
    """

    format: str
    payloads: Callable[[dict[str, Any]], list[dict[str, Any]]]


def table_format(header: Sequence[str]) -> TableFormat | None:
    """The known layout whose header this is, if any."""
    return None
