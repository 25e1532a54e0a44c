"""Whether a line of a log or a text of a run names forgotten data."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property
from html import escape

import polars as pl

from trend_assets.sources.identifiers import SourcedIdentifier, is_unmistakable

#: Prefixes that distinguish a topic from an ordinary word.
_SIGNS = "#$"
_ID_FIELDS = '"(?:id|user_id|content_id)"'
_TOPIC_FIELDS = '"(?:topic|subject)"'


class Words:
    """Ids and topics, as they stand in texts.

    A long id or a topic with its sign counts as a whole word wherever it stands. A short number or a plain word
    (an id such as ``12``, a topic such as ``error``) is in many a line by chance: it counts only where the text says
    that it is an id or a topic.

    Args:
        ids: of users and contents.
        topics: in canonical spelling.
    """

    def __init__(self, ids: Collection[SourcedIdentifier], topics: Collection[str]) -> None:
        self._forms: dict[str, str] = {}
        for source, _, value in ids:
            self._add(value, _id_form(source, value))
        for topic in topics:
            self._add(topic, _topic_form(topic))

    def _add(self, value: str, form: str) -> None:
        known = self._forms.get(value)
        self._forms[value] = f"{known}|{form}" if known and known != form else form

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {value: re.compile(form) for value, form in self._forms.items()}

    def __bool__(self) -> bool:
        return bool(self._forms)

    def named_in(self, texts: Sequence[str]) -> list[bool]:
        """Of each text whether it names one of them."""
        if not self._forms:
            return [False] * len(texts)
        likely = pl.Series(texts, dtype=pl.String).str.contains_any(sorted(self._forms))
        return [held and self._confirmed(text) for held, text in zip(likely, texts, strict=True)]

    def _confirmed(self, text: str) -> bool:
        return any(value in text and self._patterns[value].search(text) for value in self._forms)


def _whole(word: str) -> str:
    return rf"(?<!\w){re.escape(word)}(?!\w)"


def _id_form(source: str | None, value: str) -> str:
    if is_unmistakable(value):
        return _whole(value)
    return rf'{_whole(f"{source}:{value}")}|{_ID_FIELDS}\s*:\s*"?{re.escape(value)}(?!\w)'


def _topic_form(topic: str) -> str:
    if topic[:1] in _SIGNS:
        return _whole(topic)
    word = re.escape(topic)
    return rf'{_TOPIC_FIELDS}\s*:\s*"{word}"|>{re.escape(escape(topic))}<'
