"""What deserves attention: a threshold that keeps to a rate of alerts, and what gives way under load."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

_DAY = 86_400.0
_HOUR = 3_600.0
#: Backlog, in batches of the usual size, at which each step begins; it ends at half of that.
_BEGINS = (1.0, 4.0, 16.0)
_LARGER = 8


@dataclass(frozen=True, slots=True)
class SensitivityRule:
    """How alerts are kept to a rate.

    Args:
        alerts_a_day: the target.
        band: the rate may differ by this share before the threshold moves.
        step: log-odds by which the threshold moves an hour.
        rearm: log-odds below the threshold that a topic must fall to before it can be alerted again.
        start, lowest, highest: of the threshold, a confidence.
    """

    alerts_a_day: float = 10.0
    band: float = 0.3
    step: float = 0.05
    rearm: float = 0.5
    start: float = 0.5
    lowest: float = 0.05
    highest: float = 0.99


@dataclass(frozen=True, slots=True)
class SensitivityState:
    """Where the controller stands.

    Args:
        threshold: confidence from which a topic is alerted.
        rate: alerts a day lately, older ones counting less (by 1/e a day).
        last: epoch seconds UTC of the last cut.
        raised: topics that were alerted and have not fallen since.
    """

    threshold: float
    rate: float
    last: int | None = None
    raised: frozenset[str] = field(default_factory=frozenset)


class SensitivityController:
    """Alerts on topics above a threshold that moves only while the rate is outside a band round its target.

    Two hystereses keep it calm: the band, and that a topic which was alerted must fall well below the
    threshold before it is alerted again.
    """

    def __init__(self, rule: SensitivityRule, state: SensitivityState | None = None) -> None:
        self.rule = rule
        self.state = state or SensitivityState(rule.start, rule.alerts_a_day)

    def step(self, cut: int, confidence: Mapping[str, float]) -> list[str]:
        """The topics to alert at a cut, surest first; the state goes on.

        Args:
            cut: epoch seconds UTC; a cut that is not later than the last changes and alerts nothing.
            confidence: of each topic.
        """
        state = self.state
        if state.last is not None and cut <= state.last:
            return []
        passed = _HOUR if state.last is None else float(cut - state.last)
        threshold = self._moved(passed)
        low = _probability(_log_odds(threshold) - self.rule.rearm)
        still = {topic for topic in state.raised if confidence.get(topic, 0.0) >= low}
        above = [topic for topic, value in confidence.items() if value >= threshold and topic not in still]
        alerts = sorted(above, key=lambda topic: (-confidence[topic], topic))
        rate = state.rate * math.exp(-passed / _DAY) + len(alerts)
        self.state = SensitivityState(threshold, rate, cut, frozenset(still | set(alerts)))
        return alerts

    def _moved(self, seconds: float) -> float:
        rule, state = self.rule, self.state
        most, least = rule.alerts_a_day * (1 + rule.band), rule.alerts_a_day * (1 - rule.band)
        way = (state.rate > most) - (state.rate < least)
        if not way:
            return state.threshold
        # A pause of days says nothing about what is usual.
        hours = min(seconds, _DAY) / _HOUR
        moved = _probability(_log_odds(state.threshold) + way * rule.step * hours)
        return min(max(moved, rule.lowest), rule.highest)


class Load(IntEnum):
    """What gives way under load, one after another."""

    NORMAL = 0
    LARGER_BATCHES = 1
    EMBEDDINGS_POSTPONED = 2
    SAMPLED = 3


@dataclass(frozen=True, slots=True)
class LoadState:
    """How much gives way now.

    Args:
        batch: events that are taken in with ease.
        load: the step.
    """

    batch: int
    load: Load = Load.NORMAL

    def after(self, backlog: int) -> LoadState:
        """The state after a look at how many events wait; at most one step up or down."""
        batches = backlog / self.batch
        if self.load < Load.SAMPLED and batches > _BEGINS[self.load]:
            return replace(self, load=Load(self.load + 1))
        if self.load > Load.NORMAL and batches < _BEGINS[self.load - 1] / 2:
            return replace(self, load=Load(self.load - 1))
        return self

    def grown(self, usual: int) -> int:
        """How many to take at once where usually so many are."""
        return usual * (1 if self.load is Load.NORMAL else _LARGER)

    @property
    def embeds(self) -> bool:
        """Whether texts are embedded at once, and not later."""
        return self.load < Load.EMBEDDINGS_POSTPONED

    @property
    def samples(self) -> bool:
        """Whether events are `sampled`."""
        return self.load >= Load.SAMPLED


def sampled(ids: Sequence[str], weights: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Which events are taken in where they are sampled: each with its weight in (0, 1] as probability.

    The same event falls the same way always, in whatever company it comes.

    Args:
        ids: of the events.
        weights: theirs, (n,).

    Returns:
        (n,).
    """
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in ids)
    chance = np.fromiter((int.from_bytes(digest) for digest in digests), dtype=np.float64, count=len(ids))
    return chance / 2.0**64 < weights


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
