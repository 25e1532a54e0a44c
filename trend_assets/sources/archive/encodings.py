"""Detects the character encoding of a text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from unicodedata import category

from charset_normalizer import from_bytes

from trend_assets.sources.wire.values import UNDECODABLE

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: A text in a Latin alphabet has fewer letters beyond ASCII than this share.
_MOST_ACCENTS = 0.3
#: The detector guesses where it sees less.
_LEAST_FOR_DETECTOR = 64
_LOOKED_AT = 1 << 18
_LEAST_WIDE = 8
_STRANGE = frozenset({"Cc", "Cn", "Cs"})
#: A NUL that slipped in, or an emoji that is newer than Python's tables, makes no binary file of a text.
_MOST_STRANGE = 1 / 20
_WESTERN = "cp1252"
_TITLES = {_WESTERN: "Windows-1252"}
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")


def wide(head: bytes) -> str | None:
    """The codec of a text in UTF-16 or UTF-32, with or without a byte order mark; None for all others."""
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return codec
    looked_at = head[: 1 << 16]
    even, odd = looked_at[::2].count(0), looked_at[1::2].count(0)
    if len(looked_at) < _LEAST_WIDE:
        return None
    # Delimiters, digits and line ends have a zero byte in every language; other texts have none.
    if odd > len(looked_at) / 16 and even * 16 < odd:
        codec = "utf-16-le"
    elif even > len(looked_at) / 16 and odd * 16 < even:
        codec = "utf-16-be"
    else:
        return None
    text = looked_at[: len(looked_at) // 2 * 2].decode(codec, "replace")
    return codec if sum(map(is_strange, text)) <= _MOST_STRANGE * len(text) else None


def is_strange(character: str) -> bool:
    """Whether texts have no such character: one that controls a device, or that Unicode knows nothing of.

    Joiners and direction marks do not print either, but many scripts and emoji need them.
    """
    return not character.isprintable() and not character.isspace() and category(character) in _STRANGE


def as_utf8(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    """Chunks of another encoding as UTF-8; what does not decode becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for chunk in chunks:
        # Half a surrogate pair passes the decoder of UTF-16 nowhere, so that this encodes always.
        if decoded := decoder.decode(chunk).encode():
            yield decoded
    if rest := decoder.decode(b"", True).encode():
        yield rest


class LineDecoder:
    """Lines to text, in the encoding that the file's head has, or the first line beyond ASCII after it.

    UTF-8 wherever that fits; else Windows-1252, or what `charset_normalizer` finds where so many letters are
    beyond ASCII that the text is in no Latin alphabet.

    Args:
        head: the first bytes of the text.
        notes: where to say what was assumed, where it is not UTF-8.
    """

    def __init__(self, head: bytes, notes: list[str]) -> None:
        self._notes = notes
        self._codec: str | None = None
        if first := _BEYOND_ASCII.search(head):
            sample = head[head.rfind(b"\n", 0, first.start()) + 1 :][:_LOOKED_AT]
            # The last line may be cut within a character.
            self._decide(sample[: sample.rfind(b"\n") + 1] or sample)

    def _decide(self, sample: bytes) -> None:
        self._codec = _codec_of(sample)
        if self._codec != "utf-8":
            self._notes.append(f"read as {_TITLES.get(self._codec, self._codec)}, for it is not UTF-8")

    def decode(self, data: bytes) -> tuple[str, str | None]:
        """The text, and what is wrong with it: bytes that mean nothing stand in it as backslash escapes."""
        if data.isascii():
            return data.decode("ascii"), None
        if self._codec is None:
            self._decide(data)
        try:
            return data.decode(self._codec or "utf-8"), None
        except UnicodeDecodeError:
            return data.decode("utf-8", "backslashreplace"), UNDECODABLE


def _codec_of(sample: bytes) -> str:
    if _decodes(sample, "utf-8"):
        return "utf-8"
    text = sample.decode("utf-8", "surrogateescape")
    strange = sum("\udc80" <= c <= "\udcff" for c in text)
    beyond = sum(c > "\x7f" for c in text)
    # Text with some broken bytes is still UTF-8: whole characters of it do not come about by chance.
    if strange * 2 <= beyond and beyond - strange > strange:
        return "utf-8"
    if _is_latin(sample):
        return _WESTERN if _decodes(sample, _WESTERN) else "utf-8"
    found = from_bytes(sample).best() if beyond >= _LEAST_FOR_DETECTOR else None
    if found is not None and _decodes(sample, found.encoding):
        return found.encoding
    return _WESTERN if _decodes(sample, _WESTERN) else "utf-8"


def _is_latin(sample: bytes) -> bool:
    beyond = sum(len(run) for run in _BEYOND_ASCII.findall(sample))
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 0x80)
    return beyond <= _MOST_ACCENTS * (beyond + letters)


def _decodes(sample: bytes, codec: str) -> bool:
    try:
        sample.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return False
    return True
