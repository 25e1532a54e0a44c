"""`trend doctor` on a sound deployment, and on eleven that are broken in one way each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from dagster._time import get_current_timestamp

from trend_assets.automation.instance import open_instance
from trend_assets.commands.doctor.command import _checks
from trend_assets.commands.doctor.finding import Finding, findings
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, EVENTS
from trend_assets.settings import AlertSettings, LakeSettings, ScheduleSettings, Settings, TwitterSettings
from trend_assets_tests.api.conftest import EVENTS_MADE
from trend_assets_tests.commands.conftest import Trend, runner
from trend_assets_tests.lake import conftest as lakes

#: A fixture.
postgres = lakes.postgres


@pytest.fixture
def sound(home: Path) -> Settings:
    """A home with a lake, and a daemon that has reported just now."""
    settings = Settings(home=home)
    lake = Lake(lake_location(settings))
    lake.write(EVENTS, EVENTS.frame(EVENTS_MADE), EVENTS_MADE[-1]["hour"], EVENTS_MADE[0]["hour"] + timedelta(hours=1))
    lake.close()
    _beat(settings)
    return settings


def _beat(settings: Settings) -> None:
    with open_instance(settings) as instance:
        for kind in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(get_current_timestamp(), kind, "doctor", []))


def looked(settings: Settings) -> list[Finding]:
    return [finding for subject, check in _checks().items() for finding in findings(subject, check, settings)]


def wrong(settings: Settings) -> dict[str, str]:
    return {found.subject: f"{found.told} → {found.todo}" for found in looked(settings) if found.todo is not None}


def test_of_a_sound_one_nothing_is_wrong(sound: Settings, tmp_path: Path) -> None:
    run = runner(sound.home, tmp_path)("doctor")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "BAD" not in run.stdout and run.stdout.strip().endswith("nothing is wrong")
    for subject in (
        "versions",
        "home",
        "disk",
        "lake",
        "hours",
        "models",
        "rights",
        "records",
        "daemon",
        "runs",
        "keys",
    ):
        assert f"ok  {subject}" in run.stdout


def test_a_daemon_is_not_missed_where_nothing_is_scheduled(sound: Settings) -> None:
    silent = _silent(sound)
    assert "daemon" in wrong(silent)
    assert wrong(silent.model_copy(update={"schedule": ScheduleSettings(enabled=False)})) == {}


def test_what_is_wrong_is_told_with_what_to_do_and_a_status(folder: Path, trend: Trend) -> None:
    run = trend("doctor")
    assert run.returncode == 1 and not run.stderr
    assert "BAD home" in run.stdout and "→ set TREND_HOME" in run.stdout and "3 to look after" in run.stdout
    assert not (folder / "home").exists(), "looking changes nothing"


def _catalog(settings: Settings) -> Path:
    return lake_location(settings).sqlite_catalog


def _garble(settings: Settings) -> Settings:
    _catalog(settings).write_bytes(b"no database" * 100)
    return settings


def _without_file(settings: Settings) -> Settings:
    next((settings.home / "lake" / "files" / "main" / "events").glob("*.parquet")).unlink()
    return settings


def _newer(settings: Settings) -> Settings:
    lake = Lake(lake_location(settings))
    with lake.transaction() as connection:
        connection.execute("INSERT INTO lake_versions VALUES (99, now())")
    lake.close()
    return settings


def _unwritable(settings: Settings) -> Settings:
    # Elsewhere than the home: what may write anywhere, as the tests may, cannot be kept from a folder.
    elsewhere = settings.home / "elsewhere"
    shutil.copytree(settings.home / "lake" / "files", elsewhere)
    (elsewhere / "models").write_text("a file where a folder should be")
    return settings.model_copy(update={"lake": LakeSettings(data_path=str(elsewhere))})


def _silent(settings: Settings) -> Settings:
    with open_instance(settings) as instance:
        instance.wipe_daemon_heartbeats()
    return settings.model_copy(update={"schedule": ScheduleSettings(enabled=True)})


@dg.job
def work() -> None:
    pass


def _stuck(settings: Settings) -> Settings:
    file = settings.dagster_home / "dagster.yaml"
    file.write_text(file.read_text().replace("start_timeout_seconds: 600", "start_timeout_seconds: 0"))
    with open_instance(settings) as instance:
        run = instance.create_run_for_job(work, status=dg.DagsterRunStatus.STARTING)
        assert run.run_id
    return settings


def _without_key(settings: Settings) -> Settings:
    return settings.model_copy(update={"twitter": TwitterSettings(enabled=True)})


def _missing(settings: Settings) -> Settings:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first = {
        "source": "bluesky",
        "hour": now - timedelta(hours=9),
        "purpose": "new",
        **dict.fromkeys(("started_at", "finished_at"), now - timedelta(hours=8)),
        "status": "complete",
        **dict.fromkeys(("events", "requests", "units"), 0),
        **dict.fromkeys(("cursor", "failure", "message"), ""),
    }
    lake = Lake(lake_location(settings))
    lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([first]))
    lake.close()
    return settings.model_copy(update={"bluesky": settings.bluesky.model_copy(update={"enabled": True})})


def _low(settings: Settings) -> Settings:
    return settings.model_copy(update={"alerts": AlertSettings(disk_low_gb=1e9)})


def _elsewhere(settings: Settings) -> Settings:
    return settings.model_copy(update={"lake": LakeSettings(catalog_url="postgresql://a:geheim@127.0.0.1:1/lake")})


def _no_storage(settings: Settings) -> Settings:
    keys = {"s3_key_id": "anid", "s3_secret": "geheim", "s3_endpoint": "127.0.0.1:1", "s3_use_ssl": False}
    return settings.model_copy(update={"lake": LakeSettings(data_path="s3://trend/lake", **keys)})


def _failed_file(settings: Settings) -> Settings:
    failed = settings.inbox / "failed"
    failed.mkdir(parents=True)
    (failed / "my chat.csv").write_text("a,b\n")
    return settings


@pytest.mark.parametrize(
    ("break_it", "subject", "told"),
    [
        (_garble, "lake", "restore the newest backup (`trend restore`)"),
        (_without_file, "files", "see `trend repair`"),
        (_newer, "lake", "this lake has version 99"),
        (_unwritable, "lake", "models cannot be written to"),
        (_silent, "daemon", "run `trend up`"),
        (_stuck, "runs", "1 are stuck"),
        (_without_key, "keys", "TREND_TWITTER__BEARER_TOKEN"),
        (_missing, "hours", "are missing of bluesky"),
        (_failed_file, "inbox", "failed/my chat.csv'` says why; move a file that is mended back into"),
        (_low, "disk", "free some space"),
        (_elsewhere, "lake", "see whether the server runs"),
        (_no_storage, "lake", "127.0.0.1:1"),
    ],
)
def test_each_thing_that_is_wrong_is_found_and_nothing_else(
    sound: Settings, break_it: Callable[[Settings], Settings], subject: str, told: str
) -> None:
    broken = break_it(sound)
    found = wrong(broken)
    assert set(found) == {subject}, found
    assert told in found[subject] and "geheim" not in str(looked(broken))


_HALF_READ = """
import sys, trend_assets.lake
cursor = trend_assets.lake.connect()
cursor.execute("SELECT * FROM events").fetchone()
print("read", flush=True)
sys.stdin.read()
"""


def test_who_keeps_the_catalogs_log_is_asked_to_let_go(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trend_assets.commands.doctor.lake._LARGE_LOG", 100_000)
    command, variables = [sys.executable, "-c", _HALF_READ], {**os.environ, "TREND_HOME": str(sound.home)}
    with (
        subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as notebook,
        closing(Lake(lake_location(sound))) as lake,
    ):
        assert notebook.stdout and notebook.stdout.readline() == "read\n"
        for number in range(8):
            with lake.transaction() as connection:
                connection.execute(f"CREATE TABLE another_{number} (number INTEGER)")
        assert set(wrong(sound)) == {"log"} and "lsof" in wrong(sound)["log"]
        notebook.communicate()
    assert not wrong(sound)


def test_a_clock_that_is_off_is_told(sound: Settings, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = sound.model_copy(
        update={"lake": LakeSettings(catalog_url=f"{postgres}/postgres", data_path=str(sound.home / "files"))}
    )
    Lake(lake_location(settings)).close()
    assert wrong(settings) == {}
    monkeypatch.setattr("trend_assets.commands.doctor.lake._MOST_SKEW", timedelta(0))
    assert "NTP" in wrong(settings)["clock"]
