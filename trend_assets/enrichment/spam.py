"""A spam score for events, with every signal behind it in sight.

A logistic score over hand-set weights. The signals are those that the literature found to separate
spammers from people: young accounts that follow many and are followed by few, high posting rates and
untouched profiles (Benevenuto et al., "Detecting spammers on Twitter", CEAS 2010; Stringhini et al.,
"Detecting spammers on social networks", ACSAC 2010), and what the text asks for (Alberto, Lochter and
Almeida, "TubeSpam: comment spam filtering on YouTube", ICMLA 2015).

Measured on three files of the YouTube Spam Collection, from the text alone (area under the ROC curve):
Psy 0.969 and Katy Perry 0.968, on which weights and phrases were chosen, and LMFAO 0.932, on which not.
The account's weights are chosen by hand from the literature: no labelled accounts were at hand.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import ne
from types import MappingProxyType

from trend_assets.enrichment.spam_phrases import offers, self_promotions
from trend_assets.sources.event import Event

#: Distinct users who wrote the same text in an hour from which it counts as copy and paste.
COPY_PASTE_USERS = 3

_LEAST_EDGE_WEIGHT = 0.2
_NO_SIGNALS: Mapping[str, float] = MappingProxyType({})

_LINK = re.compile(r"(?:https?://|www\.)\S*|(?<=[\w-]{2})\.(?:com|net|org|io|co|tv|me|ly|info|biz|ru|tk|gl|gg)\b\S*")
_WORDS_BESIDE_A_LINK = 15
_READ_AT_MOST = 2_000
_DIGIT = re.compile(r"\d")
_ANCHOR_OR_TAG = re.compile(r"<[^<>]{1,300}>")
_MENTION = re.compile(r"(?<!\w)@\w")
_REPEATED = re.compile(r"([^\W\d_])\1{3,}|([!?$*.])\2{4,}")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class SpamWeights:
    """What each signal adds to the logit; ``bias`` is the logit of an event without any signal."""

    bias: float = -2.6
    links: float = 2.0
    bare_link: float = 1.5
    self_promotion: float = 3.4
    offer: float = 2.6
    markup: float = 0.2
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
    """A score in [0, 1] and the signals, each in [0, 1], that made it; unknown signals are absent."""

    score: float
    signals: Mapping[str, float] = field(default_factory=lambda: _NO_SIGNALS)


class SpamScorer:
    """Scores events one by one; knows nothing of other events but the number of copies handed in."""

    def __init__(self, weights: SpamWeights | None = None) -> None:
        weights = weights or SpamWeights()
        self._bias = weights.bias
        self._weights = {name: getattr(weights, name) for name in SpamWeights.__dataclass_fields__ if name != "bias"}

    def score(self, event: Event, duplicates: int = 0) -> SpamScore:
        """The event's spam score.

        Args:
            event: read are its text, hashtags and topics, and of its features those of `account_signals`.
            duplicates: how many distinct users wrote the same text in the same hour, this one among
                them; 0 or 1 where nobody else did.
        """
        signals = content_signals(event)
        if duplicates >= COPY_PASTE_USERS:
            signals["copy_paste"] = min(1.0, 0.5 + (duplicates - COPY_PASTE_USERS) / 10)
        if event.features:
            signals.update(account_signals(event.features))
        weights = self._weights
        logit = self._bias + sum(weights[name] * value for name, value in signals.items())
        return SpamScore(1.0 / (1.0 + math.exp(-logit)), signals)


def edge_weight(score: float) -> float:
    """What an event counts in the graph: spam is quieter, never silent."""
    return max(1.0 - score, _LEAST_EDGE_WEIGHT)


def only_names_its_topic(event: Event) -> bool:
    """Whether the text is the topic's own name, as in streams that carry titles and no message text.

    Nobody wrote such a text for that event, so neither its wording nor its repetition says anything.
    """
    return event.text in event.topics


def content_signals(event: Event) -> dict[str, float]:
    """The signals in the text, each in [0, 1]; those at zero are left out."""
    text = event.text
    signals: dict[str, float] = {}
    if not text or only_names_its_topic(event):
        return signals
    text = text[:_READ_AT_MOST]
    if "&" in text:
        text = html.unescape(text)
    if "<" in text and (plain := _ANCHOR_OR_TAG.sub(" ", text)) != text:
        signals["markup"] = 1.0
        text = plain
    lowered = text.lower()
    if promotions := self_promotions(lowered):
        signals["self_promotion"] = min(1.0, 0.7 + 0.15 * (promotions - 1))
    if promises := offers(lowered):
        signals["offer"] = min(1.0, 0.7 + 0.15 * (promises - 1))
    if "." in lowered or "://" in lowered:
        signals.update(_link_signals(lowered))
    if "@" in text and (mentions := len(_MENTION.findall(text))) > 2:
        signals["mentions"] = min(1.0, (mentions - 2) / 4)
    if (tags := len(event.hashtags) + text.count("$")) > 4:
        signals["tags"] = min(1.0, (tags - 4) / 8)
    signals.update(_shape_signals(text, lowered))
    return signals


def _link_signals(lowered: str) -> dict[str, float]:
    links = len(_LINK.findall(lowered))
    if not links:
        return {}
    signals = {"links": min(1.0, links / 2)}
    if len(_NOT_LETTERS.sub("", _LINK.sub("", lowered))) < _WORDS_BESIDE_A_LINK:
        signals["bare_link"] = 1.0
    return signals


def _shape_signals(text: str, lowered: str) -> dict[str, float]:
    signals: dict[str, float] = {}
    if _REPEATED.search(lowered):
        signals["repetition"] = 1.0
    capitals = sum(map(ne, text, lowered))
    # Shouting is more than half of the letters; no need to count them below a quarter of all characters.
    if capitals >= 6 and 4 * capitals > len(text):
        share = capitals / sum(map(str.isalpha, text))
        if share > 0.5:
            signals["capitals"] = min(1.0, (share - 0.5) * 2)
    digits = len(_DIGIT.findall(text)) / max(len(text), 1)
    if digits > 0.1:
        signals["digits"] = min(1.0, (digits - 0.1) * 4)
    if len(text) > 140:
        signals["length"] = min(1.0, (len(text) - 140) / 360)
    return signals


def account_signals(features: Mapping[str, float]) -> dict[str, float]:
    """The signals of the account that wrote it, each in [0, 1]; a missing feature gives no signal.

    Args:
        features: read are ``account_age_days``, ``followers``, ``following``, ``statuses`` (counts),
            ``default_profile``, ``default_profile_image`` and ``verified`` (0 or 1).
    """
    signals: dict[str, float] = {}
    age = features.get("account_age_days")
    if age is not None and age < 30:
        signals["young_account"] = min(1.0, 1.0 - max(age, 0.0) / 30)
    followers, following = features.get("followers"), features.get("following")
    if followers is not None and following is not None and following >= 100 and followers < following / 5:
        signals["few_followers"] = 1.0 - 5 * followers / following
    statuses = features.get("statuses")
    if statuses is not None and age is not None:
        rate = statuses / max(age, 1.0)
        if rate > 50:
            signals["posting_rate"] = min(1.0, (rate - 50) / 150)
    for name, feature in (
        ("default_profile", "default_profile"),
        ("default_picture", "default_profile_image"),
        ("verified", "verified"),
    ):
        if features.get(feature):
            signals[name] = 1.0
    return signals
