"""Texts that may be HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.sources.wire.markup import resolved, words_of


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("AT&amp;T &#39;x&#x27; &quot;y&quot; &nbsp;z", "AT&T 'x' \"y\" \u00a0z"),
        ("&lt;b&gt; is bold", "<b> is bold"),
        ('so <a href="https://x.org?a=1">here</a>', "so here"),
        ("<p>one</p><p>two<br/>three</p>", "one\n\ntwo\nthree"),
        ("one<br>two", "one\ntwo"),
        ("<b>bold</b> and <i>not</i>", "bold and not"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("first<p>second <i>HN</i>", "first\nsecond HN"),
    ],
)
def test_html_is_read_as_text(written: str, words: str) -> None:
    assert words_of(written) == words


@pytest.mark.parametrize(
    "written",
    ["a < b", "if a<b and c>d", "vector<int> x; List<a> y", "use <b> for bold", "<3 you", "a &unknown; b", "R&B",
     "http://x.org/?a=1&copy=2&b;c", "<https://x.org>", "<me@x.org>", "x << 2 && y >> 1", "<T>(x: T) => x",
     "<!DOCTYPE", "<![CDATA["],
)  # fmt: skip
def test_what_only_looks_like_html_stays(written: str) -> None:
    assert words_of(written) == written


@given(st.text(alphabet="<>/&;ab p=\"'#1\n!"))
def test_any_text_is_read_and_does_not_grow(written: str) -> None:
    assert len(words_of(written)) <= len(written)
    assert len(resolved(written)) <= len(written)
