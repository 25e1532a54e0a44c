"""`trend predict` of a moment of the past says what came of it."""

from __future__ import annotations

from pathlib import Path

from trend_assets_tests.commands.conftest import runner


def test_what_came_of_a_past_forecast_is_told(tmp_path: Path) -> None:
    trend = runner(tmp_path / "home", tmp_path)
    posts = ["1,2026-02-04T08:00:00Z,u1,#tea #jam", "2,2026-02-04T08:30:00Z,u2,#jam"]
    posts += [f"{10 + index},2026-02-04T12:{index:02}:00Z,u{index},#tea" for index in range(12)]
    # The last hour of the horizon is known because of this one.
    posts += ["90,2026-02-05T09:30:00Z,u1,#late"]
    (tmp_path / "posts.csv").write_text("id,at,user,text\n" + "\n".join(posts) + "\n", encoding="utf-8")
    assert trend("import", "--columns", "id=id,timestamp=at,user_id=user,text=text", "posts.csv").returncode == 0
    run = trend("backfill", "--start", "2026-02-04", "--end", "2026-02-06", "--no-embeddings")
    assert run.returncode == 0, run.stderr
    due = trend("predict", "--at", "2026-02-04T10:00", COLUMNS="80")
    assert due.returncode == 0, due.stderr
    (tea, why), (jam, _) = ([line for line in due.stdout.splitlines() if name in line] for name in ("#tea", "#jam"))
    assert "#tea: 1 mention in 24 h, 0 in the 24 h before" in why
    assert "by counting" in due.stdout and "no model has been trained for this hour yet" in due.stdout
    assert "so topics are ranked by their mentions in 24 h" in " ".join(due.stdout.split())
    assert "trend backfill --only predictions --only prediction_outcomes" not in due.stdout
    assert "How right such forecasts were is not known yet" in due.stdout
    assert " came true" in tea and "1 → 12" in tea
    assert "did not come true" in jam and "2 → 0" in jam
    assert all(len(line) <= 80 for line in due.stdout.splitlines())
    now = trend("predict").stdout
    assert "The newest mention of a topic is in the hour until 2026-02-05T10:00 UTC." in now
    assert "  trend predict --at 2026-02-05T10:00" in now and "The newest mention" not in due.stdout
    assert "not known: the posts end before" in trend("predict", "--at", "2026-02-04T11:00", COLUMNS="120").stdout


def test_a_horizon_may_be_chosen(tmp_path: Path) -> None:
    trend = runner(tmp_path / "home", tmp_path)
    posts = ["1,2026-02-04T08:00:00Z,u1,#tea #jam"]
    posts += [f"{10 + index},2026-02-04T12:{index:02}:00Z,u{index},#tea" for index in range(4)]
    posts += ["90,2026-02-04T16:30:00Z,u1,#late"]
    (tmp_path / "posts.csv").write_text("id,at,user,text\n" + "\n".join(posts) + "\n", encoding="utf-8")
    assert trend("import", "--columns", "id=id,timestamp=at,user_id=user,text=text", "posts.csv").returncode == 0
    assert trend("backfill", "--start", "2026-02-04", "--end", "2026-02-05", "--no-embeddings").returncode == 0
    horizons = {"TREND_FORECAST__FURTHER_HORIZONS": '{"6": 4}'}
    soon = trend("predict", "--at", "2026-02-04T10:00", "--horizon", 6, **horizons)
    assert soon.returncode == 0, soon.stderr
    assert (
        "For the next 6 h, ranked by counting: " in soon.stdout
        and "(`emerges_6h`)" in soon.stdout
        and "of the 6 h before" in soon.stdout
    )
    tea = next(line for line in soon.stdout.splitlines() if "#tea" in line)
    assert " came true" in tea and "1 → 4" in tea
    for asked in (("--horizon", 48), ("--horizon", 6, "--label", "bursts")):
        refused = trend("predict", "--at", "2026-02-04T10:00", *asked, **horizons)
        assert refused.returncode == 2 and "Horizons are 24, 6 h" in " ".join(refused.stderr.replace("│", "").split())


def test_posts_that_are_near_copies_are_told_of(tmp_path: Path) -> None:
    trend = runner(tmp_path / "home", tmp_path)
    row = "{0},2026-02-04T08:{0:02}:00Z,u{0},Our shop has the very best and cheapest offers of the week for a #newphone"
    (tmp_path / "posts.csv").write_text("id,at,user,text\n" + "\n".join(map(row.format, range(10, 50))) + "\n")
    assert trend("import", "--columns", "id=id,timestamp=at,user_id=user,text=text", "posts.csv").returncode == 0
    run = trend("backfill", "--start", "2026-02-04", "--end", "2026-02-05", "--no-embeddings")
    assert "39 of 40 posts are near copies of one in the 24 hours before: they count for no topic again" in run.stdout
    assert "1 mention in 24 h" in trend("predict", "--spam", "--at", "2026-02-04T10:00").stdout
    once = {"TREND_ENRICHMENT__COPIES_COUNT_ONCE": "false"}
    again = trend("backfill", "--start", "2026-02-04", "--end", "2026-02-05", "--no-embeddings", **once)
    assert again.returncode == 0 and "near copies" not in again.stdout
