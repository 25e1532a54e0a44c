"""`trend forget` as people type it: what it refuses, shows and asks before anything goes."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trend_assets_tests.commands.conftest import Trend, one_sentence, runner
from trend_assets_tests.conftest import REPOSITORY


def tweet(number: int, user: int, name: str, text: str) -> dict[str, object]:
    return {
        "id_str": str(number),
        "created_at": "Mon Jan 05 06:01:00 +0000 2026",
        "text": text,
        "user": {"id_str": str(user), "screen_name": name},
        "entities": {"urls": [{"expanded_url": "https://example.org/7/21/photo/1"}]},
    }


@pytest.fixture(scope="module")
def template(folder: Path) -> Path:
    """A home with three tweets and two rows of a table, of whose users one has the id of another's."""
    trend = runner(folder / "template", folder)
    original = tweet(901, 21, "Alice", "hello #tea")
    posts = [original, tweet(902, 22, "bob", "x"), {**tweet(903, 22, "bob", "RT"), "retweeted_status": original}]
    (folder / "posts.jsonl").write_text("\n".join(json.dumps(post) for post in posts), "utf-8")
    (folder / "rows.csv").write_text("id,who,at\n7,22,2026-01-05T06:00:00Z\n8,30,2026-01-05T06:00:00Z\n", "utf-8")
    assert trend("import", "posts.jsonl").returncode == 0
    assert trend("import", "--columns", "id=id,user_id=who,timestamp=at", "rows.csv").returncode == 0
    hour = ("--start", "2026-01-05T06:00", "--end", "2026-01-05T07:00", "--no-embeddings")
    assert trend("backfill", *hour).returncode == 0
    return folder / "template"


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Trend:
    """A copy of it for one test."""
    shutil.copytree(template, tmp_path / "home")
    return runner(tmp_path / "home", tmp_path)


def left(trend: Trend) -> list[str]:
    return trend("sql", "--format", "csv", "SELECT id FROM raw_events ORDER BY id").stdout.splitlines()[1:]


EVERY = ["archive:original:7", "archive:original:8", "twitter:original:901", "twitter:original:902",
         "twitter:retweet:903"]  # fmt: skip


def test_it_removes_whom_it_was_told_to_and_refuses_what_it_does_not_know(filled: Trend) -> None:
    said = one_sentence(filled("forget", "--user", "1"))
    assert "nothing in the lake has the user id 1: nothing was removed" in said
    assert "trend forget --user 1 --source SOURCE --even-unknown" in said
    assert "trend forget --user 21 --source twitter" in one_sentence(filled("forget", "--user", "@alice"))
    said = one_sentence(filled("forget", "--user", "22"))
    assert "an id on archive and twitter, of different people" in said and "--source archive" in said
    assert "nothing on mastodon" in one_sentence(filled("forget", "--user", "22", "--source", "mastodon"))
    assert left(filled) == EVERY
    shown = filled("forget", "--user", "21", "--dry-run")
    assert shown.returncode == 0
    assert "1 posts of it, 1 of others that carry it" in shown.stdout and "nothing was removed" in shown.stdout
    for line in ("  2 raw_events", "    twitter:original:901, 21", "  2 events", "    twitter:original:901, 21, hello"):
        assert line in shown.stdout, shown.stdout
    assert left(filled) == EVERY
    run = filled("forget", "--user", "21")
    assert run.returncode == 0 and "2 raw_events" in run.stdout
    assert left(filled) == [row for row in EVERY if row not in ("twitter:original:901", "twitter:retweet:903")]
    # Asked again it looks again, for something may have been left behind.
    assert filled("forget", "--user", "21", "--source", "twitter").returncode == 0


def test_an_unknown_id_is_kept_away_where_that_is_asked_for(filled: Trend, tmp_path: Path) -> None:
    assert "--even-unknown needs --source" in one_sentence(filled("forget", "--user", "40", "--even-unknown"))
    assert filled("forget", "--user", "40", "--source", "twitter", "--even-unknown").returncode == 0
    (tmp_path / "new.jsonl").write_text(json.dumps(tweet(905, 40, "eve", "x")), "utf-8")
    (tmp_path / "new.csv").write_text("id,who,at\n9,40,2026-01-05T06:00:00Z\n", "utf-8")
    filled("import", "new.jsonl")
    filled("import", "--columns", "id=id,user_id=who,timestamp=at", "new.csv")
    assert left(filled) == sorted([*EVERY, "archive:original:9"])


def test_an_empty_home_stays_empty(folder: Path, tmp_path: Path) -> None:
    trend = runner(tmp_path / "home", tmp_path)
    assert "there is no lake" in one_sentence(trend("forget", "--user", "1"))
    assert not (tmp_path / "home" / "lake").exists()


@pytest.mark.parametrize(("answer", "options", "removed"), [("n", [], False), ("y", [], True), ("", ["--yes"], True)])
def test_a_terminal_is_asked_first(filled: Trend, tmp_path: Path, answer: str, options: list[str],
                                   removed: bool) -> None:  # fmt: skip
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TREND_HOME": str(tmp_path / "home"), "TERM": "dumb", "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", "from trend_assets.cli import main; main()", "forget", "--user", "21", *options]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True)
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    said = b""
    while chunk := _read(ours):
        said += chunk
    os.close(ours)
    assert process.wait(60) == (0 if removed else 1)
    assert (b"Remove it? It cannot be undone." in said) == (not options)
    assert (b"2 raw_events" in said) and (left(filled) == EVERY) == (not removed)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # a terminal whose other end was closed
        return b""
