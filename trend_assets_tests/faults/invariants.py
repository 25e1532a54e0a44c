"""What must hold of a lake after every fault."""

from __future__ import annotations

from polars.testing import assert_frame_equal

from trend_assets.errors import TrendError
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import TABLES
from trend_assets_tests.faults.deployment import HOURS, MADE, Deployment, done

#: Hours of which a derived table holds other rows than its source makes: a write was torn.
_TORN = """
    WITH raw AS (SELECT hour, count(*) AS n FROM raw_events GROUP BY hour),
         made AS (SELECT hour, count(*) AS n FROM events GROUP BY hour)
    SELECT made.hour FROM made JOIN raw USING (hour) WHERE made.n <> raw.n
"""


def broken(lake: Lake, sound: Lake) -> list[str]:
    """What does not hold: no hour is half written, nothing is doubled, all posts and all rejected rows are there.

    Args:
        lake: of the deployment that had a bad day.
        sound: of one with the same posts that had none.
    """
    found = [f"half written: {hour}" for hour in lake.read(_TORN)["hour"]]
    for table in TABLES.values():
        key = ", ".join(table.key)
        rows, keys = lake.read(
            f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {key} FROM {table.name})) FROM {table.name}"
        ).row(0)
        if rows != keys:
            found.append(f"{table.name} has {rows} rows of {keys} keys")
    for table, name in (("raw_events", "posts"), ("rejected_events", "rejected rows")):
        query = f"SELECT id FROM {table} ORDER BY id"
        have, want = set(lake.read(query)["id"]), set(sound.read(query)["id"])
        if lost := want - have:
            found.append(f"{len(lost)} {name} are lost")
    return found


def broken_in(deployment: Deployment, sound: Deployment) -> list[str]:
    """The same for deployments; that the lake opens is the first that must hold."""
    try:
        with deployment.lake() as lake, sound.lake() as other:
            return broken(lake, other)
    except TrendError as error:
        return [f"the lake does not open: {error}"]


def wrong_after_going_on(deployment: Deployment, calm: Deployment) -> list[str]:
    """What is broken or differs once the posts were imported and their hours made again, which must not fail."""
    done(deployment.trend("import", deployment.posts))
    done(deployment.trend("backfill", *HOURS))
    return [*broken_in(deployment, calm), *differing(deployment, calm)]


def differing(deployment: Deployment, calm: Deployment) -> list[str]:
    """Tables in which a deployment that went on after its bad day differs from one that had none."""
    found = []
    for table in MADE:
        try:
            # Sums of weights depend on the order of the rows in their last digit.
            assert_frame_equal(deployment.made(table), calm.made(table), rel_tol=1e-9)
        except AssertionError as error:
            found.append(f"{table.name} differs: {' '.join(str(error).split())[:300]}")
    return found
