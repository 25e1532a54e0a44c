"""Files into the lake, and what is told of each."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import orjson
import pytest

from trend_assets.errors import TrendError
from trend_assets.lake.tables import COLLECTION_STATUS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.operations.import_report import ONE_TIME, TAKEN_BEFORE, ImportStatistics
from trend_assets.operations.importing import import_file, settings_columns
from trend_assets.periods import hour_start
from trend_assets.settings import load_settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import Batch
from trend_assets_tests.operations.conftest import Home

COLUMNS = ColumnMap.parse("id=n,timestamp=at,user_id=who,text=what")


def tweet(number: int, at: str = "Wed Feb 04 08:15:00 +0000 2026") -> bytes:
    return orjson.dumps({"id_str": str(number), "created_at": at, "text": "hi #tea", "user": {"id_str": "7"}})


def write(folder: Path, name: str, lines: list[bytes]) -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(lines))
    return path


def test_a_report_counts_rows_reasons_and_hours(empty: Home, tmp_path: Path) -> None:
    lines = [
        tweet(1, "Wed Feb 04 23:59:59 +0000 2026"),
        b"{not json",
        tweet(2, "Tue Feb 03 05:30:00 +0000 2026"),
        b'{"id_str": "3", "text": "no time", "user": {"id_str": "7"}}',
        b"{not json either",
        tweet(1, "Wed Feb 04 23:59:59 +0000 2026"),
    ]
    seen: list[Batch] = []
    report = import_file(
        empty.lake, write(tmp_path, "t.jsonl", lines), empty.settings, progress=lambda path, batch: seen.append(batch)
    )
    assert (report.rows, report.events, report.added, report.known, report.rejected) == (6, 3, 2, 1, 3)
    assert report.error is None
    assert sum(report.reasons.values()) == 3 and len(report.reasons) == 2
    assert report.first == datetime(2026, 2, 3, 5, tzinfo=UTC)
    assert report.last == datetime(2026, 2, 4, 23, tzinfo=UTC)
    assert sum(batch.rows for batch in seen) == 6
    rejected = empty.lake.read_table(REJECTED_EVENTS)
    assert sorted(rejected["line"]) == [2, 4, 5]
    assert set(rejected["reason"]) == set(report.reasons)
    assert set(rejected["origin"]) == {"t.jsonl"}
    (status,) = empty.lake.read_table(COLLECTION_STATUS).rows(named=True)
    assert (status["source"], status["status"], status["events"], status["rejected"]) == ("t.jsonl", "complete", 3, 3)


def test_a_second_import_adds_nothing(empty: Home, tmp_path: Path) -> None:
    path = write(tmp_path, "t.jsonl", [tweet(1), b"{", tweet(2)])
    import_file(empty.lake, path, empty.settings)
    before = empty.lake.read_table(RAW_EVENTS)
    report = import_file(empty.lake, path, empty.settings)
    assert (report.events, report.added, report.rejected) == (2, 0, 1)
    assert empty.lake.read_table(RAW_EVENTS).equals(before)
    assert empty.lake.read_table(REJECTED_EVENTS).height == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.jsonl", b"", "is empty"),
        ("noise.bin", bytes(range(256)) * 8, "noise.bin"),
        ("other.json", b'{"hello": [1, 2]}', "other.json"),
    ],
)
def test_a_file_without_an_event_is_an_error(empty: Home, tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    report = import_file(empty.lake, tmp_path / name, empty.settings)
    assert report.error is not None and told in report.error and "\n" not in report.error
    assert (report.events, report.first, report.last) == (0, None, None)
    (status,) = empty.lake.read_table(COLLECTION_STATUS).rows(named=True)
    assert (status["status"], status["message"]) == ("failed", report.error)


def test_a_missing_file_is_an_error(empty: Home, tmp_path: Path) -> None:
    report = import_file(empty.lake, tmp_path / "gone.jsonl", empty.settings)
    assert report.error is not None and "gone.jsonl" in report.error


def test_what_was_read_before_a_break_stays(empty: Home, tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join(tweet(number) for number in range(20_000)), 1)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    report = import_file(empty.lake, tmp_path / "cut.jsonl.gz", empty.settings)
    assert 0 < report.events < 20_000
    assert report.error is not None and "row" in report.error
    assert empty.lake.read_table(RAW_EVENTS).height == report.added == report.events
    (status,) = empty.lake.read_table(COLLECTION_STATUS).rows(named=True)
    assert status["status"] == "partial"


def test_a_table_is_read_by_its_columns(empty: Home, tmp_path: Path) -> None:
    lines = [b"n,at,who,what,mood", b"1,2026-02-04T08:00:00Z,ann,hello #tea,fine", b"2,yesterday,bob,hello,bad"]
    report = import_file(empty.lake, write(tmp_path, "chat.csv", lines), empty.settings, COLUMNS)
    assert (report.events, report.rejected, report.error) == (1, 1, None)
    assert report.first == datetime(2026, 2, 4, 8, tzinfo=UTC)


def test_rows_that_a_better_map_takes_are_no_longer_rejected(empty: Home, tmp_path: Path) -> None:
    lines = [b"n,at,text", b"1,2026-02-04 08:00,a", b"2,2026-02-04T09:00:00Z,b", b"3,yesterday,c"]
    path = write(tmp_path, "chat.csv", lines)
    other = write(tmp_path, "other.csv", [lines[0], lines[1]])
    without = ColumnMap.parse("id=n,timestamp=at,text=text")
    assert import_file(empty.lake, path, empty.settings, without).rejected == 2
    assert import_file(empty.lake, other, empty.settings, without).rejected == 1
    report = import_file(empty.lake, path, empty.settings, ColumnMap.parse(f"{without},timezone=UTC"))
    assert (report.added, report.known, report.rejected) == (1, 1, 1)
    kept = empty.lake.read_table(REJECTED_EVENTS)
    assert {(row["origin"], row["line"]) for row in kept.rows(named=True)} == {("chat.csv", 4), ("other.csv", 2)}
    told = {row["raw_data"] for row in kept.rows(named=True) if row["origin"] == "chat.csv"}
    assert len(told) == 1 and told.isdisjoint(empty.lake.read_table(RAW_EVENTS)["raw_data"])


def test_rows_that_were_taken_stay_known_by_a_worse_map(empty: Home, tmp_path: Path) -> None:
    lines = [b"n,at,text", b"1,2026-02-04 08:00,a", b"2,2026-02-04T09:00:00Z,b", b"3,yesterday,c"]
    path = write(tmp_path, "chat.csv", lines)
    without = ColumnMap.parse("id=n,timestamp=at,text=text")
    good = ColumnMap.parse(f"{without},timezone=UTC")
    assert import_file(empty.lake, path, empty.settings, good).rejected == 1
    for columns, read in ((without, 1), (ColumnMap.parse("id=n,timestamp=text"), 0), (good, 2)):
        seen = ImportStatistics()
        report = import_file(empty.lake, path, empty.settings, columns, seen=seen)
        assert (report.rows, report.added, report.known, report.rejected) == (3, 0, 2, 1)
        assert (seen.events, seen.notes[TAKEN_BEFORE], seen.notes[ONE_TIME]) == (read, 2 - read, 0)
        assert report.failed == (not read), "a map that reads no row is told, whatever the lake holds"
    assert {row["line"] for row in empty.lake.read_table(REJECTED_EVENTS).rows(named=True)} == {4}
    other = write(tmp_path, "other.csv", lines)
    assert import_file(empty.lake, other, empty.settings, without).rejected == 2, "another file's rows are its own"


def test_the_state_of_a_file_is_that_of_its_last_import(
    empty: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "chat.csv", [b"n,at,text", b"1,2026-02-04 08:00,a", b"2,2026-02-04T09:00:00Z,b"])
    without = ColumnMap.parse("id=n,timestamp=at,text=text")
    good = ColumnMap.parse(f"{without},timezone=UTC")

    def states(columns: ColumnMap) -> list[tuple[str, int, int]]:
        import_file(empty.lake, path, empty.settings, columns)
        return empty.lake.read("SELECT status, events, rejected FROM collection_status ORDER BY hour").rows()

    hours = (hour_start(datetime.now(UTC)) + timedelta(hours=nth) for nth in count())
    monkeypatch.setattr("trend_assets.operations.importing.hour_start", lambda now: next(hours))
    assert states(without) == [("complete", 1, 1)]
    assert states(good) == states(without) == [("complete", 2, 0)]
    none_read = ("failed", 0, 0)
    assert states(ColumnMap.parse("id=n,timestamp=when")) == [("complete", 2, 0), none_read], "no row was looked at"
    write(tmp_path, "chat.csv", [b"n,at,text", b"3,2026-02-04T10:00:00Z,c"])
    assert states(good) == [("complete", 2, 0), none_read, ("complete", 1, 0)], "another file of the same name"


def test_a_row_that_had_the_id_of_another_post_is_taken_under_another_name(empty: Home, tmp_path: Path) -> None:
    columns = ColumnMap.parse("id=n,timestamp=at,text=text")
    for name, text in (("one.csv", b"a"), ("two.csv", b"b")):
        path = write(tmp_path, name, [b"n,at,text", b"1,2026-02-04T08:00:00Z," + text])
        import_file(empty.lake, path, empty.settings, columns)
    assert set(empty.lake.read_table(REJECTED_EVENTS)["origin"]) == {"two.csv"}
    assert import_file(empty.lake, path, empty.settings, columns.with_namespace("two")).added == 1
    assert empty.lake.read_table(REJECTED_EVENTS).is_empty()


def test_the_settings_name_the_columns(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_columns(load_settings()) is None
    monkeypatch.setenv("TREND_ARCHIVE__COLUMNS", '{"timestamp": "at", "id": "n"}')
    columns = settings_columns(load_settings())
    assert columns is not None and columns.columns["timestamp"] == "at"
    monkeypatch.setenv("TREND_ARCHIVE__COLUMNS", '{"timestamp": "at", "txt": "what"}')
    with pytest.raises(TrendError, match=r"archive\.columns in the settings: .*txt"):
        settings_columns(load_settings())


def test_an_archive_that_was_read_at_last_is_no_longer_told_as_failed(empty: Home, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "n,at,who,what\n1,2026-02-04 08:00:00,7,hi #tea\n2,2026-02-04 09:00:00,8,tea\n")
    refused = import_file(empty.lake, path, empty.settings, COLUMNS)
    assert refused.error and not refused.events
    assert set(empty.lake.read_table(COLLECTION_STATUS)["status"]) == {"failed"}
    columns = ColumnMap.parse("id=n,timestamp=at,user_id=who,text=what,timezone=UTC")
    report = import_file(empty.lake, path, empty.settings, columns)
    assert report.events == 2
    states = empty.lake.read_table(COLLECTION_STATUS)
    assert states.select("source", "status", "events").rows() == [("x.zip/a.csv", "complete", 2)]
