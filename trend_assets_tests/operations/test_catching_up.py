"""Which missed hours are fetched, which are given up, and what is tried again when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, COLLECTION_STATUS
from trend_assets.operations.backoff import next_try
from trend_assets.operations.catching_up import Due, catch_up, give_up, missed_hours

NOW = datetime(2026, 2, 4, 8, 10, tzinfo=UTC)
TICK = datetime(2026, 2, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    opened = Lake(LakeLocation(tmp_path))
    yield opened
    opened.close()


def state(lake: Lake, hours_ago: int, status: str, source: str = "twitter", **more: object) -> None:
    counts = {"events": 0, "rejected": 0, "requests": 0, "finished_at": NOW, "message": "", "failure": ""}
    row = {**counts, "hour": TICK - hours_ago * HOUR, "source": source, "status": status, **more}
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([row]))
    attempt = {"purpose": "new", "started_at": NOW, "units": 0, "cursor": "", **row}
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([attempt]))


def missed(lake: Lake, *sources: str, back: int = 10) -> list[tuple[str, int]]:
    found = missed_hours(lake, sources or ("twitter",), TICK - back * HOUR, TICK - HOUR, NOW)
    return [(source, int((TICK - hour) / HOUR)) for source, hour in found]


def test_hours_without_a_state_are_missed_only_after_the_first_one(lake: Lake) -> None:
    assert missed(lake) == []
    state(lake, 5, "complete")
    state(lake, 3, "empty")
    assert missed(lake, "twitter", "youtube") == [("twitter", 2), ("twitter", 4)]


@pytest.mark.parametrize(
    ("status", "failure", "retry", "wanted"),
    [
        ("failed", "server", -1, True),
        ("partial", "answer", -1, True),
        ("failed", "server", 1, False),
        ("failed", "quota", -1, True),
        ("partial", "budget", 1, False),
        ("partial", "budget", -1, True),
        ("failed", "unexpected", None, True),
        ("skipped", "past", None, False),
        ("partial", "past", None, False),
        ("skipped", "no_key", None, False),
        ("complete", "", None, False),
    ],
)
def test_what_is_incomplete_is_asked_once_its_time_has_come(
    lake: Lake, status: str, failure: str, retry: int | None, wanted: bool
) -> None:
    state(lake, 9, "complete")
    for ago in (8, 7, 6, 5, 4, 3):
        state(lake, ago, "complete")
    state(lake, 2, status, failure=failure, retry_at=None if retry is None else NOW + retry * HOUR)
    assert missed(lake) == ([("twitter", 2)] if wanted else [])


def test_hours_without_a_key_are_fetched_once_there_is_one(lake: Lake) -> None:
    for ago in (4, 3, 2):
        state(lake, ago, "skipped", failure="no_key")
    assert missed(lake) == []
    state(lake, 1, "complete")
    assert missed(lake) == []
    # The end of the span is what the tick itself asks for; the newest state before it decides.
    state(lake, 2, "complete")
    assert missed(lake) == [("twitter", 3), ("twitter", 4)]


def test_a_first_collection_that_was_killed_is_made_up_for(lake: Lake) -> None:
    running = {"hour": TICK - 3 * HOUR, "source": "twitter", "purpose": "new", "status": "running", "cursor": ""}
    counts = {"events": 0, "requests": 0, "units": 5, "failure": "", "message": ""}
    row = {**running, **counts, "started_at": NOW, "finished_at": NOW}
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([row]))
    assert missed(lake) == [("twitter", 2), ("twitter", 3)]


def test_runs_are_neighbours_oldest_first_and_bounded() -> None:
    hours = [("twitter", TICK - ago * HOUR) for ago in (2, 3, 4, 9, *range(20, 90))]
    runs = catch_up([*hours, ("youtube", TICK - 3 * HOUR)])
    assert runs[-1] == Due(TICK - 3 * HOUR, TICK - 2 * HOUR, "catch_up")
    assert runs[-2] == Due(TICK - 53 * HOUR, TICK - 41 * HOUR, "catch_up")
    assert runs[0] == Due(TICK - 89 * HOUR, TICK - 77 * HOUR, "catch_up")
    assert [run.start for run in runs] == sorted(run.start for run in runs)
    assert all(run.end - run.start <= 12 * HOUR for run in runs)
    assert sum((run.end - run.start for run in runs), timedelta()) == 49 * HOUR


def test_what_is_too_old_is_told_once(lake: Lake) -> None:
    state(lake, 12, "complete")
    state(lake, 8, "failed", failure="server")
    state(lake, 2, "complete")
    assert give_up(lake, ("twitter", "youtube"), NOW, 6) == 4
    told = lake.read("SELECT hour, status, message FROM collection_status WHERE failure = 'past' ORDER BY hour").rows()
    assert [int((TICK - hour) / HOUR) for hour, _, _ in told] == [11, 10, 9, 8]
    assert [status for _, status, _ in told] == ["skipped", "skipped", "skipped", "failed"]
    assert all("up to 6 h later (schedule.catch_up_hours)" in message for _, _, message in told)
    assert give_up(lake, ("twitter",), NOW, 6) == 0
    assert missed(lake, back=7) == [("twitter", 3), ("twitter", 4), ("twitter", 5), ("twitter", 6), ("twitter", 7)]


@pytest.mark.parametrize(("failure", "first", "most"), [("auth", 1, 24), ("server", 1, 12), ("network", 1, 12)])
def test_pauses_grow_twofold_to_a_bound_and_leave_an_hourly_tick_in_time(failure: str, first: int, most: int) -> None:
    for chance in (0.0, 0.5, 1.0):
        waits = [(next_try(failure, tries, NOW, lambda chance=chance: chance) - NOW) / HOUR for tries in range(40)]
        assert waits[0] < first and waits[-1] <= most * 0.9 + 1e-9
        assert waits[1] == pytest.approx(2 * waits[0]) and waits == sorted(waits)
    assert next_try("server", 3, NOW, lambda: 0.0) != next_try("server", 3, NOW, lambda: 1.0)


@pytest.mark.parametrize("failure", ["", "past", "no_key", "quota", "budget"])
def test_what_waiting_does_not_mend_has_no_next_try(failure: str) -> None:
    assert next_try(failure, 0, NOW) is None


def test_a_source_that_goes_on_failing_keeps_no_other_from_its_older_hours() -> None:
    failing = [("youtube", TICK - back * HOUR) for back in range(1, 49)]
    older = [("twitter", TICK - back * HOUR) for back in range(60, 120)]
    runs = catch_up([*failing, *older])
    asked = {run.start + step * HOUR for run in runs for step in range((run.end - run.start) // HOUR)}
    assert asked == {TICK - back * HOUR for back in (*range(1, 49), *range(72, 120))}


def test_what_failed_and_is_too_old_to_be_tried_again_says_so_once(lake: Lake) -> None:
    state(lake, 12, "complete")
    state(lake, 11, "failed", failure="rate_limit", message="the next run goes on", retry_at=NOW + HOUR, requests=2)
    state(lake, 10, "partial", failure="budget", message="the budget is spent", events=3)
    for ago in (9, 8):
        state(lake, ago, "complete")
    state(lake, 7, "failed", failure="server", message="status 503", retry_at=NOW)
    assert give_up(lake, ("twitter",), NOW, 7) == 2
    assert give_up(lake, ("twitter",), NOW, 7) == 0
    told = lake.read("SELECT status, failure, retry_at, events, message FROM collection_status ORDER BY hour").rows()
    late = "None did in time: hours are fetched up to 7 h later (schedule.catch_up_hours)"
    assert told[1] == ("failed", "past", None, 0, f"the next run goes on. {late}")
    assert told[2] == ("partial", "past", None, 3, f"the budget is spent. {late}")
    assert told[5][:2] == ("failed", "server")
    assert missed(lake, back=20) == [("twitter", hours) for hours in (2, 3, 4, 5, 6, 7)]
