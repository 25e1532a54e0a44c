"""`trend forget`: afterwards no byte of the home holds what was to be forgotten, and it does not come back."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

from trend_assets.automation.instance import open_instance
from trend_assets.definitions import make_definitions
from trend_assets.enrichment.embedding_table import text_hashes
from trend_assets.errors import TrendError
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import (
    ALERT_THRESHOLDS,
    ALERTS,
    COLLECTION_ATTEMPTS,
    EVENT_EMBEDDINGS,
    EVENTS,
    OBSERVATIONS,
    PREDICTION_OUTCOMES,
    PREDICTIONS,
)
from trend_assets.launch import HourRange, materialize_hours
from trend_assets.operations.importing import import_file
from trend_assets.operations.maintaining import maintain_lake
from trend_assets.operations.privacy.admission import key_file
from trend_assets.operations.privacy.files import Files, forget_files, preview_files
from trend_assets.operations.privacy.forgetting import Forgotten, forget
from trend_assets.operations.privacy.traces import Subject, find
from trend_assets.settings import Settings, load_settings
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.tgn.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from trend_assets.tgn.forecaster import KIND
from trend_assets_tests.operations.conftest import Home

HOUR = datetime(2026, 1, 5, 6, tzinfo=UTC)
#: X's ids tell the time: one that told another would be no tweet's.
FIRST = (int(HOUR.timestamp() * 1000) - 1288834974657) << 22
USER, HANDLE, TAG = "7700112233445566", "sentinelhandle", "sentinelhashtag"
WORDS = "sentinel words that nobody else wrote"
#: What must not be found anywhere afterwards.
SENTINELS = (USER, HANDLE, TAG, WORDS, str(FIRST + 1), str(FIRST + 2))
SHARED = "a text that two people wrote word for word"


def tweet(number: int, user: str, text: str, handle: str | None = None, **more: Any) -> dict[str, Any]:
    tags = [{"text": word} for word in re.findall(r"#(\w+)", text)]
    return {
        "id_str": str(number),
        "created_at": (HOUR + timedelta(minutes=(number - FIRST) % 50)).strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "text": text,
        "lang": "en",
        "user": {"id_str": user, "screen_name": handle or f"user{user}", "followers_count": 3},
        "entities": {"hashtags": tags, "symbols": [], "urls": [], "user_mentions": []},
        **more,
    }


def tweets() -> list[dict[str, Any]]:
    theirs = tweet(FIRST + 1, USER, f"{WORDS} #{TAG} #common", HANDLE)
    return [
        theirs,
        tweet(FIRST + 2, USER, SHARED + " #common", HANDLE),
        tweet(FIRST + 3, "42", f"RT @{HANDLE}: {WORDS} #{TAG}", retweeted_status=theirs),
        tweet(FIRST + 4, "43", SHARED + " #common"),
        tweet(FIRST + 5, "44", "something else entirely #common #other"),
    ]


def write_tweets(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(item) for item in tweets()] + [json.dumps({"id_str": "1", "user": {"id_str": USER}})]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home in which the sentinels stand in every table, and in every kind of file beside the lake."""
    home = tmp_path_factory.mktemp("forgetting") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("TREND_", "DAGSTER_")) and name != "TREND_SHARED_DATA":
                patch.delenv(name)
        patch.setenv("TREND_HOME", str(home))
        fill(load_settings())
        yield home


def fill(settings: Settings) -> None:
    lake = Lake(lake_location(settings))
    report = import_file(lake, write_tweets(settings.inbox / "done" / "posts.jsonl.gz"), load_settings())
    assert (report.events, report.rejected) == (5, 1)
    names = ["raw_events", "events", "topic_activity", "temporal_edges", "nodes"]
    materialize_hours(
        make_definitions(settings), open_instance(settings), HourRange(HOUR, HOUR + timedelta(hours=1)), names
    )
    fill_the_rest(lake)
    settings.logs_folder.mkdir(parents=True, exist_ok=True)
    (settings.logs_folder / "alerts.jsonl").write_text(f'{{"subject":"#{TAG}"}}\n{{"subject":"#other"}}\n', "utf-8")
    vocabulary = {"topics": ["#common", f"#{TAG}"], "users": [f"twitter:{USER}", "twitter:43"]}
    save_checkpoint(
        settings.models_folder / "tgn-2026-01-05-s1",
        KIND,
        Checkpoint({"weights": torch.ones(2)}, {"vocabulary": vocabulary, "labels": ["bursts"]}),
    )
    (settings.models_folder / "live" / "state").mkdir(parents=True)
    (settings.models_folder / "live" / "state" / "model.json").write_text(f"twitter:{USER}", "utf-8")
    lake.close()


