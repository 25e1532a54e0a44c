"""Redis is gone for a minute: while a run waits to be handed out, and while a worker is in the middle of one.

    python -m trend_assets_tests.deploy.broker_gone [--seconds 60]

On the hosts of `two_hosts`. Told: what became of each run, what Dagster says of it, whether the hour is made once the
broker is back without anybody's help, and what is doubled.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from trend_assets.automation.jobs import HOURLY_JOB
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TABLES
from trend_assets.periods import hour_key
from trend_assets_tests.deploy.namespaces import hosts, missing
from trend_assets_tests.deploy.two_hosts import START, Broker, Cluster, engines, hourly, location, world

_HOUR = timedelta(hours=1)
#: Of a broker that is back; then the hour has to be asked for again, as the schedule does.
_BY_ITSELF = 300


def _hour(cluster: Cluster, index: int) -> tuple[str, str]:
    """Asks for an hour; the run and its partition."""
    hour = START + index * _HOUR
    assets, tags = hourly((hour, hour + _HOUR), False)
    return cluster.launch(HOURLY_JOB, assets, {**tags, "dagster/max_runtime": "120"}), hour_key(hour)


def _made(cluster: Cluster, key: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if "SUCCESS" in cluster.statuses(key):
            return True
        time.sleep(1)
    return False


def story(cluster: Cluster, broker: Broker, index: int, seconds: float, begun: bool) -> dict[str, Any]:
    """One absence of the broker.

    Args:
        cluster: runs.
        broker: goes.
        index: of the hour that is asked for.
        seconds: for which the broker is gone.
        begun: it goes once a worker has begun; else before the hour is asked for.
    """
    if not begun:
        broker.stop()
    run, key = _hour(cluster, index)
    if begun:
        cluster.until(lambda: cluster.status(run) == "STARTED", "it has begun")
        broker.stop()
    time.sleep(seconds)
    gone = cluster.statuses(key)
    broker.start()
    back = time.monotonic()
    itself = _made(cluster, key, _BY_ITSELF)
    if not itself:
        _hour(cluster, index)
        assert _made(cluster, key, 900), cluster.statuses(key)
    return {
        "while_gone": gone,
        "at_last": cluster.statuses(key),
        "made_without_help": itself,
        "seconds_after_it_was_back": round(time.monotonic() - back),
        "told": cluster.told(run)[:3],
    }


def doubled(lake: Lake) -> list[str]:
    """Tables with a key that is there twice."""
    found = []
    for table in TABLES.values():
        key = ", ".join(table.key)
        if lake.read(f"SELECT 1 FROM {table.name} GROUP BY {key} HAVING count(*) > 1 LIMIT 1").height:
            found.append(table.name)
    return found


def measured(seconds: float, folder: Path) -> dict[str, Any]:
    """Both stories."""
    with ExitStack() as stack:
        on = stack.enter_context(hosts(("control", "one", "two", "api"), folder))
        shared, broker = stack.enter_context(engines(folder))
        shared |= world(60)
        cluster = Cluster(on, shared, folder)
        cluster.start()
        cluster.finish(_hour(cluster, 0)[0])

        figures = {
            "a run waits": story(cluster, broker, 1, seconds, begun=False),
            "a step runs": story(cluster, broker, 2, seconds, begun=True),
        }
        with closing(Lake(location(shared, folder / "onlooker"), read_only=True)) as lake:
            return {**figures, "doubled": doubled(lake), "workers": [on[name].said()[-600:] for name in ("one", "two")]}


def main() -> None:
    """Parses the command line; the exit status is 1 where something is doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for which the broker is gone")
    options = parser.parse_args()
    if what := missing():
        raise SystemExit(f"needs {what}")
    with tempfile.TemporaryDirectory(prefix="trend_hosts_") as folder:
        figures = measured(options.seconds, Path(folder))
    print(json.dumps(figures, indent=2))
    raise SystemExit(bool(figures["doubled"]))


if __name__ == "__main__":
    main()
