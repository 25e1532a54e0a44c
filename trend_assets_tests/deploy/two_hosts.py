"""The demo's world on two workers of two hosts with nothing in common but PostgreSQL, Redis and S3, and on one machine.

    python -m trend_assets_tests.deploy.two_hosts [--weeks 4] [--hours 6] [--users 600]

Network namespaces are the hosts: one with location, webserver and daemon, two with a worker each, one with the API;
each process has a disk of its own in memory. The history is one run, the training another, each live hour one more.
One worker is killed in the middle of a live hour and comes back with an empty disk. The embedded default (the steps of
`trend demo` in one process) makes the same hours. Told: which worker took what, how far predictions differ, how long it
took, what the API says.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import yaml
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from trend_assets.assets.declare import asset_keys
from trend_assets.automation.jobs import FLOW_ASSETS, FORECAST_ASSETS, HOURLY_JOB, TRAINING_ASSETS, WEEKLY_JOB
from trend_assets.lake.connection import LakeLocation, lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PREDICTIONS, RAW_EVENTS, TEMPORAL_EDGES
from trend_assets.names import SIMULATED_SOURCES
from trend_assets.periods import hour_key, week_key
from trend_assets.settings import load_settings
from trend_assets_tests.benchmarks.homes import REPOSITORY
from trend_assets_tests.deploy.namespaces import ENGINES, NETWORK, Host, hosts, missing
from trend_assets_tests.postgres_server import PostgresServer, binaries

_HOUR = timedelta(hours=1)
START = datetime(2026, 1, 5, tzinfo=UTC)
_DEPLOY = REPOSITORY / "deploy"
_TEMPLATES = REPOSITORY / "trend_assets" / "automation" / "templates"
_OURS = yaml.safe_load((_DEPLOY / "compose.yaml").read_text())["services"]
_LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "trend_assets"}
_PATIENCE = 1800


class Broker:
    """A Redis that keeps what it is told, as in `compose.yaml`, and can be gone for a while."""

    def __init__(self, folder: Path) -> None:
        self._command = ["redis-server", "--bind", ENGINES, "--protected-mode", "no", "--appendonly", "yes"]
        self._command += ["--dir", str(folder)]
        self.start()

    def start(self) -> None:
        """Starts it, with what it held before."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """Stops it."""
        self._process.terminate()
        self._process.wait()


@contextmanager
def engines(folder: Path) -> Iterator[tuple[dict[str, str], Broker]]:
    """PostgreSQL, Redis and S3 on the bridge; the variables of all hosts."""
    import boto3
    from moto.server import ThreadedMotoServer

    programs = binaries()
    if programs is None or not shutil.which("redis-server"):
        raise SystemExit("Debian's packages postgresql and redis-server are missing")
    # Else it writes a line a request.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    storage = ThreadedMotoServer(ip_address=ENGINES, port=9000, verbose=False)
    storage.start()
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=f"http://{ENGINES}:9000", **keys).create_bucket(Bucket="trend")
    server = PostgresServer(programs, ENGINES, NETWORK)
    server.start()
    broker = Broker(folder)
    try:
        yield _shared(server), broker
    finally:
        broker.stop()
        server.remove()
        storage.stop()


def _shared(server: PostgresServer) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TREND_", "DAGSTER_"))}
    return {
        **clean,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DAGSTER_POSTGRES_URL": server.create("dagster").replace("postgresql:", "postgresql+psycopg2:"),
        "DAGSTER_CELERY_BROKER": f"redis://{ENGINES}:6379/0",
        "TREND_LAKE__CATALOG_URL": server.create("lake"),
        "TREND_LAKE__DATA_PATH": "s3://trend/lake",
        "TREND_LAKE__S3_ENDPOINT": f"{ENGINES}:9000",
        "TREND_LAKE__S3_REGION": "us-east-1",
        "TREND_LAKE__S3_KEY_ID": "anid",
        "TREND_LAKE__S3_SECRET": "asecretkey",
        "TREND_LAKE__S3_URL_STYLE": "path",
        "TREND_LAKE__S3_USE_SSL": "false",
    }


def world(users: int) -> dict[str, str]:
    """Of the demo's world, the same here and there."""
    return {
        "TREND_SCHEDULE__ENABLED": "false",
        "TREND_SCHEDULE__HISTORY_START": f"{START:%Y-%m-%d}",
        "TREND_SIMULATOR__ENABLED": "true",
        "TREND_SIMULATOR__START": f"{START:%Y-%m-%d}",
        "TREND_SIMULATOR__USERS": str(users),
    }