@pytest.fixture
def filled(template: Path, home: Path) -> Iterator[Home]:
    """A copy of it for one test."""
    shutil.copytree(template, home)
    settings = load_settings()
    lake = Lake(lake_location(settings))
    yield Home(settings, lake)
    lake.close()


def fill_the_rest(lake: Lake) -> None:
    events = lake.read_table(EVENTS)
    vectors = text_hashes(events).select("id", "hour", "text_hash", model=pl.lit("made"))
    embedded = vectors.with_columns(embedding=pl.lit([1.0, 0.0], pl.List(pl.Float32)))
    lake.write(EVENT_EMBEDDINGS, EVENT_EMBEDDINGS.conform(embedded), HOUR, HOUR + timedelta(hours=1))
    raw = lake.read("SELECT * FROM raw_events").rename({"collected_at": "observed_at"})
    lake.write(OBSERVATIONS, raw.select(OBSERVATIONS.column_names).cast(dict(OBSERVATIONS.schema)))
    users = [{"user_id": f"twitter:{USER}", "attention": 0.6}, {"user_id": "twitter:43", "attention": 0.2}]
    common = {"hour": HOUR, "cut": HOUR + timedelta(hours=1), "label": "bursts", "horizon_hours": 24,
              "rank": 1, "score": 0.5,
              "revision": 0, "made": "live"}  # fmt: skip
    made = [{**common, "topic": f"#{tag}", "source_events_count": 2, "model_version": "tgn-made",
             "metadata": json.dumps({"mentions_3h": 2, "users": users})} for tag in (TAG, "common")]  # fmt: skip
    lake.write(PREDICTIONS, PREDICTIONS.frame(made), HOUR, HOUR + timedelta(hours=1))
    known = [{**common, "topic": f"#{tag}", "model_version": "tgn-made", "came_true": True, "mentions_before": 1,
              "mentions_after": 2, "growth": 0.1} for tag in (TAG, "common")]  # fmt: skip
    lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame(known), HOUR, HOUR + timedelta(hours=1))
    alert = {"id": "a", "raised_at": HOUR, "rule": "topic_rising", "severity": "info", "subject": f"#{TAG}",
             "message": f"#{TAG} rises", "state": "delivered", "attempts": 1, "delivered_at": "{}"}  # fmt: skip
    lake.write(ALERTS, ALERTS.frame([alert]))
    threshold = {"cut": HOUR, "threshold": 0.5, "rate": 1.0, "raised": ["#common", f"#{TAG}"]}
    lake.write(ALERT_THRESHOLDS, ALERT_THRESHOLDS.frame([threshold]))
    attempt = {"hour": HOUR, "source": "twitter", "purpose": "new", "started_at": HOUR, "finished_at": HOUR,
               "status": "complete", "events": 5, "requests": 1, "units": 5, "cursor": str(FIRST + 1),
               "failure": "", "message": ""}  # fmt: skip
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([attempt]))


def found_in(home: Path) -> dict[str, list[str]]:
    """Sentinel to the files that hold it, whatever they are packed or encoded with."""
    found: dict[str, list[str]] = {}
    for path in sorted(item for item in home.rglob("*") if item.is_file()):
        data = unpacked(path)
        for sentinel in SENTINELS:
            if sentinel.encode() in data:
                found.setdefault(sentinel, []).append(str(path.relative_to(home)))
    return found


def unpacked(path: Path) -> bytes:
    # From another process: to close a SQLite file undoes the locks of whoever has it open in this one.
    data = subprocess.run(["cat", path], capture_output=True, check=True).stdout
    if data[:2] == b"\x1f\x8b":
        data += gzip.decompress(data)
    if path.suffix == ".parquet":
        data += pl.read_parquet(path).write_json().encode()
    images = re.findall(rb"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", data)
    return data + b"".join(base64.b64decode(image) for image in images)


