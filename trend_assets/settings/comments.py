"""Finds hashtags without quotes in YAML, which takes them for comments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import regex
import yaml

from trend_assets.settings.errors import SettingsError
from trend_assets.settings.schema import is_secret, takes_text

#: `#ai`, but neither `# about` nor `##### a line`.
_TAG = regex.compile(r"#[\p{L}\p{N}_]")
_OPENS = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSES = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment that may be meant as text.

    Args:
        start: where its `#` stands in the file.
        after: where the token before it ends.
        begin: where what it seems to belong to begins: a word before it, or itself.
        depth: how many brackets it stands in.
    """

    start: int
    after: int
    begin: int
    depth: int


def refuse_lost_text(path: Path, text: str, root: yaml.Node | None) -> None:
    """Refuses a comment that looks like a hashtag where the settings expect text.

    Args:
        path: the file, for the message.
        text: what it holds.
        root: its nodes; None where it could not be read, and a comment within brackets is why.

    Raises:
        SettingsError: there is one; the message names the line and how to quote it.
    """
    comments, unclosed = _comments(text)
    for comment in comments if root else unclosed:
        owners = list(_owners(root, (), comment)) if root else []
        if root is None or any(map(takes_text, owners)):
            raise SettingsError(_told(path, text, comment, any(map(is_secret, owners))))


def _told(path: Path, text: str, comment: _Comment, hidden: bool) -> str:
    line = text.count("\n", 0, comment.start) + 1
    dropped = "this" if hidden else f"`{text[comment.start :].splitlines()[0].strip()}`"
    quoted = "" if hidden else f", {_quoted(_meant(text, comment))},"
    return (
        f"{path}, line {line}: YAML takes {dropped} for a comment and drops it: "
        f"quote the text{quoted} or write a space after the # where it is a comment"
    )


def _comments(text: str) -> tuple[list[_Comment], list[_Comment]]:
    """All of them, and those in brackets that are never closed."""
    found: list[_Comment] = []
    unclosed: list[_Comment] = []
    depth, before = 0, None
    # What follows a mistake is not read.
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if before is not None:
                gap = text[before.end_mark.index : token.start_mark.index]
                found += (here := list(_in_gap(gap, before, depth)))
                unclosed += here
            depth += isinstance(token, _OPENS) - isinstance(token, _CLOSES)
            unclosed = [comment for comment in unclosed if 0 < comment.depth <= depth]
            before = token if token.end_mark.index > token.start_mark.index else before
    return found, unclosed


def _in_gap(gap: str, before: yaml.Token, depth: int) -> Iterator[_Comment]:
    after = before.end_mark.index
    plain = isinstance(before, yaml.ScalarToken) and before.plain
    if isinstance(before, yaml.ScalarToken) and not plain:
        return
    start = 0
    for number, line in enumerate(gap.splitlines(keepends=True)):
        here = after + start + len(line) - len(line.lstrip())
        start += len(line)
        # Within brackets there may be one item a line; elsewhere a whole line is a comment.
        if _TAG.match(line.lstrip()) and (depth or not number):
            begin = before.start_mark.index if plain and not number else here
            yield _Comment(here, after, begin, depth)


def _owners(node: yaml.Node, location: _Path, comment: _Comment) -> Iterator[_Path]:
    """The settings that a comment may belong to: the value it follows, or the brackets that it stands in."""
    if isinstance(node, yaml.ScalarNode):
        if node.end_mark.index == comment.after and node.style is None:
            yield location
        return
    if (
        isinstance(node, yaml.CollectionNode)
        and node.flow_style
        and node.start_mark.index < comment.start < node.end_mark.index
    ):
        yield location
    if node.start_mark.index > comment.start:
        return
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _owners(item, (*location, index), comment)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _owners(value, (*location, str(key.value)), comment)


def _meant(text: str, comment: _Comment) -> str:
    """The text that was probably meant: to the end of the item or line, without a real comment behind it."""
    ends = r"[,\]}]|\s#\s" if comment.depth else r"\s#\s"
    tag = regex.split(ends, text[comment.start :].splitlines()[0], maxsplit=1)[0]
    return " ".join((text[comment.begin : comment.start] + tag).split())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'
