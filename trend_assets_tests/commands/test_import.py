"""`trend import`: good files once, bad ones told in one sentence."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import orjson

from trend_assets_tests.commands.conftest import Trend, one_sentence, runner


def count(trend: Trend, query: str) -> list[dict[str, Any]]:
    run = trend("sql", query, "--format", "json")
    assert run.returncode == 0, run.stderr
    return orjson.loads(run.stdout)


def test_recorded_answers_of_x(shared_data: Path, folder: Path) -> None:
    trend = runner(folder / "x", folder)
    files = sorted((shared_data / "recorded" / "x").glob("*.jsonl"))
    # Some of them hold counts and lists, which are no tweets: that is said and the command fails.
    first, second = trend("import", *files), trend("import", *files)
    assert first.returncode == second.returncode == 1
    assert "Traceback" not in first.stderr
    (row,) = count(
        trend,
        "SELECT count(*) AS n, count(DISTINCT id) AS ids, (SELECT count(*) FROM rejected_events) AS rejected, "
        "(SELECT min(length(reason)) FROM rejected_events) AS shortest_reason FROM raw_events",
    )
    assert (row["n"], row["ids"]) == (210, 210)
    assert row["rejected"] > 0 and row["shortest_reason"] > 10
    assert " 0 of them new" in second.stdout
    assert "rejected because" in first.stdout


def test_recorded_answers_of_youtube(shared_data: Path, folder: Path) -> None:
    trend = runner(folder / "youtube", folder)
    trend("import", *sorted((shared_data / "recorded" / "youtube").glob("*.json")))
    rows = count(trend, "SELECT event_type, count(*) AS n FROM raw_events GROUP BY 1 ORDER BY 1")
    assert rows == [{"event_type": "comment", "n": 7}, {"event_type": "upload", "n": 58}]


def test_bad_files_are_told_in_one_sentence_each(trend: Trend, folder: Path) -> None:
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "random.bin").write_bytes(random.Random(1).randbytes(4096))
    (folder / "other.json").write_bytes(b'{"weather": "fine"}\n')
    (folder / "[b]odd.json").write_bytes(b"")
    names = ["missing.jsonl", "empty.jsonl", "random.bin", "other.json", "[b]odd.json"]
    run = trend("import", *names)
    assert run.returncode == 1
    lines = run.stderr.splitlines()
    assert len(lines) == len(names)
    for name, line in zip(names, lines, strict=True):
        assert name in line and len(line) < 300
    assert "Traceback" not in run.stderr


def test_a_truncated_gzip_keeps_what_could_be_read(folder: Path) -> None:
    trend = runner(folder / "truncated", folder)
    rows = b"".join(
        orjson.dumps(
            {
                "id_str": str(number),
                "created_at": "Wed Feb 04 08:15:00 +0000 2026",
                "text": f"tea {random.Random(number).random()}",
                "user": {"id_str": "7"},
            }
        )
        + b"\n"
        for number in range(2_000)
    )
    packed = gzip.compress(rows)
    (folder / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    run = trend("import", "cut.jsonl.gz")
    told = one_sentence(run)
    assert "cut.jsonl.gz" in told and "row" in told
    kept = count(trend, "SELECT count(*) AS n FROM raw_events")[0]["n"]
    assert isinstance(kept, int) and 0 < kept < 2_000
    assert f"{kept:,} events read" in run.stdout


def test_a_table_by_its_columns(folder: Path) -> None:
    trend = runner(folder / "table", folder)
    (folder / "chat.csv").write_text(
        "message_id,sent_at,user,thread,body,mood\n"
        "1,2026-02-04T08:00:00Z,ann,general > [tea],hello,fine\n"
        "2,2026-02-04T09:00:00Z,bob,general > [tea],again,fine\n"
        "3,some day,bob,general > [tea],never,bad\n",
        encoding="utf-8",
    )
    run = trend("import", "--columns", "id=message_id,timestamp=sent_at,user_id=user,topics=thread", "chat.csv")
    assert run.returncode == 0, run.stderr
    assert "2 events read, 2 of them new; 1 rows rejected" in run.stdout
    assert "trend backfill --start 2026-02-04" in run.stdout


def test_wrong_columns_are_named(trend: Trend, folder: Path) -> None:
    (folder / "table.csv").write_text("message_id,sent_at,body\n1,2026-02-04T08:00:00Z,x\n", encoding="utf-8")
    for columns, told in (("timestamp=when,id=message_id", "when"), ("timestamp=sent_at,txt=body", "--columns: ")):
        assert told in one_sentence(trend("import", "--columns", columns, "table.csv"))
