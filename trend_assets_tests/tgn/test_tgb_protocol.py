"""The protocol of the benchmark `tgb`, by figures that TGB publishes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trend_assets_tests.benchmarks.tgb_protocol import (
    EdgeBank,
    Excluded,
    LocalGlobal,
    Split,
    Stream,
    known,
    measure,
    read_stream,
    reciprocal_ranks,
    split,
)


@pytest.fixture(scope="module")
def wiki(shared_data: Path) -> Stream:
    path = shared_data / "tgb" / "tgbl_wiki.txt.gz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    return read_stream(path)


def test_the_split_is_that_of_tgb(wiki: Stream) -> None:
    assert split(wiki) == Split(110_232, 133_853, 157_474)
    assert (wiki.sources, wiki.destinations) == (8227, 1000)


@pytest.mark.parametrize(("ratio", "published"), [(None, 0.495), (0.15, 0.571)], ids=["unlimited", "window"])
def test_edgebank_has_the_figure_of_tgbs_board(wiki: Stream, ratio: float | None, published: float) -> None:
    parts = split(wiki)
    window = None if ratio is None else ratio * (wiki.times[parts.validation - 1] - wiki.times[0])
    bank = EdgeBank(wiki, known(wiki, parts, "batch"), window)
    assert measure(wiki, parts.test, parts.end, bank).mean() == pytest.approx(published, abs=0.0005)


def test_the_heuristic_has_the_figure_of_tgbs_board_only_where_it_knows_all_that_is_earlier(wiki: Stream) -> None:
    parts = split(wiki)
    found = {
        state: measure(wiki, parts.test, parts.end, LocalGlobal(wiki, known(wiki, parts, state))).mean()
        for state in ("batch", "earlier")
    }
    assert found["earlier"] == pytest.approx(0.821, abs=0.0005)
    assert found["batch"] == pytest.approx(0.729, abs=0.0005)


def small() -> Stream:
    times = np.array([0, 1, 1, 1, 2, 3, 3, 4])
    return Stream(np.array([0, 1, 1, 0, 1, 1, 1, 0]), np.array([0, 1, 2, 3, 0, 1, 2, 0]), times, 2, 4)


def test_what_is_known() -> None:
    stream, parts = small(), Split(3, 6, 8)
    assert known(stream, parts, "batch", size=2).tolist() == [0, 0, 2, 3, 3, 5, 6, 6]
    assert known(stream, parts, "earlier").tolist() == [0, 1, 1, 1, 4, 5, 5, 7]
    with pytest.raises(ValueError, match="none of batch, earlier"):
        known(stream, parts, "later")


def test_true_pages_of_the_same_source_and_second_are_no_candidates() -> None:
    mask = Excluded(small(), 0, 8).mask(slice(0, 8), small().dst, 4)
    assert mask[1].tolist() == [True, False, False, True]
    assert mask[2].tolist() == [True, False, False, True]
    assert mask[3].tolist() == [True, True, True, False]


def test_ties_count_half() -> None:
    scores = np.array([[1.0, 1.0, 1.0, 0.0], [0.0, 3.0, 2.0, 2.0]])
    candidates = np.array([[False, True, True, True], [True, True, False, True]])
    assert reciprocal_ranks(scores, np.array([0, 2]), candidates).tolist() == [1 / 2, 1 / 2.5]
    assert reciprocal_ranks(scores[:1], np.array([3]), np.array([[True, True, True, False]])).tolist() == [1 / 4]


@pytest.mark.parametrize("lines", ["1 2\n3 4\n", "1 2 5\n1 2 4\n"])
def test_other_files_are_refused(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "stream.txt"
    path.write_text(lines)
    with pytest.raises(ValueError, match="in order of time"):
        read_stream(path)