def forget_all(filled: Home, subject: Subject) -> tuple[Forgotten, Files]:
    forgotten = forget(filled.lake, filled.settings, subject)
    assert forgotten.unfinished == ""
    return forgotten, forget_files(filled.settings, forgotten)


def test_no_byte_of_a_person_is_left_in_the_home(filled: Home) -> None:
    home = filled.settings.home
    before = found_in(home)
    assert set(before) == set(SENTINELS)
    assert {Path(path).parts[0] for paths in before.values() for path in paths} == {
        "dagster", "inbox", "lake", "logs", "models",
    }  # fmt: skip
    forgotten, files = forget_all(filled, Subject("user", USER))
    assert found_in(home) == {}
    assert forgotten.topics == (f"#{TAG}",)
    assert filled.lake.read_table(ALERT_THRESHOLDS)["raised"].to_list() == [["#common"]]
    assert (files.models, files.lines, [path.name for path in files.deleted]) == (1, 1, ["posts.jsonl.gz"])
    assert files.records >= 1 and files.still == [] and files.refused == []
    assert not (filled.settings.models_folder / "live").exists()


def test_what_others_did_is_left_as_it_was(filled: Home) -> None:
    lake = filled.lake
    forget_all(filled, Subject("user", USER))
    kept = [f"twitter:original:{FIRST + 4}", f"twitter:original:{FIRST + 5}"]
    for table in ("raw_events", "events", "event_embeddings", "observations"):
        assert lake.read(f"SELECT id FROM {table} ORDER BY id")["id"].to_list() == kept, table
    assert lake.read("SELECT topic, mentions, distinct_users FROM topic_activity ORDER BY topic").rows() == [
        ("#common", 2, 2),
        ("#other", 1, 1),
    ]
    nodes = lake.read("SELECT kind, key FROM nodes ORDER BY kind, key").rows()
    assert ("user", "twitter:43") in nodes and ("topic", "#common") in nodes
    assert {key for _, key in nodes}.isdisjoint({f"#{TAG}", f"twitter:{USER}", "twitter:42"})
    ends = lake.read("SELECT src AS n FROM temporal_edges UNION SELECT dst FROM temporal_edges")["n"]
    assert sorted(ends) == sorted(lake.read("SELECT node_id FROM nodes")["node_id"])
    (row,) = lake.read("SELECT topic, metadata FROM predictions").rows()
    assert row[0] == "#common"
    assert json.loads(row[1]) == {"mentions_3h": 2, "users": [{"user_id": "twitter:43", "attention": 0.2}]}
    assert lake.read("SELECT topic FROM prediction_outcomes")["topic"].to_list() == ["#common"]
    assert (filled.settings.logs_folder / "alerts.jsonl").read_text("utf-8") == '{"subject":"#other"}\n'
    stored = load_checkpoint(filled.settings.models_folder / "tgn-2026-01-05-s1", KIND)
    assert stored.metadata["vocabulary"] == {
        "topics": ["#common", "(forgotten)"],
        "users": ["(forgotten)", "twitter:43"],
    }


def test_it_is_noted_without_the_id(filled: Home) -> None:
    forget(filled.lake, filled.settings, Subject("user", USER, "twitter"))
    notes = filled.lake.read("SELECT * FROM forgotten WHERE asked").to_dicts()
    assert [(note["kind"], note["source"]) for note in notes] == [("user", "twitter")]
    removed = json.loads(notes[0]["removed"])
    assert (removed["raw_events"], removed["events"], removed["rejected_events"]) == (3, 3, 1)
    assert (removed["predictions"], removed["prediction_outcomes"], removed["alerts"]) == (1, 1, 1)
    assert key_file(filled.settings).stat().st_mode & 0o777 == 0o600


