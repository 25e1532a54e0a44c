"""Reads a YAML file of settings, with every value as the text that was written.

YAML 1.1 makes `NO` a truth value, `12:30` a number and `2024-01-15` a date. Here only the settings'
model says what a value is: the file gives text, and pydantic makes of it what the field wants.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trend_assets.settings.comments import refuse_lost_text
from trend_assets.settings.errors import SettingsError
from trend_assets.settings.schema import Location

_NULL, _MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
#: The longer mark first: that of UTF-32 begins as that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_HINT = (
    "look at the indentation and brackets, and quote text that has `: `, ` #` or a quotation mark in it or begins "
    "with a sign"
)


class _AsWritten(yaml.SafeLoader):
    """Scalars stay text, but for the empty one and `null`."""


_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag in {_NULL, _MERGE}]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a file of settings says, and where.

    Args:
        path: the file.
        values: of the settings, as text, lists and mappings.
        root: the file's nodes; None where it is empty.
    """

    path: Path
    values: dict[str, Any]
    root: yaml.Node | None

    def place(self, location: Location) -> str:
        """The file and the line of a setting, or of the nearest one above it."""
        line = 0
        node = self.root
        for part in location:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return f"{self.path}, line {line + 1}"


def read_settings_file(path: Path) -> SettingsFile:
    """Reads a YAML file.

    Raises:
        SettingsError: it is no YAML, names a key twice, or holds text that YAML would drop as a comment;
            the message names file and line and says what to write.
    """
    text = _decoded(path)
    try:
        loader = _AsWritten(text)
        root = loader.get_single_node()
        refuse_lost_text(path, text, root)
        if root is None or root.tag == _NULL:
            return SettingsFile(path, {}, None)
        if not isinstance(root, yaml.MappingNode):
            raise SettingsError(f"{path} must hold keys and values, not a {root.id}: write e.g. `bluesky:`")  # type: ignore[attr-defined]
        _refuse_repeated(path, root)
        values = loader.construct_document(root)
    except yaml.YAMLError as error:
        refuse_lost_text(path, text, None)
        raise SettingsError(_explained(path, text, error)) from None
    # A section of which every line is a comment says nothing.
    return SettingsFile(path, {key: value for key, value in values.items() if value is not None}, root)


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8-sig")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{path}, line {line}, is not {encoding.removesuffix('-sig').upper()}: save the file as UTF-8"
        ) from None
    if "\0" in text:
        raise SettingsError(f"{path} is not UTF-8, it looks like UTF-16: save the file as UTF-8")
    return text


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    """The line of a key or item, and its value."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == part), None)
    return None


def _refuse_repeated(path: Path, root: yaml.Node) -> None:
    for node in _nodes(root, set()):
        if not isinstance(node, yaml.MappingNode):
            continue
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                raise SettingsError(
                    f"{path}: {name} stands in line {lines[name]} and again in line {line}: put both together"
                )
            lines[name] = line


def _nodes(node: yaml.Node, seen: set[int]) -> Iterator[yaml.Node]:
    if id(node) in seen:
        return
    seen.add(id(node))
    yield node
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item, seen)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _nodes(value, seen)


def _explained(path: Path, text: str, error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{path}, line {line}, is not YAML: it holds the control character U+{error.character:04X}: delete it"
    problem, mark = getattr(error, "problem", str(error)), getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    if context is not None and (mark is None or mark.index >= len(text.rstrip())):
        mark = context
    if mark is None:
        return f"{path} is not YAML: {' '.join(str(error).split())}"
    # A mark at the end of the file stands behind the last line that says something.
    index = min(mark.index, len(text.rstrip()))
    line = text.count("\n", 0, index) + 1
    if "\t" in (text[index : index + 1], text[:index].rpartition("\n")[2][:1]):
        return f"{path}, line {line}, is not YAML: it holds a tab, YAML indents by spaces: write spaces"
    return f"{path}, line {line}, is not YAML: {problem}; {_HINT}"
