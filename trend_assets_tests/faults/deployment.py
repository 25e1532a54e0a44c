"""A small deployment: real tweets with two lines that are none, three hours of them made into a graph."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from trend_assets.lake.connection import LakeLocation, lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.table import Table
from trend_assets.lake.tables import EVENTS, NEAR_COPIES, NODES, RAW_EVENTS, TEMPORAL_EDGES, TOPIC_ACTIVITY
from trend_assets.settings import LakeSettings, Settings
from trend_assets_tests.benchmarks.homes import TREND, shared_data
from trend_assets_tests.commands import forked

#: The tables of which a run that was disturbed and one that was not must make the same.
MADE = (RAW_EVENTS, EVENTS, NEAR_COPIES, TOPIC_ACTIVITY, TEMPORAL_EDGES, NODES)
_LAKE = "TREND_LAKE__"
_POSTS, _REJECTED = 120, ('{"not": "a tweet"}', "{broken")
#: The hours of the first posts.
START, END = "2014-01-01T00:00", "2014-01-01T12:00"
HOURS = ("--start", START, "--end", END, "--no-embeddings")


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Deployment:
    """A home with its settings.

    Args:
        home: the folder.
        posts: the file of which all posts are.
        settings: variables of the environment besides, of the lake or of sources.
    """

    home: Path
    posts: Path
    settings: tuple[tuple[str, str], ...] = ()

    def copied(self, home: Path) -> Deployment:
        """Another one with the same files."""
        shutil.copytree(self.home, home)
        return replace(self, home=home)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its commands."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TREND_", "DAGSTER_"))}
        return {**clean, "TREND_HOME": str(self.home), "COLUMNS": "200", **dict(self.settings)}

    def trend(self, *arguments: object, **variables: str) -> Said:
        """Runs a command to its end."""
        run = forked.run([str(part) for part in arguments], {**self.environment, **variables}, self.posts.parent)
        return Said(run.returncode, run.stdout, run.stderr)

    def start(self, *arguments: object, log: Path | None = None) -> subprocess.Popen[bytes]:
        """Starts a command in a process group of its own."""
        command = [str(TREND), *map(str, arguments)]
        with (log or Path(os.devnull)).open("ab") as written:
            return subprocess.Popen(
                command, env=self.environment, stdout=written, stderr=written, start_new_session=True
            )

    @property
    def location(self) -> LakeLocation:
        """Where its lake is."""
        given = {name.removeprefix(_LAKE).lower(): value for name, value in self.settings if name.startswith(_LAKE)}
        return lake_location(Settings(home=self.home, lake=LakeSettings.model_validate(given)))

    @contextmanager
    def lake(self) -> Iterator[Lake]:
        """Its lake, to be read."""
        with closing(Lake(self.location, read_only=True)) as lake:
            yield lake

    def made(self, table: Table) -> pl.DataFrame:
        """The rows of a table but for when they were collected, in a fixed order."""
        with self.lake() as lake:
            return lake.read_table(table).drop("collected_at", "finished_at", strict=False).sort(list(table.key))


def kill(process: subprocess.Popen[bytes]) -> bool:
    """`kill -9` of a command with all its children; whether it was still running."""
    running = process.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running


def make_base(home: Path) -> Deployment:
    """Makes the deployment that is copied: its posts imported, nothing made of them yet."""
    source = sorted((shared_data() / "tweets").glob("2014-01*.gz"))[0]
    with gzip.open(source, "rt", encoding="utf-8") as tweets:
        lines = [line.rstrip("\n") for line, _ in zip(tweets, range(_POSTS), strict=False)]
    made = Deployment(home, home.with_suffix(".jsonl"))
    made.posts.write_text("\n".join([*lines, *_REJECTED]), encoding="utf-8")
    done(made.trend("import", made.posts))
    # Commands that are forked leave SQLite's log behind, others do not.
    with closing(Lake(made.location)):
        pass
    return made


def make_calm(base: Deployment, home: Path) -> Deployment:
    """Makes one like `base` of which all hours are made."""
    made = base.copied(home)
    done(made.trend("backfill", *HOURS))
    return made


def done(said: Said) -> Said:
    """What a command said that must not fail.

    Raises:
        AssertionError: it failed.
    """
    assert said.status == 0, said.out + said.err
    return said