def test_a_post_goes_with_its_retweets_and_its_author_stays(filled: Home) -> None:
    forget_all(filled, Subject("content", str(FIRST + 1), "twitter"))
    left = filled.lake.read("SELECT content_id, user_id FROM events ORDER BY 1").rows()
    assert left == [(str(FIRST + 2), USER), (str(FIRST + 4), "43"), (str(FIRST + 5), "44")]
    assert set(found_in(filled.settings.home)) == {USER, HANDLE, str(FIRST + 2)}


def test_what_was_forgotten_does_not_come_back(filled: Home, tmp_path: Path) -> None:
    """Nor what is new of the person, nor what others pass on of it; another process's lake knows it, too."""
    forget(filled.lake, filled.settings, Subject("user", USER, "twitter"))
    again = Lake(filled.lake.location)
    report = import_file(again, write_tweets(tmp_path / "again.jsonl.gz"), load_settings())
    # Three posts, and the row that could not be read.
    assert (report.forgotten, report.added) == (4, 0)
    quote = tweet(FIRST + 9, "45", "look at this", quoted_status=tweet(99, USER, "a new post", HANDLE))
    (tmp_path / "new.jsonl").write_text(json.dumps(quote) + "\n", "utf-8")
    assert import_file(again, tmp_path / "new.jsonl", load_settings()).forgotten == 1
    counted = {Path(name).name: count for name, count in again.read(
        "SELECT source, forgotten FROM collection_status").iter_rows()}  # fmt: skip
    assert (counted["again.jsonl.gz"], counted["new.jsonl"]) == (4, 1)
    assert set(found_in(filled.settings.home / "lake")) == set()
    again.close()


def test_what_a_run_wrote_afterwards_is_forgotten_again_at_night(filled: Home) -> None:
    """The run had read the hour before."""
    in_hand = filled.lake.read_table(EVENTS)
    forget(filled.lake, filled.settings, Subject("user", USER, "twitter"))
    filled.lake.write(EVENTS, in_hand, HOUR, HOUR + timedelta(hours=1))
    assert USER in found_in(filled.settings.home / "lake")
    # The person, and the two posts.
    assert maintain_lake(filled.lake, filled.settings, datetime.now(UTC)).returned == 3
    assert found_in(filled.settings.home / "lake") == {}
    assert maintain_lake(filled.lake, filled.settings, datetime.now(UTC)).returned == 0


def test_without_the_key_nothing_is_let_in(filled: Home, tmp_path: Path) -> None:
    forget(filled.lake, filled.settings, Subject("user", USER))
    key_file(filled.settings).unlink()
    with pytest.raises(TrendError, match=r"the key by which forgotten ids are known .* is gone: restore"):
        import_file(filled.lake, write_tweets(tmp_path / "again.jsonl.gz"), load_settings())


def test_bounds_are_those_of_what_is_left(filled: Home) -> None:
    """Rows are found after it by every text that they hold: bounds too narrow would hide them."""
    forget(filled.lake, filled.settings, Subject("user", USER))
    import_id = f"twitter:original:{FIRST + 5}"
    other = Lake(filled.lake.location)
    for lake in (filled.lake, other):
        for column, value in (("id", import_id), ("user_id", "44"), ("source", "twitter")):
            assert lake.read(f"SELECT id FROM events WHERE {column} = ?", [value]).height >= 1
        assert lake.read("SELECT topic FROM topic_activity WHERE topic = '#other'").height == 1
    other.close()


def test_files_go_for_what_they_hold_and_not_for_their_names(filled: Home) -> None:
    done = filled.settings.inbox / "done"
    (done / "20260105T060000000000-posts.jsonl.gz").write_bytes((done / "posts.jsonl.gz").read_bytes())
    others = [json.dumps(item) for item in tweets()[3:]]
    for name in ("2024-posts.jsonl.gz", "20260105T070000000000-posts.jsonl.gz"):
        (done / name).write_bytes(gzip.compress("\n".join(others).encode()))
    half = gzip.compress("\n".join(others).encode())[:-20]
    (done / "half.jsonl.gz").write_bytes(half)
    with zipfile.ZipFile(done / "half.zip", "w") as archive:
        archive.writestr("posts.jsonl", "\n".join(others))
        archive.writestr("half.jsonl.gz", half)
    forgotten = forget(filled.lake, filled.settings, Subject("user", USER))
    assert [path.name for path in preview_files(filled.settings, forgotten).deleted] == [
        "20260105T060000000000-posts.jsonl.gz",
        "posts.jsonl.gz",
    ]
    files = forget_files(filled.settings, forgotten)
    assert sorted(path.name for path in done.iterdir()) == [
        "2024-posts.jsonl.gz",
        "20260105T070000000000-posts.jsonl.gz",
        "half.jsonl.gz",
        "half.zip",
    ]
    assert len(files.deleted) == 2
    assert sorted(path.name for path in files.unread) == ["half.jsonl.gz", "half.zip"]


