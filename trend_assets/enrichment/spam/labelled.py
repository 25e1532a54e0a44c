"""Reads what the spam model is made from: tables of labelled texts, and archives of ordinary posts."""

from __future__ import annotations

import csv
import heapq
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from trend_assets.enrichment.spam.features import hash_of
from trend_assets.enrichment.spam.training import Labelled
from trend_assets.errors import TrendError
from trend_assets.sources.archive.texts import texts_of

TEXT_COLUMNS = ("content", "text", "comment", "message", "body")
LABEL_COLUMNS = ("class", "label", "spam", "target")
#: Ordinary posts that are enough to know their kind.
MOST_ORDINARY = 1_500

_LABELS = {"1": 1, "spam": 1, "true": 1, "yes": 1, "0": 0, "ham": 0, "false": 0, "no": 0}
_LONGEST_CELL = 1_000_000


class LabelledFileError(TrendError):
    """A file of labelled texts cannot be used; the message says where and why."""


def read_labelled(file: Path) -> Labelled:
    """A CSV table with a header, a column of texts and one of labels (1 or `spam`, 0 or `ham`), in UTF-8.

    Raises:
        LabelledFileError: a column is missing, a label is neither, or it is no such table.
    """
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            names = {name.strip().lower(): name for name in rows.fieldnames or () if name}
            text, label = _column(file, names, TEXT_COLUMNS, "text"), _column(file, names, LABEL_COLUMNS, "label")
            read = [(row[text] or "", _label(file, rows.line_num, row[label])) for row in rows]
    except (csv.Error, UnicodeDecodeError) as error:
        raise LabelledFileError(f"{file} is no CSV table in UTF-8: {error}") from None
    finally:
        csv.field_size_limit(limit)
    return Labelled(file.name, [text for text, _ in read], np.array([label for _, label in read], np.int64))


def read_ordinary(files: Iterable[Path]) -> list[str]:
    """Different texts of posts in files of any kind that `trend import` reads: a sample that is always the same.

    Raises:
        ArchiveError: a file cannot be read.
    """
    return heapq.nsmallest(MOST_ORDINARY, texts_of(files), key=lambda text: (hash_of(text), text))


def _column(file: Path, names: dict[str, str], wanted: Sequence[str], what: str) -> str:
    for name in wanted:
        if name in names:
            return names[name]
    raise LabelledFileError(f"{file} has no column of {what}s: it should be named one of {', '.join(wanted)}")


def _label(file: Path, line: int, cell: str | None) -> int:
    label = _LABELS.get((cell or "").strip().lower())
    if label is None:
        raise LabelledFileError(f"{file}, line {line}: the label {cell!r} is none of {', '.join(_LABELS)}")
    return label
