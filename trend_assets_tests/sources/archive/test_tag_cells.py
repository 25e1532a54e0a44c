"""Several names in one cell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.sources.archive.tag_cells import hashtags, names

BOTH = ("ai", "climate")


@pytest.mark.parametrize(
    "cell",
    [
        ["ai", "climate"],
        ["#ai", "#climate", "ai", None, 5],
        [{"tag": "ai"}, {"text": "climate", "indices": [0, 3]}],
        [{"name": "ai"}, "climate"],
        '["ai", "climate"]',
        '[{"tag": "ai"}, {"name": "climate"}]',
        "['ai', 'climate']",
        "[{'text': 'ai', 'indices': [0, 3]}, {'text': 'climate'}]",
        "['ai' 'climate']",
        "['ai'\n 'climate']",
        "{'ai', 'climate'}",
        "{ai,climate}",
        '{"ai","climate",NULL}',
    ],
)
def test_a_list_is_its_names_however_it_is_written(cell: Any) -> None:
    assert hashtags(cell) == BOTH
    assert tuple(name.removeprefix("#") for name in names(cell))[:2] == BOTH


@pytest.mark.parametrize(
    "cell",
    ["ai,climate", "#ai, #climate", "ai;climate", "ai|climate", "ai\tclimate", "ai\nclimate", "#ai #climate",
     "#ai#climate", "#ai##climate#", "\uff03ai \uff03climate", "ai\uff0cclimate", "<ai><climate>",
     "[ai, climate]", '"ai","climate"'],
)  # fmt: skip
def test_hashtags_have_many_separators(cell: str) -> None:
    assert hashtags(cell) == BOTH


@pytest.mark.parametrize("cell", ["", None, "[]", "{}", [], "nan", "None", "NULL", r"\N", "[null]", {}, {"likes": 1}])
def test_nothing_is_no_tag(cell: Any) -> None:
    assert hashtags(cell) == names(cell) == ()


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("c#", ("c#",)),
        ("c#|.net", ("c#", ".net")),
        ("new york", ("new york",)),
        ("#new york", ("new york",)),
        ("R&amp;B;soul", ("R&B", "soul")),
        ("['it\\'s', 'caf\\u00e9', '\\d']", ("it's", "café", "\\d")),
        ('{"a b","c\\"d"}', ("a b", 'c"d')),
        ({"tag": "ai"}, ("ai",)),
        ("[{'tag': broken", ("[{'tag': broken",)),
        (7, ("7",)),
    ],
)
def test_hashtags_of_odd_cells(cell: Any, found: tuple[str, ...]) -> None:
    assert hashtags(cell) == found


@pytest.mark.parametrize(
    "title", ["maths > sets, rings; and fields", "a | b", "#check $HOME", "[odd", "[RFC] the {x} thing", "[1]", "a #b"]
)
def test_the_title_of_a_thread_is_one_topic_whatever_stands_in_it(title: str) -> None:
    assert names(title) == (title,)


def test_a_title_has_its_entities_resolved() -> None:
    assert names("AT&amp;T") == ("AT&T",)


@given(
    st.text(alphabet="[]{}'\"\\,;|# \nab<>&:0\x00")
    | st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_cell_gives_names_that_are_not_empty(cell: Any) -> None:
    for found in (hashtags(cell), names(cell)):
        assert all(isinstance(name, str) and name == name.strip() != "" for name in found)
        assert len(set(found)) == len(found)
