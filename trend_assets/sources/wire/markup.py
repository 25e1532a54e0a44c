"""Extracts text from small pieces of HTML, and from texts that may be HTML."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", re.ASCII)
_ATTRIBUTE = r"""\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)"""
_NAME = (
    "a|abbr|article|b|big|blockquote|body|br|center|cite|code|dd|del|div|dl|dt|em|figcaption|figure|font|footer"
    "|h[1-6]|head|header|hr|html|i|iframe|img|ins|kbd|li|mark|ol|p|pre|q|s|samp|section|small|span|strike|strong|sub"
    "|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|video"
)
_TAG = re.compile(rf"<(?:/(?P<end>{_NAME})\s*|(?P<start>{_NAME})(?:{_ATTRIBUTE})*\s*/?)>", re.IGNORECASE)
#: These show that a text is HTML; one opening tag alone may be what the text is about.
_PROOF = re.compile(
    rf"</(?:{_NAME})\s*>|<(?:br|p)\s*/?>|<(?:a|img|iframe|font|span)(?:{_ATTRIBUTE})+\s*/?>", re.IGNORECASE
)
_BREAKS = re.compile("blockquote|br|d[dlt]|div|h[1-6r]|li|[ou]l|p|pre|table|t[dhr]", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")


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


def resolved(text: str) -> str:
    """``text`` with its character references resolved, ``&amp;`` and the like; only those that end with a semicolon."""
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def words_of(text: str) -> str:
    """A text that may be HTML, as text: without HTML's tags, its references resolved.

    What only looks like a tag stays, ``a < b`` and ``vector<int>``, and so does a lone ``<b>`` in a text without any
    other sign that it is HTML.
    """
    if "<" in text and _PROOF.search(text):
        text = _BLANK_LINES.sub("\n\n", _TAG.sub(_in_place_of, text)).strip("\n")
    return resolved(text)


def _in_place_of(tag: re.Match[str]) -> str:
    return "\n" if _BREAKS.fullmatch(tag["start"] or tag["end"]) else ""
