"""Signals of spam that can be seen without any training: the shape of the text, and the account that wrote it.

They are those that the literature found to separate spammers from people: young accounts that follow many and are
followed by few, high posting rates and untouched profiles (Benevenuto et al., "Detecting spammers on Twitter", CEAS
2010; Stringhini et al., "Detecting spammers on social networks", ACSAC 2010), and texts that are little beside a link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import ne

from trend_assets.enrichment.spam import cleaning
from trend_assets.sources.event import Event

_WORDS_BESIDE_A_LINK = 15
#: Posts a day from which an account posts unusually often, and from which no more is said: 95 % and 99 % of the 18,715
#: accounts of the tweets of 2014 stay below.
_OFTEN, _VERY_OFTEN = 100.0, 300.0
_DIGIT = re.compile(r"\d")
_REPEATED = re.compile(r"([^\W\d_])\1{3,}|([!?$*.])\2{4,}")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_MENTION = re.compile(r"(?<!\w)@\w")


def only_names_its_topic(event: Event) -> bool:
    """Whether the text is the topic's own name, as in streams that carry titles and no message text.

    Nobody wrote such a text for that event, so neither its wording nor its repetition says anything.
    """
    return event.text in event.topics


def shape_signals(event: Event) -> dict[str, float]:
    """The signals in the text, each in [0, 1]; those at zero are left out."""
    signals: dict[str, float] = {}
    if not event.text or only_names_its_topic(event):
        return signals
    text = cleaning.visible(event.text)
    lowered = text.lower()
    signals.update(_link_signals(lowered))
    if "@" in text and (mentions := len(_MENTION.findall(text))) > 2:
        signals["mentions"] = min(1.0, (mentions - 2) / 4)
    if (tags := len(event.hashtags) + text.count("$")) > 4:
        signals["tags"] = min(1.0, (tags - 4) / 8)
    signals.update(_letter_signals(text, lowered))
    return signals


def _link_signals(lowered: str) -> dict[str, float]:
    links = len(cleaning.addresses(lowered))
    if not links:
        return {}
    # One link is no sign: three of four ordinary tweets have one, one of eighteen has two.
    signals = {"links": min(1.0, (links - 1) / 2)} if links > 1 else {}
    if len(_NOT_LETTERS.sub("", cleaning.without_addresses(lowered))) < _WORDS_BESIDE_A_LINK:
        signals["bare_link"] = 1.0
    return signals


def _letter_signals(text: str, lowered: str) -> dict[str, float]:
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
        if rate > _OFTEN:
            signals["posting_rate"] = min(1.0, (rate - _OFTEN) / (_VERY_OFTEN - _OFTEN))
    for name, feature in (
        ("default_profile", "default_profile"),
        ("default_picture", "default_profile_image"),
        ("verified", "verified"),
    ):
        if features.get(feature):
            signals[name] = 1.0
    return signals