class Cluster:
    """The hosts with their services, and the runs that they are asked for."""

    def __init__(self, on: dict[str, Host], shared: dict[str, str], folder: Path) -> None:
        self.on, self.shared = on, shared
        self.url = f"http://{on['control'].address}:3000"
        self._workspace, self._dagster = folder / "workspace.yaml", folder / "dagster.yaml"
        asked = (_DEPLOY / "workspace.yaml").read_text()
        self._workspace.write_text(asked.replace("host: location", f"host: {on['control'].address}"))
        values = yaml.safe_load((_TEMPLATES / "dagster-celery.yaml").read_text())
        # A dead run is noticed within seconds, not minutes.
        values["run_monitoring"] |= {"poll_interval_seconds": 2}
        self._dagster.write_text(yaml.safe_dump(values))

    def service(self, host: str, name: str, **variables: str) -> subprocess.Popen[bytes]:
        """A service with the very command of `compose.yaml`."""
        command = [{"/app/workspace.yaml": str(self._workspace)}.get(part, part) for part in _OURS[name]["command"]]
        made = f"mkdir -p home/dagster && cp {self._dagster} home/dagster/"
        prepare = f'{made} && exec sh {_DEPLOY / "entrypoint.sh"} "$@"'
        return self.on[host].start(["sh", "-c", prepare, "--", *command], {**self.shared, **variables})

    def start(self) -> None:
        """All services; returns once the webserver knows the code."""
        # As in `compose.yaml`, all others wait for the tables.
        assert self.service("control", "init").wait() == 0, self.on["control"].said()
        for name in ("location", "webserver", "daemon"):
            self.service("control", name)
        for worker in ("one", "two"):
            self.service(worker, "worker")
        self.service(
            "api",
            "api",
            TREND_API__HOST="0.0.0.0",
            TREND_API__EXPOSED="true",
            TREND_DAGSTER__HOST=self.on["control"].address,
        )
        self.until(self._known, "the webserver knows the code")

    def _known(self) -> bool:
        query = "query ($s: RepositorySelector!) { repositoryOrError(repositorySelector: $s) { __typename } }"
        try:
            return bool(self._ask(query, s=_SELECTOR)["repositoryOrError"]["__typename"] == "Repository")
        except (httpx.HTTPError, KeyError, TypeError):
            return False

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=300)
        found: dict[str, Any] = answer.json()["data"]
        return found

    def launch(self, job: str, assets: list[str], tags: dict[str, str]) -> str:
        """Asks for a run; its id."""
        selection = [{"path": name.split("/")} for name in assets]
        params = {
            "selector": {**_SELECTOR, "jobName": job, "assetSelection": selection},
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        answer = self._ask(_LAUNCH, params=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def status(self, run: str) -> str:
        """Of a run."""
        query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
        return str(self._ask(query, id=run)["runOrError"]["status"])

    def told(self, run: str) -> list[str]:
        """What Dagster says of a run that did not go as it should: its errors."""
        query = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { eventConnection { events {
            ... on MessageEvent { message } ... on ErrorEvent { error { message } } } } } } }"""
        events = self._ask(query, id=run)["runOrError"]["eventConnection"]["events"]
        return [f"{one['message']} {one['error']['message']}" for one in events if one.get("error")]

    def statuses(self, partition: str) -> list[str]:
        """Of all runs of an hour, the newest first."""
        query = "query ($f: RunsFilter!) { runsOrError(filter: $f) { ... on Runs { results { status } } } }"
        wanted = {"tags": [{"key": "dagster/partition", "value": partition}]}
        return [run["status"] for run in self._ask(query, f=wanted)["runsOrError"]["results"]]

    def steps_done(self, run: str) -> int:
        """How many of its steps have ended."""
        query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { endTime } } } }"
        return sum(bool(step["endTime"]) for step in self._ask(query, id=run)["runOrError"]["stepStats"])

    def taken(self, run: str) -> list[str]:
        """The workers that have received a run's Celery task."""
        query = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { tags { key value } } } }"
        tags = {tag["key"]: tag["value"] for tag in self._ask(query, id=run)["runOrError"]["tags"]}
        task = tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        return [name for name in ("one", "two") if task and task in self.on[name].said()]

    def finish(self, run: str) -> None:
        """Waits until a run has succeeded."""
        self.until(lambda: self.status(run) in {"SUCCESS", "FAILURE", "CANCELED"}, f"run {run} ends")
        assert self.status(run) == "SUCCESS", (run, self.on["one"].said()[-3000:], self.on["two"].said()[-3000:])

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Waits.

        Raises:
            AssertionError: for too long.
        """
        deadline = time.monotonic() + _PATIENCE
        while not happened():
            told = [host.said()[-1500:] for host in self.on.values()]
            assert time.monotonic() < deadline, f"not within {_PATIENCE} s: {what}; {told}"
            time.sleep(0.5)


def hourly(hours: tuple[datetime, datetime], forecasts: bool) -> tuple[list[str], dict[str, str]]:
    assets = asset_keys((*FLOW_ASSETS, *(FORECAST_ASSETS if forecasts else ())), SIMULATED_SOURCES)
    first, last = hour_key(hours[0]), hour_key(hours[1] - _HOUR)
    names = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    tags = {"dagster/partition": first} if first == last else dict(zip(names, (first, last), strict=True))
    return [one.to_user_string() for one in assets], tags


def on_hosts(cluster: Cluster, options: argparse.Namespace) -> dict[str, Any]:
    """History, training and live hours on the workers, one of which is killed; what came of it."""
    live = START + timedelta(weeks=options.weeks)
    took: dict[str, list[str]] = {}
    began = time.monotonic()
    seconds: dict[str, float] = {}

    def done(name: str, run: str) -> None:
        cluster.finish(run)
        took[name] = cluster.taken(run)
        seconds[name] = round(time.monotonic() - began - sum(seconds.values()), 1)

    done("history", cluster.launch(HOURLY_JOB, *hourly((START, live), False)))
    training = [asset.to_user_string() for asset in asset_keys(TRAINING_ASSETS, ())]
    done("training", cluster.launch(WEEKLY_JOB, training, {"dagster/partition": week_key(live)}))
    killed: dict[str, Any] = {}
    for index in range(options.hours):
        hour = live + index * _HOUR
        assets, tags = hourly((hour, hour + _HOUR), True)
        if index != options.hours // 2:
            done(f"hour {index}", cluster.launch(HOURLY_JOB, assets, tags))
            continue
        run = cluster.launch(HOURLY_JOB, assets, {**tags, "dagster/max_runtime": "40"})
        cluster.until(lambda run=run: bool(cluster.taken(run)) and cluster.steps_done(run) > 2, "it is in its middle")
        victim = cluster.taken(run)[0]
        cluster.on[victim].kill()
        killed = {"worker": victim, "status_when_killed": cluster.status(run)}
        key = hour_key(hour)
        cluster.until(lambda key=key: "SUCCESS" in cluster.statuses(key), "the hour is made by the other")
        killed["runs_of_the_hour"] = cluster.statuses(key)
        seconds[f"hour {index}, killed"] = round(time.monotonic() - began - sum(seconds.values()), 1)
        cluster.service(victim, "worker")
    return {"seconds": seconds, "all_seconds": round(time.monotonic() - began), "taken_by": took, "killed": killed}


def alone(options: argparse.Namespace) -> None:
    """The same hours in this process, as `trend demo` does them."""
    from trend_assets.automation.instance import open_instance
    from trend_assets.definitions import make_definitions
    from trend_assets.launch import HourRange, materialize_hours, materialize_week

    settings = load_settings()
    live, instance = START + timedelta(weeks=options.weeks), open_instance(settings)
    materialize_hours(make_definitions(settings), instance, HourRange(START, live), FLOW_ASSETS)
    materialize_week(make_definitions(settings), instance, live)
    definitions = make_definitions(settings)
    for hour in HourRange(live, live + options.hours * _HOUR).each():
        materialize_hours(definitions, instance, hour, [*FLOW_ASSETS, *FORECAST_ASSETS])


def location(variables: dict[str, str], home: Path) -> LakeLocation:
    """The lake that settings in variables name, for a host with nothing of its own."""
    own = {name: value for name, value in variables.items() if name.startswith("TREND_")}
    os.environ.update(own | {"TREND_HOME": str(home)})
    try:
        return lake_location(load_settings())
    finally:
        for name in own:
            os.environ.pop(name)


def held(variables: dict[str, str], home: Path) -> dict[str, pl.DataFrame]:
    """Tables of a lake."""
    with closing(Lake(location(variables, home), read_only=True)) as lake:
        return {table.name: lake.read_table(table) for table in (RAW_EVENTS, EVENTS, TEMPORAL_EDGES, PREDICTIONS)}


def compared(there: dict[str, pl.DataFrame], here: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """Rows on both sides, and how far forecasts of the same topic differ."""
    found: dict[str, Any] = {name: {"hosts": there[name].height, "alone": here[name].height} for name in here}
    key = ["cut", "label", "horizon_hours", "topic"]
    both = there["predictions"].join(here["predictions"], on=key, how="inner", suffix="_alone")
    found["predictions"]["in_both"] = both.height
    found["predictions"]["models"] = both["model_version"].unique().to_list()
    for name in ("score", "confidence", "rank"):
        difference = (both[name] - both[f"{name}_alone"]).abs().max()
        found["predictions"][f"most_{name}_differs"] = difference
    return found


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Both sides, one after the other."""
    with ExitStack() as stack:
        on = stack.enter_context(hosts(("control", "one", "two", "api"), folder))
        shared, _ = stack.enter_context(engines(folder))
        shared |= world(options.users)
        cluster = Cluster(on, shared, folder)
        cluster.start()
        figures = on_hosts(cluster, options)
        url = f"http://{on['api'].address}:8000"
        top = httpx.get(f"{url}/predictions/top", timeout=300)
        figures["api"] = {"status": top.status_code, "bytes": len(top.content)}
        figures["api"]["dashboard"] = httpx.get(f"{url}/", timeout=300).status_code
        figures["killed"] |= {"steps_by_worker": {name: on[name].said().count("received") for name in ("one", "two")}}
        there = held(shared, folder / "onlooker")
    embedded = {name: value for name, value in shared.items() if not name.startswith(("TREND_LAKE", "DAGSTER_"))}
    embedded["TREND_HOME"] = str(folder / "alone")
    began = time.monotonic()
    arguments = [f"--{name}={getattr(options, name)}" for name in ("weeks", "hours", "users")]
    subprocess.run([sys.executable, "-m", __spec__.name, "--alone", *arguments], env=embedded, check=True)
    figures["alone_seconds"] = round(time.monotonic() - began)
    return figures | compared(there, held(embedded, folder / "alone"))


def main() -> None:
    """Parses the command line; the exit status is 1 where a row or a forecast differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=4, help="of history")
    parser.add_argument("--hours", type=int, default=6, help="live, each a run")
    parser.add_argument("--users", type=int, default=600, help="of the world")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        alone(options)
        return
    if what := missing():
        raise SystemExit(f"needs {what}")
    with tempfile.TemporaryDirectory(prefix="trend_hosts_") as folder:
        figures = measured(options, Path(folder))
    print(json.dumps(figures, indent=2, default=str))
    rows = [figures[name] for name in ("raw_events", "events", "temporal_edges", "predictions")]
    same = all(one["hosts"] == one["alone"] for one in rows) and rows[-1]["in_both"] == rows[-1]["hosts"]
    raise SystemExit(not same)


if __name__ == "__main__":
    main()
