"""`trend import`: good files once, bad ones told in one sentence."""

from __future__ import annotations

import gzip
import random
import re
import shlex
from datetime import UTC, datetime
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


def test_a_mistyped_name_leaves_nothing_behind(folder: Path) -> None:
    home = folder / "mistyped"
    trend = runner(home, folder)
    (folder / "there.jsonl").write_bytes(b"no post")
    assert "there is no file nofile.csv" in one_sentence(trend("import", "nofile.csv"))
    assert not home.exists()
    (folder / "read.jsonl").write_bytes(b'{"weather": "fine"}')
    assert trend("import", "nofile.csv", ".", "there.jsonl", "read.jsonl").returncode == 1
    told = count(trend, "SELECT source FROM collection_status ORDER BY source")
    assert [row["source"] for row in told] == ["read.jsonl", "there.jsonl"]


def test_a_refused_file_leaves_nothing_behind(folder: Path) -> None:
    home = folder / "refused"
    trend = runner(home, folder)
    (folder / "refused.csv").write_text("id,created,text\n1,05/06/2024,a\n2,14/06/2024,b\n")
    refused = trend("import", "refused.csv", ".")
    assert refused.returncode == 1
    table, directory = refused.stderr.splitlines()
    assert "refused.csv is a table" in table and directory
    assert not home.exists()
    command = table.split("as in: ")[1]
    assert trend(*shlex.split(command)[1:]).returncode == 0
    assert count(trend, "SELECT count(*) AS n FROM raw_events") == [{"n": 2}]


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
    assert "2 events read, 2 of them new; 1 row rejected" in run.stdout
    assert "trend backfill --start 2026-02-04" in run.stdout


def test_reasons_that_differ_only_in_a_value_are_one(folder: Path) -> None:
    trend = runner(folder / "alike", folder)
    rows = [f"{number},{number % 28 + 1}. Brumaire {number},ann,x" for number in range(300)]
    files = [chat(folder, f"alike{name}.csv", "a,2026-01-01T00:00:00Z,ann,x", *rows, "b,,ann,x") for name in "12"]
    run = trend("import", "--columns", CHAT, *files, COLUMNS="200")
    assert re.search(r"e\.g\. .*'1\. Brumaire 0'.* │ +600 │ line 3: ", run.stdout), run.stdout
    assert "no timestamp" in run.stdout or "nothing in column 'ts'" in run.stdout
    assert "more reason" not in run.stdout and "Brumaire 1'" not in run.stdout
    none = trend("import", "--columns", CHAT, chat(folder, "none.csv", *rows, "b,,ann,x", "c,,ann,x"))
    assert "300 rows" not in none.stderr and "any of its 302 rows: " in none.stderr and "Brumaire" in none.stderr


def test_wrong_columns_are_named(trend: Trend, folder: Path) -> None:
    (folder / "table.csv").write_text("message_id,sent_at,body\n1,2026-02-04T08:00:00Z,x\n", encoding="utf-8")
    for columns, told in (("timestamp=when,id=message_id", "when"), ("timestamp=sent_at,txt=body", "--columns: ")):
        assert told in one_sentence(trend("import", "--columns", columns, "table.csv"))


CHAT = "id=id,timestamp=ts,user_id=user,text=text"


def chat(folder: Path, name: str, *rows: str) -> str:
    (folder / name).write_text("\n".join(["id,ts,user,text", *rows]) + "\n", encoding="utf-8")
    return name


def next_commands(stdout: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in stdout.split("Next:")[1].splitlines() if line.strip()]


def test_what_was_read_is_told_and_the_next_command_works_as_printed(folder: Path) -> None:
    trend = runner(folder / "told", folder)
    rows = [f"{number},2009-03-04T{8 + number % 2:02}:{number:02}:00Z,ann,hi #tea" for number in range(40)]
    rows += ["40,2009-03-04T08:00:00Z,bob,no topic", "41,2009-03-04T08:00:00Z,bob,$spy #tea"]
    rows += ["40,2009-03-05T08:00:00Z,carl,another one", "x,yesterday,ann,\x1b[31mred [b]bad[/b]"]
    run = trend("import", "--columns", CHAT, chat(folder, "told.csv", *rows), COLUMNS="80")
    assert run.returncode == 1
    assert all(len(line) <= 80 for line in run.stdout.splitlines())
    assert re.search(r"told\.csv +│ +44 │ +42 │ +0 │ +1 │ +1 │", run.stdout)
    assert re.search(r"events +archive original 42", run.stdout)
    assert re.search(r"time +2009-03-04 08:00 to 2009-03-04 09:39 UTC", run.stdout)
    assert re.search(r"topics +#tea 41, \$spy 1\n?", run.stdout)
    assert "98% of the events" in run.stdout
    assert "line 45" in run.stdout and "\x1b" not in run.stdout
    assert "id=COLUMN+COLUMN" in run.stderr and "told.csv: 1 of 44 rows was rejected" in run.stderr
    (command,) = next_commands(run.stdout)
    assert command == ["backfill", "--start", "2009-03-04", "--end", "2009-03-05"]
    assert trend(*command).returncode == 0
    (row,) = count(trend, "SELECT count(*) AS n, (SELECT sum(mentions) FROM topic_activity) AS mentions FROM events")
    assert row == {"n": 42, "mentions": 42}


def test_days_that_lie_years_apart_are_two_commands_and_what_is_not_over_is_left_out(folder: Path) -> None:
    trend = runner(folder / "apart", folder)
    now = datetime.now(UTC)
    times = ["1975-01-01T00:00:00Z", "2010-01-01T00:00:00Z", "2010-06-01T00:00:00Z", now.isoformat()]
    rows = [f"{number},{moment},ann,hi" for number, moment in enumerate(times)]
    run = trend("import", "--columns", CHAT, chat(folder, "apart.csv", *rows))
    assert run.returncode == 0, run.stderr
    first, *later = next_commands(run.stdout)
    assert first == ["backfill", "--start", "2010-01-01", "--end", "2010-06-02"]
    over = now.replace(minute=0, second=0, microsecond=0)
    if over.hour:
        assert later == [["backfill", "--start", f"{now:%Y-%m-%d}", "--end", f"{over:%Y-%m-%dT%H:%M}"]]
    assert "3 of them new; 1 row rejected" in run.stdout, "what is before 1980 is no event"


def test_a_namespace_keeps_two_chats_apart_and_needs_columns(folder: Path) -> None:
    trend = runner(folder / "chats", folder)
    for name in ("one", "two"):
        file = chat(folder, f"{name}.csv", f"1,2024-01-15T12:00:00Z,7,hello from {name}")
        assert trend("import", "--namespace", name, "--columns", CHAT, file).returncode == 0
    rows = count(trend, "SELECT count(*) AS n, count(DISTINCT user_id) AS users FROM raw_events")
    assert rows == [{"n": 2, "users": 2}]
    assert "--columns" in one_sentence(trend("import", "--namespace", "one", "one.csv"))
    assert "empty" in one_sentence(trend("import", "--namespace", " ", "--columns", CHAT, "one.csv"))
