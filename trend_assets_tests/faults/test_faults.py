"""The faults that take seconds, tried once each; `python -m trend_assets_tests.faults` tries all."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from trend_assets_tests.faults.__main__ import FAULTS
from trend_assets_tests.faults.deployment import Deployment, make_base, make_calm
from trend_assets_tests.faults.fault import Ground


@pytest.fixture(scope="module")
def base(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return make_base(tmp_path_factory.mktemp("faults") / "base")


@pytest.fixture(scope="module")
def calm(base: Deployment) -> Deployment:
    return make_calm(base, base.home.parent / "calm")


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.quick])
def test_what_must_hold_holds_after_it(name: str, base: Deployment, calm: Deployment, tmp_path: Path) -> None:
    seen = FAULTS[name].happen(Ground(tmp_path, base, calm, Random(1), times=1))
    assert seen.times and seen.broken == []
