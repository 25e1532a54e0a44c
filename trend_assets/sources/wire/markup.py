"""The words of a small piece of HTML."""

from __future__ import annotations

import html
from html.parser import HTMLParser


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "p"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain_text(markup: str) -> str:
    """``markup`` without its tags, its references resolved; ``<br>`` becomes a line break."""
    if "<" not in markup and "&" not in markup:
        return markup
    words = _Words()
    try:
        words.feed(markup)
        words.close()
    except AssertionError:  # the parser's answer to `<![` without an end
        return html.unescape(markup)
    return "".join(words.parts)
