"""A trained model that lives under load: mentions taken in, forecasts meanwhile, a reload, and a long history.

    python -m trend_assets_tests.benchmarks.runtime_glue --rate 20000 --seconds 20 --json OUT

The stream is drawn: users post about topics that come and go, some thousands a day. One thread hands over
mentions in micro-batches at the rate wanted, another asks for the forecast of all topics of the moment again and
again; half-way another checkpoint is loaded. Then an hour of mentions is taken in and forecast after histories of
growing length.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import torch

from trend_assets.forecasting.history import History, to_epoch
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.online import MICRO_BATCH, RuntimeGlue
from trend_assets.tgn.settings import ForecasterSettings

START = datetime(2025, 1, 1, tzinfo=UTC)
#: So many topics that a forecast is asked for about a thousand.
_PER_DAY, _LEARNT_DAYS, _TOPICS, _USERS = 6000, 45, 1200, 5000


def mentions(first: int, count: int) -> pl.DataFrame:
    """Mentions `first` to `first + count` of an endless stream of `_PER_DAY` a day, whichever part is asked for."""
    numbers = np.arange(first, first + count)
    chance = np.random.default_rng(first)
    # Every topic has its days: what is talked about moves on.
    topics = (chance.zipf(1.2, count) % _TOPICS + numbers // (_PER_DAY // 50)).astype(str)
    microseconds = numbers * (86_400_000_000 // _PER_DAY)
    return pl.DataFrame(
        {
            "timestamp": pl.Series(microseconds + int(START.timestamp() * 1e6)).cast(pl.Datetime("us", "UTC")),
            "topic": pl.Series(topics),
            "user_id": pl.Series((chance.zipf(1.2, count) % _USERS).astype(str)),
            "weight": pl.Series(np.ones(count)),
        }
    )


def trained(folder: Path, seed: int) -> Path:
    """A checkpoint of the product's settings, trained on the stream's first weeks."""
    until = to_epoch(START + timedelta(days=_LEARNT_DAYS))
    forecaster = TgnForecaster(replace(ForecasterSettings(), seed=seed))
    forecaster.fit(History.from_mentions(mentions(0, _PER_DAY * _LEARNT_DAYS)), until)
    forecaster.save(folder / f"tgn-{seed}")
    return folder / f"tgn-{seed}"


class Asking(threading.Thread):
    """Asks for forecasts until it is told to stop."""

    def __init__(self, glue: RuntimeGlue, pause: float) -> None:
        super().__init__()
        self.glue, self.pause = glue, pause
        self.seconds: list[float] = []
        self.topics: list[int] = []
        self.failed: list[str] = []
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            began = time.perf_counter()
            try:
                _, cut, found = self.glue.serve()
            except Exception as error:
                self.failed.append(repr(error))
                continue
            self.seconds.append(time.perf_counter() - began)
            self.topics.append(len(cut))
            assert len(found.scores["bursts"]) == len(cut)
            self.ended.wait(self.pause)


def under_load(glue: RuntimeGlue, other: Path, rate: float, seconds: float, pause: float) -> dict[str, Any]:
    """Latencies of forecasts while mentions come in, and the rate that was kept up."""
    asking = Asking(glue, pause)
    place, sent, late = _PER_DAY * _LEARNT_DAYS, 0, 0.0
    batches = [
        mentions(place + number * MICRO_BATCH, MICRO_BATCH) for number in range(int(rate * seconds / MICRO_BATCH))
    ]
    reloading = threading.Thread(target=glue.reload, args=(other,))
    began = time.perf_counter()
    asking.start()
    for number, batch in enumerate(batches):
        due = began + number * MICRO_BATCH / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        glue.observe(batch)
        sent += MICRO_BATCH
        late = max(late, time.perf_counter() - due)
        if number == len(batches) // 2:
            reloading.start()
    took = time.perf_counter() - began
    asking.ended.set()
    asking.join()
    reloading.join()
    milliseconds = np.array(asking.seconds) * 1000
    return {
        "events_per_second": round(sent / took),
        "latest_behind_seconds": round(late, 2),
        "forecasts": len(milliseconds),
        "failed": asking.failed,
        "topics": float(np.mean(asking.topics)),
        "milliseconds": {f"p{at}": round(float(np.percentile(milliseconds, at)), 1) for at in (50, 95, 99)},
        "reloaded": glue.folder == other,
    }


def one_hour_later(checkpoint: Path, days: int) -> dict[str, Any]:
    """Seconds to take in an hour and forecast at its end, after a history of so many days."""
    glue = RuntimeGlue(checkpoint)
    known, hour = _PER_DAY * days, _PER_DAY // 24
    glue.observe(mentions(0, known))
    glue.serve()
    seconds = []
    for number in range(10):
        began = time.perf_counter()
        glue.observe(mentions(known + number * hour, hour))
        glue.serve()
        seconds.append(time.perf_counter() - began)
    return {"mentions": known, "hour_seconds": round(float(np.median(seconds)), 4)}


def main() -> None:
    """Reads the command line, measures, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=20_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between two forecasts asked for")
    parser.add_argument("--days", type=int, nargs="*", default=[45, 90, 180, 360])
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        one, other = (trained(Path(folder), seed) for seed in (0, 1))
        glue = RuntimeGlue(one)
        glue.observe(mentions(0, _PER_DAY * _LEARNT_DAYS))
        glue.serve()
        idle = Asking(glue, 0.0)
        idle.start()
        time.sleep(3)
        idle.ended.set()
        idle.join()
        found = {
            "nothing_else_to_do": {"milliseconds": round(float(np.median(idle.seconds)) * 1000, 1)},
            "under_load": under_load(glue, other, options.rate, options.seconds, options.pause),
            "one_hour_later": [one_hour_later(one, days) for days in options.days],
        }
    options.json.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
