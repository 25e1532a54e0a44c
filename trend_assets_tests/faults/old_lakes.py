"""Lakes of each earlier release, one of them killed while it is brought up to date."""

from __future__ import annotations

import shutil
import time

from trend_assets.lake.migrations import NEWEST
from trend_assets_tests.faults.deployment import Deployment, kill
from trend_assets_tests.faults.fault import Fault, Ground, Seen
from trend_assets_tests.faults.invariants import wrong_after_going_on
from trend_assets_tests.lake import golden_schemas


def _happen(ground: Ground) -> Seen:
    """Opens each, imports and backfills; a calm lake of this release does the same."""
    seen, killed = Seen(), 0
    for version in (one for one in golden_schemas.VERSIONS if one < NEWEST):
        deployment = ground.deployment(f"v{version}")
        shutil.rmtree(deployment.home / "lake")
        golden_schemas.make(deployment.location, version).close()
        for _ in range(ground.times // 3):
            killed += _kill_on_the_way(deployment, ground.chance.uniform(0.5, 2.5))
        wrong = wrong_after_going_on(deployment, ground.calm)
        seen.broken += [f"version {version}: {one}" for one in wrong]
        with deployment.lake() as lake:
            found = lake.read("SELECT max(version) FROM lake_versions").item()
        seen.expect(found == NEWEST, f"version {version} became {found}")
        seen.times += 1
    seen.told = f"opened and went on; {killed} killed while they were brought up to date"
    return seen


def _kill_on_the_way(deployment: Deployment, seconds: float) -> bool:
    process = deployment.start("status")
    time.sleep(seconds)
    return kill(process)


FAULTS = (Fault("old_lakes", "lakes of each earlier release", _happen),)
