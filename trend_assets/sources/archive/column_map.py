"""The column map: which column of a table is which field of an event."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cached_property

from trend_assets.sources.event import SOURCES
from trend_assets.sources.wire import zones
from trend_assets.sources.wire.date_formats import DateFormat
from trend_assets.sources.wire.values import listed

#: What a column can be mapped to; `id` is another name of `content_id`.
FIELDS = (
    "content_id",
    "timestamp",
    "user_id",
    "text",
    "topics",
    "hashtags",
    "event_type",
    "language",
    "source",
)
#: Fields that several columns can make together, `chat+message_id`.
COMPOSED = frozenset({"content_id", "user_id", "timestamp"})
_ALIASES = {"id": "content_id"}
#: As people are told of them: each by one name.
FIELD_NAMES = ("id", *FIELDS[1:])
#: What stands beside the columns: the map's key and the attribute.
_OPTIONS = {"timezone": "zone", "namespace": "namespace", "date_format": "date_format"}
_TOKEN = re.compile(r"\\[\\+]|.", re.DOTALL)


class ColumnMapError(ValueError):
    """A column map that cannot be used; the message says why in one sentence."""


@dataclass(frozen=True)
class ColumnMap:
    r"""Which column is which field of an event.

    Args:
        columns: event field to column; ``timestamp`` must be there. Without ``content_id`` an event's
            id is a hash of its whole row, so that two equal rows are one event. Ids and times can be made of several
            columns with ``+`` between them, ``chat+message_id``; times are joined by a space. A row that has a column
            of that very name, plus and all, is read by it; within such a list, a plus that belongs to a name is
            written ``\+``. In the place of ``source``'s column the name of a source can stand.
        zone: the time zone of times that name none, e.g. ``UTC`` or ``Europe/Berlin``, or the column that holds
            it; a column of that name goes before. Without it such times are rejected.
        namespace: put before all ids of contents and users, where those are unique within a chat or file only.
        date_format: the form of the times, see `DateFormat`; what is in none of its forms is read as without it.

    Raises:
        ColumnMapError: an unknown field, no ``timestamp``, an empty namespace, a form that is none.
    """

    columns: Mapping[str, str]
    zone: str | None = None
    namespace: str | None = None
    date_format: str | None = None

    def __post_init__(self) -> None:
        for field in self.columns:
            if field not in FIELDS:
                raise ColumnMapError(_unknown_field(field))
        if "timestamp" not in self.columns:
            raise ColumnMapError("the column map names no timestamp: add timestamp=COLUMN")
        if self.namespace is not None and not self.namespace.strip():
            raise ColumnMapError("the namespace is empty: give it a name, e.g. the chat's or the file's")
        self.form  # noqa: B018 - a form that is none is an error now, not at the first row

    @classmethod
    def parse(cls, written: str) -> ColumnMap:
        """The map from its textual form, ``timestamp=created_at,text=body,timezone=UTC``.

        A column whose name holds a comma or a quote is quoted as in CSV: ``"text=body, long"``.

        Raises:
            ColumnMapError: a part that is not ``field=column``, a field given twice, or what
                `ColumnMap` refuses.
        """
        if "\n" in written or "\r" in written:
            raise ColumnMapError("the column map holds a line break: write it on one line")
        parts = next(csv.reader([written]), [])
        pairs = []
        for part in parts:
            field, equals, column = part.partition("=")
            if not (equals and field.strip() and column.strip()):
                raise ColumnMapError(f"{part.strip()[:60]!r} in the column map is not of the form field=column")
            pairs.append((field.strip(), column.strip()))
        return cls.of(pairs)

    @classmethod
    def of(cls, fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> ColumnMap:
        """The map from fields and columns as settings hold them, `id`, `timezone` and the like among the fields.

        Raises:
            ColumnMapError: a field given twice, or what `ColumnMap` refuses.
        """
        columns: dict[str, str] = {}
        for field, column in fields.items() if isinstance(fields, Mapping) else fields:
            field = _ALIASES.get(field, field)
            if field in columns:
                raise ColumnMapError(f"the column map names {field} twice")
            columns[field] = column
        options = {attribute: columns.pop(name, None) for name, attribute in _OPTIONS.items()}
        return cls(columns, **options)

    def __str__(self) -> str:
        """The textual form, which `parse` reads back."""
        parts = [f"{field}={column}" for field, column in self.columns.items()]
        options = ((name, getattr(self, attribute)) for name, attribute in _OPTIONS.items())
        parts += [f"{name}={value}" for name, value in options if value]
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(parts)
        return line.getvalue()

    def with_namespace(self, name: str) -> ColumnMap:
        """The same map with another namespace.

        Raises:
            ColumnMapError: an empty name.
        """
        return replace(self, namespace=name)

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """By field, the columns that make it; one, as it is written, where the field is not `COMPOSED`."""
        return {field: _split(column) if field in COMPOSED else (column,) for field, column in self.columns.items()}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every column that is read."""
        single = {name for parts in self.parts.values() for name in parts}
        return frozenset({*self.columns.values(), *single} | ({self.zone} if self.zone else set()))

    @cached_property
    def user_columns(self) -> frozenset[str]:
        """The columns that tell the user and nothing else; where there is none, all that tell the user."""
        if "user_id" not in self.columns:
            return frozenset()
        theirs = {self.columns["user_id"], *self.parts["user_id"]}
        others = {name for field, parts in self.parts.items() if field != "user_id" for name in parts}
        return frozenset(theirs - others or theirs)

    @cached_property
    def tzinfo(self) -> tzinfo | None:
        """The zone that `zone` names; None where it names a column, or nothing."""
        return zones.named(self.zone) if self.zone else None

    @cached_property
    def form(self) -> DateFormat | None:
        """The forms of `date_format`."""
        if self.date_format is None:
            return None
        try:
            return DateFormat(self.date_format)
        except ValueError as error:
            raise ColumnMapError(f"date_format in the column map: {error}") from None

    def require(self, available: Sequence[str]) -> None:
        """Checks the map against a file's columns.

        Raises:
            ColumnMapError: a mapped column is not among them, with the nearest name; a time zone is neither; the
                namespace is a column, where a constant was asked for.
        """
        for field, column in self.columns.items():
            if column in available or (field == "source" and column.lower() in SOURCES):
                continue
            missing = next((name for name in self.parts[field] if name not in available), None)
            if missing is not None:
                raise ColumnMapError(_missing(missing, available))
        if self.zone and self.tzinfo is None and self.zone not in available:
            raise ColumnMapError(f"{self.zone!r} is neither a time zone nor a column, try timezone=UTC")
        if self.namespace is not None and self.namespace in available:
            raise ColumnMapError(
                f"the namespace {self.namespace!r} is a column of the file: write id={self.namespace}+COLUMN to have "
                "it within the ids, or give the namespace another name"
            )


def _split(written: str) -> tuple[str, ...]:
    names = [""]
    for token in _TOKEN.findall(written) if "+" in written else ():
        if token == "+":
            names.append("")
        else:
            names[-1] += token[-1]
    stripped = tuple(name.strip() for name in names)
    return stripped if all(stripped) else (written,)


def _missing(name: str, available: Sequence[str]) -> str:
    if not available:
        return f"no column {name!r}, for its rows are empty: is it the right file?"
    near = difflib.get_close_matches(name, available, n=3)
    hint = f", perhaps {' or '.join(map(repr, near))}" if near else ""
    return f"no column {name!r}{hint}; the file has {listed(list(available))}"


def _unknown_field(field: str) -> str:
    names = [*FIELDS, *_ALIASES, *_OPTIONS]
    near = difflib.get_close_matches(field, names, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]!r}?" if near else f"; the fields are {', '.join((*FIELD_NAMES, *_OPTIONS))}"
    return f"unknown field {field!r} in the column map{hint}"
