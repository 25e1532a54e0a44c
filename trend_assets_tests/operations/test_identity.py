"""An id is one post in the whole lake: what is new, known, changed, or another post under an id that is taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest

from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, OBSERVATIONS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.operations.identity import identify
from trend_assets.operations.import_report import FileReport
from trend_assets.operations.importing import import_file
from trend_assets.settings import load_settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.event import Event, Payload
from trend_assets.sources.frames import raw_frame
from trend_assets_tests.operations.conftest import Home
from trend_assets_tests.processes import process

COLUMNS = ColumnMap.parse("id=id,timestamp=ts,user_id=user,text=text")
NOON = datetime(2024, 1, 15, 12, tzinfo=UTC)

Import = Callable[..., FileReport]


def row(number: int, moment: datetime = NOON, user: str = "ann", text: str = "hello #tea") -> str:
    return f"{number},{moment.isoformat()},{user},{text}"


@pytest.fixture
def importing(empty: Home, tmp_path: Path) -> Import:
    def run(name: str, *rows: str, columns: ColumnMap = COLUMNS) -> FileReport:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(["id,ts,user,text", *rows]) + "\n", encoding="utf-8")
        report = import_file(empty.lake, path, empty.settings, columns)
        assert report.rows == len(rows)
        assert report.rows == report.added + report.known + report.conflicts + report.rejected + report.forgotten
        return report

    return run


def tweet(number: int, at: str = "Mon Jan 15 12:00:00 +0000 2024", user: str = "7", **more: object) -> bytes:
    return orjson.dumps({"id_str": str(number), "created_at": at, "text": "hi", "user": {"id_str": user}, **more})


@pytest.mark.parametrize(
    ("other", "differing", "option"),
    [
        (row(1, NOON + timedelta(days=40)), "time alone", "timezone="),
        (row(1, NOON + timedelta(hours=1), "bob", "other"), "time, user and text:", "--namespace"),
        (row(1, NOON, "bob"), "user alone", "--namespace"),
        (row(1, NOON, "ann", "something else"), "text alone", "if it is one post, edited"),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["in one file", "in two files"])
def test_another_post_under_an_id_is_kept_as_rejected(
    importing: Import, empty: Home, other: str, differing: str, option: str, together: bool
) -> None:
    if together:
        report = importing("a.csv", row(1), row(2), other)
        differing, option = (
            differing.rstrip(":"),
            "in the same file: the id is not unique there, so choose another column",
        )
        assert "--namespace" not in report.why and "timezone=" not in report.why
    else:
        importing("a.csv", row(1), row(2))
        report = importing("b.csv", other)
    assert report.conflicts == 1 and report.failed
    assert option in report.why and f"which differs in its {differing}" in report.why
    assert "the id 1 is already that of another post" in report.why
    assert "time 2024-01-15T12:00:00Z, user ann" in report.why
    (kept,) = empty.lake.read_table(REJECTED_EVENTS).rows(named=True)
    assert kept["origin"] == report.name and option in kept["reason"]
    assert orjson.loads(kept["raw_data"])["text"] == other.split(",")[3]
    assert sorted(empty.lake.read_table(RAW_EVENTS)["content_id"]) == ["1", "2"]


def test_conflicts_come_again_with_the_same_file_and_are_kept_once(importing: Import, empty: Home) -> None:
    importing("a.csv", row(1))
    first, second = (importing("b.csv", row(1, user="bob"), row(2)) for _ in range(2))
    assert (first.conflicts, first.added, second.conflicts, second.known) == (1, 1, 1, 1)
    assert empty.lake.read_table(REJECTED_EVENTS).height == 1


def test_a_file_whose_ids_are_not_unique_comes_again_and_is_kept_once(importing: Import, empty: Home) -> None:
    first, second = (importing("a.csv", row(1), row(1, NOON + timedelta(hours=1))) for _ in range(2))
    assert "in the same file" in first.why
    assert "if it is the same file, the id is not unique there" in second.why
    assert empty.lake.read_table(REJECTED_EVENTS).height == 1


def test_another_map_of_the_same_file_is_told_of_the_time_zone(importing: Import) -> None:
    rows = ["1,2024-01-15T12:00:00,ann,hello"]
    importing("a.csv", *rows, columns=ColumnMap.parse(f"{COLUMNS},timezone=UTC"))
    report = importing("a.csv", *rows, columns=ColumnMap.parse(f"{COLUMNS},timezone=Asia/Tokyo"))
    assert "which differs in its time alone: import both files with the same timezone=" in report.why


def test_one_row_is_no_rows(importing: Import) -> None:
    importing("a.csv", row(1))
    assert importing("b.csv", row(1, user="bob")).why.startswith("1 of 1 row was rejected")


def test_a_few_conflicts_are_told_and_fail_nothing(importing: Import, empty: Home) -> None:
    report = importing("a.csv", *(row(number) for number in range(1000)), row(0, user="bob"))
    assert report.conflicts == 1 and not report.failed
    assert statuses(empty) == [("a.csv", "complete", "")]


def test_a_file_with_conflicts_is_not_complete_and_its_state_names_nobody(importing: Import, empty: Home) -> None:
    importing("a.csv", row(1))
    assert importing("b.csv", row(1, user="bob"), row(2), "3,yesterday,ann,hi").failed
    assert importing("c.csv", row(1, user="eve")).failed
    conflicts = "have the id of another post"
    assert statuses(empty) == [
        ("a.csv", "complete", ""),
        ("b.csv", "partial", f"1 of 3 rows {conflicts}, 1 cannot be events: see rejected_events"),
        ("c.csv", "failed", f"1 of 1 rows {conflicts}: see rejected_events"),
    ]


def statuses(home: Home) -> list[tuple[str, str, str]]:
    return home.lake.read("SELECT source, status, message FROM collection_status ORDER BY source").rows()


def test_what_one_side_does_not_say_is_no_conflict(importing: Import, empty: Home) -> None:
    importing("a.csv", row(1))
    without_user = ColumnMap.parse("id=id,timestamp=ts,text=text")
    without_text = ColumnMap.parse("id=id,timestamp=ts,user_id=user")
    for name, columns in (("b.csv", without_user), ("c.csv", without_text)):
        report = importing(name, row(1), columns=columns)
        assert (report.known, report.conflicts) == (1, 0)
    assert importing("d.csv", row(1, user="", text="hello #tea"), columns=COLUMNS).conflicts == 0
    assert empty.lake.read_table(RAW_EVENTS).height == 1


ENDS = {"cr lf": "\r\n", "cr": "\r", "lf": "\n", "cr cr lf": "\r\r\n"}


@pytest.mark.parametrize("before", ENDS)
@pytest.mark.parametrize("after", ENDS)
def test_line_ends_alone_make_no_other_post(importing: Import, empty: Home, before: str, after: str) -> None:
    for name, end in (("a.csv", ENDS[before]), ("b.csv", ENDS[after])):
        report = importing(name, row(1, text=f'"two{end}lines, C:\\road"'))
        assert report.conflicts == 0
    assert (report.known, empty.lake.read_table(OBSERVATIONS).height) == (1, 0)
    assert orjson.loads(empty.lake.read_table(RAW_EVENTS)["raw_data"][0])["text"] == f"two{ENDS[before]}lines, C:\\road"


def test_a_backslash_and_a_letter_are_no_line_end(importing: Import, empty: Home) -> None:
    importing("a.csv", row(1, text="C:\\road"))
    assert importing("b.csv", row(1, text="C:\\noad")).conflicts == 1


def test_half_a_pair_that_an_older_release_kept_is_the_same_post(empty: Home, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id":"1","ts":"2024-01-15T12:00:00Z","text":"cut \\ud83d"}')
    columns = ColumnMap.parse("id=id,timestamp=ts,text=text")
    assert import_file(empty.lake, path, empty.settings, columns).added == 1
    raw = empty.lake.read_table(RAW_EVENTS)
    assert raw["raw_data"].str.json_path_match("$.text").to_list() == ["cut \ufffd"]
    (text,) = empty.lake.read("SELECT json_extract_string(raw_data, '$.text') AS t FROM raw_events")["t"]
    assert text == "cut \ufffd"
    older = raw.with_columns(raw_data=pl.lit(path.read_text()))
    with empty.lake.transaction() as connection:
        assert identify(connection, empty.lake.known_events, older).verdicts.to_list() == ["known"]


def test_a_post_is_the_same_from_csv_and_from_json(importing: Import, empty: Home, tmp_path: Path) -> None:
    importing("a.csv", row(1, text='"two\r\nlines"'))
    path = tmp_path / "a.jsonl"
    path.write_bytes(orjson.dumps({"id": "1", "ts": NOON.isoformat(), "user": "ann", "text": "two\r\nlines"}))
    report = import_file(empty.lake, path, empty.settings, COLUMNS)
    assert (report.known, report.conflicts) == (1, 0)
    assert empty.lake.read_table(OBSERVATIONS).is_empty()


def test_ids_of_two_chats_are_two_with_a_namespace(importing: Import, empty: Home) -> None:
    importing("a.csv", row(1), columns=COLUMNS.with_namespace("tea"))
    report = importing("b.csv", row(1, NOON + timedelta(days=3), text="other"), columns=COLUMNS.with_namespace("a/b"))
    assert (report.added, report.conflicts) == (1, 0)
    events = empty.lake.read_table(RAW_EVENTS)
    assert set(events["content_id"]) == {"tea/1", "a\\/b/1"} and events["user_id"].n_unique() == 2


def test_another_count_is_an_observation_once(empty: Home, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\n".join([tweet(1, retweet_count=1), tweet(1, retweet_count=2), tweet(1, retweet_count=3)]))
    first, second = (import_file(empty.lake, path, empty.settings) for _ in range(2))
    assert (first.added, first.known, first.conflicts) == (1, 2, 0)
    assert (second.added, second.known, second.conflicts) == (0, 3, 0)
    seen = empty.lake.read_table(OBSERVATIONS)
    assert [orjson.loads(raw)["retweet_count"] for raw in seen.sort("observed_at")["raw_data"]] == [2, 3]
    assert orjson.loads(empty.lake.read_table(RAW_EVENTS)["raw_data"][0])["retweet_count"] == 1


def test_the_text_of_a_platform_may_change_and_its_time_may_not(empty: Home, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    later = tweet(2, "Mon Jan 15 13:00:00 +0000 2024")
    path.write_bytes(b"\n".join([tweet(1), tweet(1, text="edited"), tweet(2), later]))
    report = import_file(empty.lake, path, empty.settings)
    assert (report.added, report.known, report.conflicts) == (2, 1, 1)
    assert "--namespace" not in report.why and "unique" in report.why


def test_a_chart_that_is_read_again_within_its_hour_is_an_observation(empty: Home) -> None:
    def charts(minute: int) -> pl.DataFrame:
        moment = NOON + timedelta(minutes=minute)
        event = Event(moment, "google_trends", "trend", "US:tea:2024-01-15T12", text="tea", topics=("tea",))
        return raw_frame([Payload("google_trends", f'{{"traffic": {minute}}}', event)], "google_trends", moment)

    for minute, verdict in ((5, "new"), (40, "changed"), (40, "known")):
        with empty.lake.transaction() as connection:
            found = identify(connection, empty.lake.known_events, charts(minute), repeats_count=True)
            empty.lake.insert_events(connection, found.new)
            connection.register("seen", found.observations())
            connection.execute("INSERT INTO observations SELECT * FROM seen")
        assert found.verdicts.to_list() == [verdict]


def test_two_bad_rows_of_two_files_of_one_name_are_both_kept(importing: Import, empty: Home) -> None:
    reports = [importing(f"{folder}/result.csv", "1,yesterday,ann,hi") for folder in "abab"]
    assert [report.rejected for report in reports] == [1] * 4
    kept = empty.lake.read_table(REJECTED_EVENTS)
    assert sorted(kept["origin"]) == ["a/result.csv", "b/result.csv"]
    status = empty.lake.read_table(COLLECTION_STATUS)
    assert sorted(status["source"].unique()) == ["a/result.csv", "b/result.csv"]


def test_a_file_that_failed_is_not_covered_by_a_later_one_of_its_name(importing: Import, empty: Home) -> None:
    importing("a/result.csv", "1,yesterday,ann,hi")
    importing("b/result.csv", row(2))
    importing("a/result.csv", row(1))
    status = empty.lake.read_table(COLLECTION_STATUS).sort("finished_at")
    expected = [("a/result.csv", "failed"), ("b/result.csv", "complete"), ("a/result.csv", "complete")]
    assert status.select("source", "status").rows() == expected
    assert status["content_hash"].n_unique() == 3


def test_ids_are_found_whatever_their_hour_and_whoever_wrote_them(empty: Home) -> None:
    """Through every way of looking: the first look, hashes in memory, and after another writer."""
    other = Lake(lake_location(empty.settings))

    def write(lake: Lake, numbers: range, moment: datetime) -> list[str]:
        events = [Event(moment, "archive", "original", str(number), text="same") for number in numbers]
        raw = raw_frame([Payload("x", f"{moment}", event) for event in events], "file", moment)
        with lake.transaction() as connection:
            found = identify(connection, lake.known_events, raw)
            lake.insert_events(connection, found.new)
        return found.verdicts.to_list()

    writers = [empty.lake] * 5 + [other] * 3 + [empty.lake, other, empty.lake, empty.lake, empty.lake]
    for nth, lake in enumerate(writers):
        start = nth * 10
        assert write(lake, range(start, start + 10), NOON) == ["new"] * 10
        assert write(lake, range(start + 10), NOON + nth * timedelta(days=20)) == (
            ["known"] * (start + 10) if nth == 0 else ["conflict"] * (start + 10)
        )
    assert empty.lake.read_table(RAW_EVENTS).height == 10 * len(writers)
    other.close()


def test_what_was_rolled_back_is_not_known(empty: Home) -> None:
    def raw(number: int) -> pl.DataFrame:
        return raw_frame([Payload("x", "{}", Event(NOON, "archive", "original", str(number)))], "file", NOON)

    for number in (1, 2):
        with empty.lake.transaction() as connection:
            empty.lake.insert_events(connection, identify(connection, empty.lake.known_events, raw(number)).new)
    with pytest.raises(KeyboardInterrupt), empty.lake.transaction() as connection:
        empty.lake.insert_events(connection, identify(connection, empty.lake.known_events, raw(3)).new)
        raise KeyboardInterrupt
    for verdict in ("new", "known"):
        with empty.lake.transaction() as connection:
            found = identify(connection, empty.lake.known_events, raw(3))
            empty.lake.insert_events(connection, found.new)
        assert found.verdicts.to_list() == [verdict]


def _import(home: Path, path: Path) -> None:
    os.environ["TREND_HOME"] = str(home)
    import_file(Lake(lake_location(load_settings())), path, load_settings())


def test_two_processes_that_import_one_file_double_nothing(empty: Home, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\n".join([*(tweet(number) for number in range(22_000)), b"{bad", tweet(1, user="8")]))
    both = [process(_import, empty.settings.home, path) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
        assert one.exitcode == 0
    counts = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM "
    assert empty.lake.read(f"{counts} raw_events").row(0) == (22_000, 22_000)
    assert empty.lake.read(f"{counts} rejected_events").row(0) == (2, 2)
    assert empty.lake.read(f"{counts} observations").row(0) == (0, 0)
