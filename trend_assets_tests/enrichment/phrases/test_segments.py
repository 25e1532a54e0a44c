"""Runs of Chinese characters are split into words, and nothing of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trend_assets.enrichment.phrases.segments import segments


@pytest.mark.parametrize(
    ("language", "run", "words"),
    [
        ("zh", "伊朗总统遇难", ("伊朗", "总统", "遇难")),
        ("zh", "世界杯冠军", ("世界杯", "冠军")),
        ("en", "发射成功", ("发射", "成功")),
        ("ja", "岸田首相", ("岸田", "首相")),
        ("zh", "台灣", ("台灣",)),
    ],
)
def test_a_run_is_split_into_the_words_of_its_language(language: str, run: str, words: tuple[str, ...]) -> None:
    assert segments(run, language) == words


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=40))
def test_the_words_are_the_run(run: str) -> None:
    assert "".join(segments(run, "zh")) == run and all(segments(run, "zh"))
