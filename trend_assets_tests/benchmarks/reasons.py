"""Whether the users named as reasons are reasons: how far a score falls without their mentions, and without others'.

    TREND_HOME=HOME python -m trend_assets_tests.benchmarks.reasons --start 2024-03-04 --json OUT

Trains as of a Monday. At cuts of the weeks after it, for each of the likeliest topics, the mentions of the day before
by the user to whom its score owes most are taken out of the history, and the topic is scored anew; then, instead, as
many by another user of the topic, drawn by lot. The counts fall by the same number: the difference is the user's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from trend_assets.forecasting.history import HOUR, History, to_datetime, to_epoch
from trend_assets.forecasting.labels import LABELS, make_cut
from trend_assets.forecasting.metrics import paired_bootstrap
from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.operations.history import load_history
from trend_assets.settings import load_settings
from trend_assets.tgn.forecaster import TgnForecaster
from trend_assets.tgn.settings import ForecasterSettings
from trend_assets_tests.benchmarks.controls import MENTIONS

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Falls:
    """By how much a topic's log-odds fell without the user named, and without another of as many mentions."""

    label: str
    time: int
    named: float
    other: float


class Deletion:
    """Scores of one checkpoint with some mentions taken out of a history.

    Args:
        folder: the checkpoint.
        history: whole.
        mentions: that it is made of.
    """

    def __init__(self, folder: Path, history: History, mentions: pl.DataFrame) -> None:
        self._folder, self._history = folder, history
        self._frame = mentions.with_row_index("row")

    def falls(self, time: int, topics: int, chance: np.random.Generator) -> Iterator[Falls]:
        """Of the likeliest topics of a cut, for each label.

        Args:
            time: of the cut, epoch seconds UTC.
            topics: how many.
            chance: draws the other user.
        """
        forecaster = TgnForecaster.load(self._folder)
        labels = forecaster.settings.labels
        cut = make_cut(self._history, time, labels)
        seen = forecaster.look(self._history, cut)
        whole, contributors = forecaster.judge(cut, seen), forecaster.contributors(cut, seen)
        for label in LABELS:
            if label not in whole.scores:
                continue
            likeliest = np.flatnonzero(cut.asked[label])
            for row in likeliest[np.argsort(-whole.scores[label][likeliest], kind="stable")][:topics]:
                name = self._history.topic_name(int(cut.topics[row]))
                pair = self._pair(name, time, [each.user for each in contributors[label][row]], chance)
                if pair is None:
                    continue
                named, other = (self._without(name, user, time).get(label) for user in pair)
                if named is not None and other is not None:
                    before = _log_odds(whole.scores[label][row])
                    yield Falls(label, time, before - named, before - other)

    def _pair(self, topic: str, time: int, named: list[str], chance: np.random.Generator) -> tuple[str, str] | None:
        """The user named first, and another with as many mentions of the topic in the day before."""
        day = self._of_the_day(topic, time).drop_nulls("user_id").group_by("user_id").len().sort("user_id")
        counts = dict(day.iter_rows())
        if not named or named[0] not in counts:
            return None
        others = [user for user, count in counts.items() if user != named[0] and count == counts[named[0]]]
        return (named[0], str(chance.choice(others))) if others else None

    def _without(self, topic: str, user: str, time: int) -> dict[str, float]:
        """The topic's log-odds by label without a user's mentions of it in the day before the cut."""
        gone = self._of_the_day(topic, time).filter(pl.col("user_id") == user)
        left = self._frame.filter(pl.col("timestamp") < to_datetime(time)).join(gone, on="row", how="anti")
        history = History.from_mentions(left.drop("row"), to_datetime(self._history.start), to_datetime(time))
        forecaster = TgnForecaster.load(self._folder)
        cut = make_cut(history, time, forecaster.settings.labels)
        place = [history.topic_name(int(number)) for number in cut.topics]
        if topic not in place:
            return {}
        scores = forecaster.score(history, cut)
        row = place.index(topic)
        return {label: _log_odds(values[row]) for label, values in scores.items() if cut.asked[label][row]}

    def _of_the_day(self, topic: str, time: int) -> pl.DataFrame:
        moment = to_datetime(time)
        since = pl.col("timestamp").is_between(moment - _DAY, moment, closed="left")
        return self._frame.filter(since & (pl.col("topic") == topic))


def _log_odds(score: float) -> float:
    return float(np.log(score / (1 - score)))


def summary(falls: list[Falls]) -> dict[str, Any]:
    """By label: how many pairs, mean falls, the share where the named user's was greater, and the interval."""
    found: dict[str, Any] = {}
    for label in LABELS:
        some = [fall for fall in falls if fall.label == label]
        if not some:
            continue
        named, other = (np.array([getattr(fall, name) for fall in some]) for name in ("named", "other"))
        lead = paired_bootstrap(named - other, np.array([fall.time for fall in some]))
        found[label] = {
            "pairs": len(some),
            "falls_without_named": float((named > 0).mean()),
            "mean_fall": {"named": float(named.mean()), "other": float(other.mean())},
            "named_falls_further": [lead.mean, lead.low, lead.high],
        }
    return found


def main() -> None:
    """Reads the command line, measures, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--every-hours", type=int, default=42)
    parser.add_argument("--topics", type=int, default=10)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    start = to_epoch(options.start.replace(tzinfo=UTC))
    lake = Lake(lake_location(load_settings()), read_only=True)
    history = load_history(lake)
    forecaster = TgnForecaster(ForecasterSettings())
    forecaster.fit(history, start)
    chance = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        forecaster.forecast(history, make_cut(history, start, forecaster.settings.labels))
        forecaster.save(Path(folder) / "model")
        deletion = Deletion(Path(folder) / "model", history, lake.read(MENTIONS))
        falls = [
            fall
            for time in range(start, start + options.weeks * 7 * 24 * HOUR, options.every_hours * HOUR)
            for fall in deletion.falls(time, options.topics, chance)
        ]
    options.json.write_bytes(orjson.dumps(summary(falls), option=orjson.OPT_INDENT_2))
    print(options.json.read_text())


if __name__ == "__main__":
    main()
