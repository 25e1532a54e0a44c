"""Imported posts through Dagster: one run over a range gives what its hours give one by one, conflicts or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from trend_assets.lake.tables import EVENTS, NODES, RAW_EVENTS, REJECTED_EVENTS, TEMPORAL_EDGES, TOPIC_ACTIVITY
from trend_assets.operations.importing import import_file
from trend_assets.settings import load_settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets_tests.assets.conftest import ONE, START, World

HOURS = 3
COLUMNS = ColumnMap.parse("id=id,timestamp=ts,user_id=user,text=text")


@pytest.fixture
def imported(
    new_world: Callable[[], World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[int]], World]:
    """A world of two chats whose ids are the same, the second an hour later; imported in the given order."""
    for number in range(2):
        times = [START + timedelta(hours=number, minutes=7 * post) for post in range(20)]
        rows = [f"{post},{moment.isoformat()},u{post % 3},post #chat{number}" for post, moment in enumerate(times)]
        (tmp_path / f"{number}.csv").write_text("\n".join(["id,ts,user,text", *rows]), encoding="utf-8")

    def make(order: list[int]) -> World:
        world = new_world()
        monkeypatch.setenv("TREND_SIMULATOR__ENABLED", "false")
        for number in order:
            import_file(world.lake, tmp_path / f"{number}.csv", load_settings(), COLUMNS)
        return world

    return make


def test_a_range_is_its_hours_one_by_one(imported: Callable[[list[int]], World]) -> None:
    whole, parts = imported([0, 1]), imported([0, 1])
    whole.materialize(START, HOURS)
    for number in range(HOURS):
        parts.materialize(START + number * ONE, 1)
    for table in (RAW_EVENTS, EVENTS, TOPIC_ACTIVITY, TEMPORAL_EDGES, NODES):
        assert_frame_equal(whole.rows(table), parts.rows(table))
    assert whole.rows(EVENTS).height == whole.rows(REJECTED_EVENTS).height == 20
    assert set(whole.rows(TOPIC_ACTIVITY)["topic"]) == {"#chat0"}