def test_a_table_is_read_by_the_columns_that_it_was_imported_by(empty: Home) -> None:
    done = empty.settings.inbox / "done"
    done.mkdir(parents=True)
    (done / "a.csv").write_text("id,who,at,n\n7,9,2026-01-05T06:00:00Z,3\n", "utf-8")
    (done / "b.csv").write_text("id,who,at,n\n8,3,2026-01-05T06:00:00Z,9\n", "utf-8")
    columns = ColumnMap.parse("id=id,user_id=who,timestamp=at")
    for name in ("a.csv", "b.csv"):
        import_file(empty.lake, done / name, empty.settings, columns)
    forgotten = forget(empty.lake, empty.settings, Subject("user", "9", "archive"))
    assert forgotten.removed == {"raw_events": 1}
    assert [path.name for path in forget_files(empty.settings, forgotten).deleted] == ["a.csv"]
    assert [path.name for path in done.iterdir()] == ["b.csv"]
    # A row of the person that is no event is kept out, too; one that only has the number is not.
    (done / "c.csv").write_text("id,who,at,n\n4,5,2026-01-05T06:00:00Z,5\n10,9,never,3\n11,3,never,9\n", "utf-8")
    report = import_file(empty.lake, done / "c.csv", empty.settings, columns)
    assert (report.events, report.rejected, report.forgotten) == (1, 1, 1)
    assert [json.loads(raw)["id"] for raw in empty.lake.read("SELECT raw_data FROM rejected_events")["raw_data"]] == [
        "11"
    ]


def test_logs_lose_lines_of_short_ids_and_plain_words_where_they_are_told_to_be_such(empty: Home) -> None:
    moment = HOUR.isoformat()
    rows = [{"id": "1", "who": "12", "at": moment, "about": "error"}, {"id": "2", "who": "3", "at": moment}]
    (empty.settings.home / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    columns = ColumnMap.parse("id=id,user_id=who,timestamp=at,topics=about")
    import_file(empty.lake, empty.settings.home / "rows.jsonl", empty.settings, columns)
    materialize_hours(
        make_definitions(empty.settings),
        open_instance(empty.settings),
        HourRange(HOUR, HOUR + timedelta(hours=1)),
        ["events"],
    )
    kept = [
        '{"level":"error","message":"error 12"}',
        "error: 12 of 12 files",
        '{"subject":"#errors"}',
        '{"user_id":"120"}',
        "archive:123 waits",
    ]
    gone = ['{"subject":"error","message":"error rises"}', '{"user_id": "12"}', "weights of archive:12 are gone"]
    (empty.settings.logs_folder / "a.log").write_text("\n".join([*kept[:3], *gone, *kept[3:]]) + "\n", "utf-8")
    forgotten = forget(empty.lake, empty.settings, Subject("user", "12", "archive"))
    assert forgotten.topics == ("error",)
    assert forget_files(empty.settings, forgotten).lines == len(gone)
    assert (empty.settings.logs_folder / "a.log").read_text("utf-8").splitlines() == kept


def test_what_cannot_be_told_of_rejected_text_is_left_and_counted(empty: Home, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id_str": "5", "user": {"id_str": "77"} broken\nuser 7700112233445566 said\n', "utf-8")
    import_file(empty.lake, path, empty.settings)
    found = find(empty.lake, Subject("user", "77"), None)
    assert (found.rejected_ids, found.undecided) == (set(), 1)
    found = find(empty.lake, Subject("user", USER), None)
    assert (len(found.rejected_ids), found.undecided) == (1, 0)
