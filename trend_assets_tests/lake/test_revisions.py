"""Rows that never change: what differs is a revision, what does not is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import PREDICTIONS

CUT = datetime(2026, 2, 3, 12, tzinfo=UTC)
ONE = timedelta(hours=1)


def forecast(
    scores: Mapping[str, float], at: datetime, cut: datetime = CUT, label: str = "bursts", made: str = "live"
) -> pl.DataFrame:
    """A signed forecast, best first."""
    best = sorted(scores, key=scores.__getitem__, reverse=True)
    return PREDICTIONS.frame(
        {
            "hour": cut - ONE,
            "cut": cut,
            "label": label,
            "horizon_hours": 24,
            "topic": topic,
            "rank": rank,
            "score": scores[topic],
            "confidence": None,
            "growth": None,
            "source_events_count": 3,
            "model_version": "tgn-x",
            "metadata": "{}",
            "forecast_at": at,
            "run_id": f"run at {at:%H:%M}",
            "revision": 0,
            "made": made,
        }
        for rank, topic in enumerate(best, start=1)
    )


def stored(lake: Lake) -> list[tuple[object, ...]]:
    query = "SELECT label, revision, made, run_id, topic, score FROM predictions ORDER BY label, revision, rank"
    return lake.read(query).rows()


def test_what_differs_is_added_as_a_revision_and_the_first_stays(location: LakeLocation) -> None:
    lake = Lake(location)
    assert lake.write(PREDICTIONS, forecast({"#a": 2.0, "#b": 1.0}, CUT), CUT - ONE, CUT) == 2
    assert lake.write(PREDICTIONS, forecast({"#a": 2.0, "#b": 3.0, "#c": 1.0}, CUT + ONE), CUT - ONE, CUT) == 3
    assert stored(lake) == [
        ("bursts", 0, "live", "run at 12:00", "#a", 2.0),
        ("bursts", 0, "live", "run at 12:00", "#b", 1.0),
        ("bursts", 1, "revised", "run at 13:00", "#b", 3.0),
        ("bursts", 1, "revised", "run at 13:00", "#a", 2.0),
        ("bursts", 1, "revised", "run at 13:00", "#c", 1.0),
    ]


def test_what_is_the_same_adds_nothing_whoever_made_it(location: LakeLocation) -> None:
    lake = Lake(location)
    lake.write(PREDICTIONS, forecast({"#a": 2.0, "#b": 1.0}, CUT), CUT - ONE, CUT)
    assert lake.write(PREDICTIONS, forecast({"#b": 1.0, "#a": 2.0}, CUT + ONE, made="late"), CUT - ONE, CUT) == 0
    assert lake.write(PREDICTIONS, forecast({"#a": 5.0, "#b": 1.0}, CUT + 2 * ONE), CUT - ONE, CUT) == 2
    # The newest revision is what it is compared with, not the first.
    assert lake.write(PREDICTIONS, forecast({"#a": 2.0, "#b": 1.0}, CUT + 3 * ONE), CUT - ONE, CUT) == 2
    assert sorted({row[1] for row in stored(lake)}) == [0, 1, 2]


def test_each_cut_and_label_is_revised_by_itself(location: LakeLocation) -> None:
    lake = Lake(location)
    first = [
        forecast({"#a": 2.0}, CUT),
        forecast({"#a": 1.0}, CUT, label="emerges"),
        forecast({"#a": 3.0}, CUT, CUT + ONE),
    ]
    assert lake.write(PREDICTIONS, pl.concat(first), CUT - ONE, CUT + ONE) == 3
    again = [forecast({"#a": 9.0}, CUT + ONE), *first[1:]]
    assert lake.write(PREDICTIONS, pl.concat(again), CUT - ONE, CUT + ONE) == 1
    assert lake.write(PREDICTIONS, PREDICTIONS.frame(), CUT - ONE, CUT + ONE) == 0
    told = lake.read("SELECT cut, label, max(revision) FROM predictions GROUP BY ALL ORDER BY cut, label").rows()
    assert told == [(CUT, "bursts", 1), (CUT, "emerges", 0), (CUT + ONE, "bursts", 0)]


def test_rows_outside_the_partition_and_doubled_rows_are_refused(sqlite_lake: LakeLocation) -> None:
    lake = Lake(sqlite_lake)
    with pytest.raises(ValueError, match="outside the partitions"):
        lake.write(PREDICTIONS, forecast({"#a": 1.0}, CUT), CUT, CUT + ONE)
    twice = forecast({"#a": 1.0}, CUT)
    with pytest.raises(ValueError, match="rows share cut, label, topic, revision"):
        lake.write(PREDICTIONS, pl.concat([twice, twice]), CUT - ONE, CUT)
    assert stored(lake) == []


# In one order, for topics of one score are ranked as they come.
_SCORES = st.dictionaries(st.sampled_from(["#a", "#b", "#c"]), st.sampled_from([0.5, 1.0, 2.0]), min_size=1).map(
    lambda scores: dict(sorted(scores.items()))
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(_SCORES, st.sampled_from(["bursts", "emerges"])), min_size=1, max_size=6))
def test_no_row_ever_changes_and_every_revision_differs_from_the_one_before(
    runs: list[tuple[dict[str, float], str]],
) -> None:
    with TemporaryDirectory() as folder:
        lake = Lake(LakeLocation(Path(folder)))
        before: list[tuple[object, ...]] = []
        newest: dict[str, dict[str, float]] = {}
        for number, (scores, label) in enumerate(runs):
            frame = forecast(scores, CUT + number * ONE, label=label)
            added = lake.write(PREDICTIONS, frame, CUT - ONE, CUT)
            assert added == (0 if newest.get(label) == scores else len(scores))
            newest[label] = scores
            now = stored(lake)
            assert set(before) <= set(now) and len(now) == len(before) + added
            before = now
        lake.close()
