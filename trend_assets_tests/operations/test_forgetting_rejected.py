"""`trend forget` and what was no event: known, conflicting and rejected rows, and a dry run that keeps its word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trend_assets.errors import TrendError
from trend_assets.lake.store import Lake
from trend_assets.operations.importing import import_file
from trend_assets.operations.privacy.asking import of_one_source
from trend_assets.operations.privacy.forgetting import Forgotten, forget, preview
from trend_assets.operations.privacy.traces import Subject
from trend_assets.settings import Settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets_tests.operations.conftest import Home, home_in

COLUMNS = ColumnMap.parse("id=id,timestamp=when,user_id=user,text=text")
WHEN = "2024-03-01T00:00:00Z"
#: Plain words, so that nothing but their column says that they are ids.
GONE, STAYS = "someone", "another"
#: The posts of both.
THEIR_IDS = {GONE: "1", STAYS: "2"}
KINDS = ("new", "known", "conflict", "taken", "no time", "no id", "mention")
#: Of a user of another platform with the same id.
TWEET = {"id_str": "9", "user": {"id_str": GONE}, "text": "no time"}


class Row(NamedTuple):
    """A row of a second file, and whose."""

    kind: str
    user: str


def cells(number: int, row: Row) -> dict[str, str]:
    other = STAYS if row.user == GONE else GONE
    id, when, text = {
        "new": (f"n{number}", WHEN, "new"),
        "known": (THEIR_IDS[row.user], WHEN, f"a post of {row.user}"),
        "conflict": (THEIR_IDS[row.user], WHEN, "another text"),
        "taken": (THEIR_IDS[other], WHEN, "another text"),
        "no time": (f"r{number}", "never", "no time"),
        "no id": ("", WHEN, "no id"),
        "mention": (f"m{number}", "never", f"what {other} said"),
    }[row.kind]
    return {"id": id, "when": when, "user": row.user, "text": text}


def is_kept(held: dict[str, str]) -> bool:
    return held["user"] == STAYS and held["id"] != THEIR_IDS[GONE]


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    lines = [json.dumps(row) for row in rows]
    if path.suffix == ".csv":
        lines = ["id,when,user,text", *(",".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def held_in(lake: Lake, table: str) -> list[dict[str, str]]:
    return [json.loads(raw) for raw in lake.read(f"SELECT raw_data FROM {table} ORDER BY 1")["raw_data"]]


def told(found: Forgotten) -> tuple[object, ...]:
    traces = found.traces
    return found.removed, found.topics, traces.ids, traces.event_ids, traces.rejected_ids, traces.undecided


def asked(lake: Lake, configured: Settings, user: str) -> Forgotten:
    """As by the command: the dry run without a source, then the removal; both tell the same."""
    shown = preview(lake, configured, Subject("user", user))
    subject = of_one_source(shown, Subject("user", user))
    assert subject.source == "archive"
    assert told(preview(lake, configured, subject)) == told(shown)
    done = forget(lake, configured, subject)
    assert told(done) == told(shown)
    return done


ROWS = st.lists(st.builds(Row, st.sampled_from(KINDS), st.sampled_from((GONE, STAYS))), min_size=1, max_size=8)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, suffix=st.sampled_from((".csv", ".jsonl")), has_tweet=st.booleans())
@example(rows=[Row("conflict", GONE)], suffix=".jsonl", has_tweet=False)
@example(rows=[Row(kind, user) for kind in KINDS for user in (GONE, STAYS)], suffix=".jsonl", has_tweet=True)
@example(rows=[Row(kind, user) for kind in KINDS for user in (GONE, STAYS)], suffix=".csv", has_tweet=False)
@example(rows=[Row("known", GONE)], suffix=".csv", has_tweet=True)
def test_a_dry_run_and_the_real_one_agree_and_take_the_persons_rows_of_any_kind(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], suffix: str, has_tweet: bool
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    made = home_in(folder / "home")
    posts = [{"id": id, "when": WHEN, "user": user, "text": f"a post of {user}"} for user, id in THEIR_IDS.items()]
    import_file(made.lake, write(folder / "first.csv", posts), made.settings, COLUMNS)
    second = write(folder / f"second{suffix}", [cells(number, row) for number, row in enumerate(rows)])
    import_file(made.lake, second, made.settings, COLUMNS)
    if has_tweet:
        import_file(made.lake, write(folder / "tweets.jsonl", [TWEET]), made.settings)
    before = held_in(made.lake, "rejected_events")
    done = asked(made.lake, made.settings, GONE)
    for table in ("raw_events", "observations"):
        assert all(map(is_kept, held_in(made.lake, table)))
    left = held_in(made.lake, "rejected_events")
    assert left == [held for held in before if held == TWEET or is_kept(held)]
    assert done.traces.undecided == sum(GONE in json.dumps(held) for held in left)
    made.lake.close()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_file_of_which_every_row_was_rejected_is_searched_by_its_columns(
    empty: Home, tmp_path: Path, suffix: str
) -> None:
    rows = [cells(number, Row("no time", user)) for number, user in enumerate((GONE, STAYS, GONE))]
    path = write(tmp_path / f"a{suffix}", rows)
    assert import_file(empty.lake, path, empty.settings, COLUMNS).rejected == 3
    assert asked(empty.lake, empty.settings, GONE).removed == {"rejected_events": 2}
    assert [held["user"] for held in held_in(empty.lake, "rejected_events")] == [STAYS]
    # The file of itself brings them back no more.
    report = import_file(empty.lake, path, empty.settings, COLUMNS)
    assert (report.rejected, report.forgotten) == (1, 2)
    assert [held["user"] for held in held_in(empty.lake, "rejected_events")] == [STAYS]


def test_rejected_rows_of_two_platforms_are_of_two_people(empty: Home, tmp_path: Path) -> None:
    rows = [cells(0, Row("no time", GONE))]
    import_file(empty.lake, write(tmp_path / "a.csv", rows), empty.settings, COLUMNS)
    import_file(empty.lake, write(tmp_path / "tweets.jsonl", [TWEET]), empty.settings)
    subject = Subject("user", GONE)
    with pytest.raises(TrendError, match="an id on archive and twitter, of different people"):
        of_one_source(preview(empty.lake, empty.settings, subject), subject)
    assert forget(empty.lake, empty.settings, Subject("user", GONE, "twitter")).removed == {"rejected_events": 1}
    assert held_in(empty.lake, "rejected_events") == rows


def test_rows_of_an_older_lake_are_searched_by_what_else_their_file_gave(empty: Home, tmp_path: Path) -> None:
    """Its rejected rows say no format; the file's only other row is an observation."""
    rows = [cells(0, Row("known", STAYS)), cells(1, Row("no time", GONE))]
    import_file(empty.lake, write(tmp_path / "a.csv", rows[:1]), empty.settings, COLUMNS)
    changed = {**rows[0], "likes": "3"}
    import_file(empty.lake, write(tmp_path / "b.jsonl", [changed, {**rows[1], "likes": "0"}]), empty.settings, COLUMNS)
    with empty.lake.transaction() as connection:
        connection.execute("UPDATE rejected_events SET format = NULL")
    assert asked(empty.lake, empty.settings, GONE).removed == {"rejected_events": 1}
