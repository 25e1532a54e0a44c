"""One training for all tests that look at a trained week: by the process that needs it first."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from trend_assets.operations.training import TrainedModel

_DONE = "model.pickle"


@dataclass(frozen=True)
class TrainedOnce:
    """A training and where it was done.

    Args:
        home: in which it was trained; only to be read.
        copy: of that home as it was when the training was over; only to be copied.
        model: what `train` gave.
    """

    home: Path
    copy: Path
    model: TrainedModel

    def copied_to(self, home: Path) -> None:
        shutil.copytree(self.copy, home)


def trained_once(factory: pytest.TempPathFactory, train: Callable[[Path], TrainedModel]) -> TrainedOnce:
    """The training of this session, which the processes of xdist share.

    Args:
        train: fills the home that it is given, trains, and closes what it opened.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained-once"
    home, copy, done = folder / "home", folder / "copy", folder / _DONE
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            home.mkdir(parents=True)
            model = train(home)
            shutil.copytree(home, copy)
            done.write_bytes(pickle.dumps(model))
    return TrainedOnce(home, copy, pickle.loads(done.read_bytes()))
