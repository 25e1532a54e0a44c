"""Several hosts with nothing in common but PostgreSQL, Redis and S3 share the runs, and a killed worker loses none.

Each host is a home of its own with the very commands of `deploy/`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml

from api.pipeline.dagster_client import DagsterClient, DagsterDown
from trend_assets.assets.declare import SOURCE_ASSETS, asset_keys
from trend_assets.automation.jobs import FLOW_ASSETS, HOURLY_JOB
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NODES, RAW_EVENTS, TEMPORAL_EDGES
from trend_assets.names import SIMULATED_SOURCES
from trend_assets.periods import hour_key
from trend_assets.settings import DagsterSettings, load_settings
from trend_assets_tests.conftest import REPOSITORY
from trend_assets_tests.deploy.test_files import DEPLOY, OURS
from trend_assets_tests.lake import conftest as lakes
from trend_assets_tests.lake import test_storage

#: Fixtures.
postgres, bucket = lakes.postgres, test_storage.bucket

START = datetime(2026, 1, 5, tzinfo=UTC)
HOURS = [START + timedelta(hours=index) for index in range(4)]
TEMPLATES = REPOSITORY / "trend_assets" / "automation" / "templates"
TREND = [sys.executable, "-c", "from trend_assets.cli import main; main()"]


@dataclass(slots=True)
class Broker:
    """A Redis of the test's own, which forgets what it was told when it stops.

    Args:
        folder: for its log.
        port: on this machine.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """For `DAGSTER_CELERY_BROKER`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts it."""
        command = ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """Ends it by force."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running one."""
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server (Debian's package redis-server)")
    made = Broker(tmp_path, _free_port())
    made.start()
    yield made
    made.stop()


@pytest.fixture
def shared(postgres: str, bucket: str, broker: Broker, tmp_path: Path) -> dict[str, str]:
    """The variables that all hosts have in common."""
    names = [f"{kind}_{tmp_path.name[-20:].replace('-', '_')}" for kind in ("lake", "dagster")]
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        for name in names:
            connection.execute(f'CREATE DATABASE "{name}"')
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TREND_", "DAGSTER_"))}
    return {
        **clean,
        "DAGSTER_POSTGRES_URL": f"{postgres}/{names[1]}".replace("postgresql:", "postgresql+psycopg2:"),
        "DAGSTER_CELERY_BROKER": broker.address,
        "TREND_LAKE__CATALOG_URL": f"{postgres}/{names[0]}",
        "TREND_LAKE__DATA_PATH": f"s3://trend/{tmp_path.name}",
        "TREND_LAKE__S3_ENDPOINT": bucket,
        "TREND_LAKE__S3_REGION": "eu-central-1",
        "TREND_LAKE__S3_KEY_ID": "anid",
        "TREND_LAKE__S3_SECRET": "asecretkey",
        "TREND_LAKE__S3_URL_STYLE": "path",
        "TREND_LAKE__S3_USE_SSL": "false",
        "TREND_SCHEDULE__ENABLED": "false",
        "TREND_SCHEDULE__HISTORY_START": f"{START:%Y-%m-%d}",
        "TREND_SIMULATOR__ENABLED": "true",
        "TREND_SIMULATOR__START": f"{START:%Y-%m-%d}",
        "TREND_SIMULATOR__USERS": "60",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as written:
        process = subprocess.Popen(command, env=environment, stdout=written, stderr=written, start_new_session=True)
    try:
        yield process
    finally:
        _kill(process, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            _kill(process, signal.SIGKILL)
            process.wait()


def _kill(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


@contextmanager
def _host(
    name: str, shared: dict[str, str], home: Path, replaced: dict[str, str], **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A service of `compose.yaml` with its very command, on a host of its own.

    Args:
        name: of the service.
        shared: variables of all hosts.
        home: of this host.
        replaced: parts of the command that are addresses and ports inside containers.
        variables: of this host.
    """
    home.mkdir(exist_ok=True)
    bins = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**shared, **variables, "PATH": bins, "TREND_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    command = [replaced.get(part, part) for part in OURS[name]["command"]]
    with _running(["sh", str(DEPLOY / "entrypoint.sh"), *command], environment, home / "log") as process:
        yield process


def _quick(home: Path) -> None:
    """Dagster's settings of a host, in which a dead run is noticed within a minute."""
    values = yaml.safe_load((TEMPLATES / "dagster-celery.yaml").read_text())
    values["run_monitoring"] |= {"poll_interval_seconds": 1, "start_timeout_seconds": 60}
    (home / "dagster").mkdir(parents=True)
    (home / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(values))


def _eventually(check: Callable[[], bool], seconds: float, told: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.5)
    pytest.fail(f"not within {seconds} s: {told()}")


def _asked(port: int, question: Callable[[DagsterClient], object]) -> object:
    async def ask() -> object:
        client = DagsterClient(DagsterSettings(port=port))
        try:
            return await question(client)  # type: ignore[misc]
        finally:
            await client.close()

    return asyncio.run(ask())


def _start(port: int, hour: datetime, **tags: str) -> str:
    key = hour_key(hour)
    assets = [one.to_user_string() for one in asset_keys(FLOW_ASSETS, SIMULATED_SOURCES)]
    run, _ = _asked(port, lambda client: client.start(HOURLY_JOB, assets, key, key, tags))  # type: ignore[misc]
    return str(run["runId"])


def _statuses(shared: dict[str, str]) -> list[tuple[str, str]]:
    """Partition and status of all runs, as the records of all hosts have them."""
    with psycopg.connect(shared["DAGSTER_POSTGRES_URL"].replace("+psycopg2", "")) as records:
        query = "SELECT partition, status FROM runs ORDER BY id"
        return [(str(partition), str(status)) for partition, status in records.execute(query).fetchall()]


def _is_up(port: int) -> bool:
    """Whether the webserver answers, and knows the code that the location serves."""
    try:
        answer = _asked(port, lambda client: client.clocks())
    except DagsterDown:
        return False
    return bool(answer["schedulesOrError"].get("results"))  # type: ignore[index]


def _held(shared: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[object, ...]]]:
    """What the lake holds of the hours, by table, as a host that has done nothing sees it."""
    for name, value in shared.items():
        if name.startswith("TREND_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("TREND_HOME", str(home))
    with closing(Lake(lake_location(load_settings()), read_only=True)) as lake:
        keys = {RAW_EVENTS: "id", EVENTS: "id", TEMPORAL_EDGES: "event_id, src, dst, edge_type", NODES: "node_id"}
        return {
            table.name: lake.read(f"SELECT {key} FROM {table.name} ORDER BY ALL").rows() for table, key in keys.items()
        }


@dataclass(frozen=True, slots=True)
class Hosts:
    """The running hosts of a deployment.

    Args:
        shared: variables that they have in common.
        homes: of each.
        ports: of code location, webserver and API.
        workers: their processes.
    """

    shared: dict[str, str]
    homes: dict[str, Path]
    ports: dict[str, int]
    workers: list[subprocess.Popen[bytes]]

    def ask_for(self, *hours: datetime) -> None:
        """Asks for a run of each hour, with a limit after which a run that hangs has failed."""
        for hour in hours:
            _start(self.ports["webserver"], hour, **{"dagster/max_runtime": "45"})

    def wait(self, check: Callable[[], bool], seconds: float) -> None:
        """Fails after so many seconds, with what the hosts have said."""
        _eventually(check, seconds, self._told)

    def has_taken_a_run(self) -> bool:
        """Whether the first worker has."""
        return "received" in (self.homes["worker"] / "log").read_text()

    def succeeded(self, hours: list[datetime]) -> bool:
        """Whether these hours and no others have a run that succeeded."""
        found = {key for key, status in _statuses(self.shared) if status == "SUCCESS"}
        return found == {hour_key(hour) for hour in hours}

    def _told(self) -> object:
        logs = [home / "log" for home in self.homes.values()]
        return _statuses(self.shared), [log.read_text()[-1500:] for log in logs if log.exists()]


@contextmanager
def _hosts(shared: dict[str, str], folder: Path, *workers: str) -> Iterator[Hosts]:
    """All services of `compose.yaml`, each on a host of its own."""
    homes = {name: folder / name for name in (*OURS, *workers)}
    ports = {name: _free_port() for name in ("location", "webserver", "api")}
    workspace = folder / "workspace.yaml"
    asked = (DEPLOY / "workspace.yaml").read_text().replace("host: location", "host: 127.0.0.1")
    workspace.write_text(asked.replace("4000", str(ports["location"])))
    inside = {
        "0.0.0.0": "127.0.0.1",
        "4000": str(ports["location"]),
        "3000": str(ports["webserver"]),
        "/app/workspace.yaml": str(workspace),
    }
    api = {"TREND_API__PORT": str(ports["api"]), "TREND_DAGSTER__PORT": str(ports["webserver"])}
    with _host("init", shared, homes["init"], inside) as made:
        assert made.wait(120) == 0, (homes["init"] / "log").read_text()
    with ExitStack() as running:
        for name in ("location", "webserver", "daemon", "api"):
            _quick(homes[name])
            running.enter_context(_host(name, shared, homes[name], inside, **api))
        made_workers = [running.enter_context(_host("worker", shared, homes[name], inside)) for name in workers]
        hosts = Hosts(shared, homes, ports, made_workers)
        hosts.wait(lambda: _is_up(ports["webserver"]), 180)
        yield hosts


def _alone(shared: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[object, ...]]]:
    """What one machine makes of the same hours with nothing but a folder."""
    alone = {name: value for name, value in shared.items() if not name.startswith(("TREND_LAKE", "DAGSTER_"))}
    for name in shared.keys() - alone.keys():
        monkeypatch.delenv(name, raising=False)
    _backfill(alone | {"TREND_HOME": str(home)})
    return _held(alone, home, monkeypatch)


def _backfill(environment: dict[str, str], *only: str) -> None:
    """All hours in their order."""
    end = HOURS[-1] + timedelta(hours=1)
    span = ["--start", f"{START:%Y-%m-%dT%H:%M}", "--end", f"{end:%Y-%m-%dT%H:%M}"]
    chosen = [part for name in only for part in ("--only", name)]
    subprocess.run([*TREND, "backfill", *span, *chosen], env=environment, check=True, capture_output=True)


@pytest.mark.soak
def test_two_workers_share_the_hours_and_the_death_of_one_loses_none(
    shared: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _hosts(shared, tmp_path, "worker", "worker2") as hosts:
        hosts.ask_for(*HOURS[:3])
        hosts.wait(hosts.has_taken_a_run, 180)
        # In the middle of its first run, with all its processes.
        _kill(hosts.workers[0], signal.SIGKILL)
        hosts.ask_for(HOURS[3])
        hosts.wait(lambda: hosts.succeeded(HOURS), 300)
        api = f"http://127.0.0.1:{hosts.ports['api']}"
        stats = httpx.get(f"{api}/events/stats").json()
        assert "<main" in httpx.get(f"{api}/").text
    there = _held(shared, hosts.homes["init"], monkeypatch)
    assert str(len(there["events"])) in str(stats), stats
    assert there == _alone(shared, tmp_path / "alone", monkeypatch) and len(there["raw_events"]) > 20


@pytest.mark.soak
def test_the_broker_goes_and_comes_back_empty_and_no_hour_is_lost(
    shared: dict[str, str], broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _hosts(shared, tmp_path, "worker") as hosts:
        hosts.ask_for(*HOURS[:3])
        hosts.wait(hosts.has_taken_a_run, 180)
        # One run has begun; what waits for a worker is forgotten.
        broker.stop()
        time.sleep(20)
        broker.start()
        hosts.ask_for(HOURS[3])
        hosts.wait(lambda: hosts.succeeded(HOURS), 420)
    home = hosts.homes["init"]
    there = _held(shared, home, monkeypatch)
    # Whether a post is a copy depends on the hours before it, which came behind it here; the schedule, too, makes
    # each hour again a day later.
    made = [name for name in FLOW_ASSETS if name != SOURCE_ASSETS]
    _backfill(shared | {"TREND_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}, *made)
    again = _held(shared, home, monkeypatch)
    here = _alone(shared, tmp_path / "alone", monkeypatch)
    assert there["raw_events"] == here["raw_events"] and len(there["raw_events"]) > 20
    assert there["events"] == here["events"] and again == here
