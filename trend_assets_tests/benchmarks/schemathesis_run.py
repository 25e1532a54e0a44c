"""Schemathesis over the whole OpenAPI document, against the API and a Dagster webserver on loopback.

    pip install schemathesis==4.32.5    # in an environment of its own: nothing else needs it
    python -m trend_assets_tests.benchmarks.schemathesis_run --home data/demo --st that/environment/bin/st

All phases (examples, coverage, fuzzing, stateful); exit status 1 where any answer is a 5xx or breaks the document. The
home is copied, and no daemon runs, so that what is started stays queued. `/stream` never ends, which Schemathesis
cannot wait for: it has tests of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from trend_assets.automation.instance import dagster_environment, prepare_home
from trend_assets.settings import Settings
from trend_assets_tests.benchmarks.homes import REPOSITORY

_KEY = "a key for this run only"
_START_SECONDS = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="with a lake, e.g. what `trend demo` made")
    parser.add_argument("--st", default=shutil.which("st") or "st", help="the schemathesis command")
    parser.add_argument("--examples", type=int, default=300, help="most cases a route and phase")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(options.home, home)
        with _servers(home) as address:
            status = subprocess.run(_command(options, address), cwd=folder).returncode
    sys.exit(status)


def _command(options: argparse.Namespace, address: str) -> list[str]:
    return [
        options.st,
        "run",
        f"{address}/openapi.json",
        "--phases=examples,coverage,fuzzing,stateful",
        f"--header=Authorization: Bearer {_KEY}",
        f"--max-examples={options.examples}",
        f"--seed={options.seed}",
        "--exclude-path=/stream",
        # That a span must end after it starts, and lie between 1970 and 2200, no schema can say.
        "--exclude-checks=positive_data_acceptance",
        "--continue-on-failure",
        "--request-timeout=30",
        "--no-color",
    ]


@contextlib.contextmanager
def _servers(home: Path) -> Iterator[str]:
    """The API with Dagster behind it; gives the API's address."""
    api, dagster = _free_port(), _free_port()
    settings = Settings(home=home)
    prepare_home(settings)
    key = {"name": "schemathesis", "sha256": hashlib.sha256(_KEY.encode()).hexdigest(), "scopes": ["operate"]}
    environment = {
        **os.environ,
        **dagster_environment(settings),
        "TREND_DAGSTER__PORT": str(dagster),
        "TREND_API__PORT": str(api),
        "TREND_API__KEYS": json.dumps([key]),
        "TREND_API__REQUESTS_PER_MINUTE": "1000000",
    }
    python = sys.executable
    commands = (
        [python, "-m", "dagster_webserver", "-w", str(REPOSITORY / "workspace.yaml"), "-p", str(dagster)],
        [python, "-m", "uvicorn", "--factory", "api.app:app", "--port", str(api), "--no-access-log"],
    )
    with (home / "servers.log").open("wb") as log, contextlib.ExitStack() as running:
        for command in commands:
            process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
            running.callback(process.wait)
            running.callback(process.terminate)
        _wait_for(f"http://127.0.0.1:{dagster}/server_info")
        _wait_for(f"http://127.0.0.1:{api}/openapi.json")
        yield f"http://127.0.0.1:{api}"


def _wait_for(address: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise SystemExit(f"{address} did not answer within {_START_SECONDS} s") from None
            time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
