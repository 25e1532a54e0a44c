"""A spam score for events: what a trained model says of the text, and the signals of the account, all in sight.

The score is the logistic function of a sum:

    bias + known * (text - bias) + (1 - known) * shape + account + copies

`text` is the model's calibrated logit, and `known` (0 to 1) how far the text is such as the model was trained on. Where
it knows nothing (another language, another kind of text) it says nothing: the text is as neutral as no text, and only
its shape counts, by weights set by hand. The account's weights are set by hand, too: no labelled accounts were at hand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from trend_assets.enrichment.spam.signals import account_signals, only_names_its_topic, shape_signals
from trend_assets.enrichment.spam.text_model import TextModel, load
from trend_assets.sources.event import Event

#: Distinct users who wrote nearly the same text from which it counts as copy and paste.
COPY_PASTE_USERS = 3

_LEAST_EDGE_WEIGHT = 0.2
#: What is known less than this is not known.
_LEAST_KNOWN = 0.01
_NO_SIGNALS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SpamWeights:
    """What each signal adds to the logit; ``bias`` is the logit of an event of which nothing is known."""

    bias: float = -2.6
    links: float = 2.0
    bare_link: float = 1.5
    mentions: float = 0.9
    tags: float = 1.6
    repetition: float = 0.3
    capitals: float = 0.3
    digits: float = 0.6
    length: float = 0.5
    copy_paste: float = 3.0
    young_account: float = 1.2
    few_followers: float = 1.0
    posting_rate: float = 1.2
    default_profile: float = 0.3
    default_picture: float = 1.2
    verified: float = -2.0


@dataclass(frozen=True, slots=True)
class SpamScore:
    """A score in [0, 1] and the signals, each in [0, 1], that made it; unknown signals are absent.

    Two of them are the text model's: ``text``, its probability of spam, and ``text_known``, how far it counts.
    """

    score: float
    signals: Mapping[str, float] = field(default_factory=lambda: _NO_SIGNALS)


class SpamScorer:
    """Scores events; an event's score depends on no other event but through the number of copies handed in.

    Args:
        model: of texts; by default the one that is shipped.
        weights: of the signals set by hand.
    """

    def __init__(self, model: TextModel | None = None, weights: SpamWeights | None = None) -> None:
        weights = weights or SpamWeights()
        self._model = model or load()
        self._bias = weights.bias
        self._weights = {name: getattr(weights, name) for name in SpamWeights.__dataclass_fields__ if name != "bias"}

    def score(self, event: Event, duplicates: int = 0) -> SpamScore:
        """One event's spam score: see `score_all`."""
        return self.score_all([event], [duplicates])[0]

    def score_all(self, events: Sequence[Event], duplicates: Sequence[int]) -> list[SpamScore]:
        """The events' spam scores.

        Args:
            events: read are their text, hashtags and topics, and of their features those of `account_signals`.
            duplicates: of each, how many distinct users wrote nearly the same text, this one among them; 0 or 1 where
                nobody else did.
        """
        texts = ["" if only_names_its_topic(event) else event.text for event in events]
        logit, known = (values.tolist() for values in self._model.judge(texts))
        return [
            self._score(event, copies, text, sure if words and sure >= _LEAST_KNOWN else 0.0)
            for event, copies, words, text, sure in zip(events, duplicates, texts, logit, known, strict=True)
        ]

    def _score(self, event: Event, copies: int, text: float, known: float) -> SpamScore:
        weights = self._weights
        signals = shape_signals(event)
        logit = self._bias + known * (text - self._bias)
        logit += (1.0 - known) * sum(weights[name] * value for name, value in signals.items())
        others: dict[str, float] = {}
        if copies >= COPY_PASTE_USERS:
            others["copy_paste"] = min(1.0, 0.5 + (copies - COPY_PASTE_USERS) / 10)
        if event.features:
            others.update(account_signals(event.features))
        logit += sum(weights[name] * value for name, value in others.items())
        signals.update(others)
        if known > 0.0:
            signals["text"], signals["text_known"] = round(_logistic(text), 4), round(known, 4)
        return SpamScore(_logistic(logit), signals)


def edge_weight(score: float) -> float:
    """What an event counts in the graph: spam is quieter, never silent."""
    return max(1.0 - score, _LEAST_EDGE_WEIGHT)


def _logistic(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -500.0), 500.0)))
