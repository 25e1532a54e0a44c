"""Which kinds of topics count, by the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson

from trend_assets.enrichment.phrases.significance import BIAS, BIAS_BY_POST, CELLS, HALF_LIFE_DAYS, ROWS
from trend_assets.topic_names import canonical_topic

KINDS = ("hashtags", "cashtags", "named", "phrases")


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes a topic. Spellings are made canonical by `of`.

    Attributes:
        kinds: of `KINDS`.
        stop: topics that no event gets.
        synonyms: a topic to the one that is counted instead.
        block: phrases that never become a topic.
        watch: phrases that always are one.
        least_users: different users of a day who must say a phrase.
        sigma: deviations by which it must be above its past.
        days: without being unusual, after which it is no topic any more.
        steady: whether a rare word may be a topic that is far above ordinary language, and no more than its past.
    """

    kinds: frozenset[str] = frozenset(KINDS)
    stop: frozenset[str] = frozenset()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    block: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    least_users: int = 3
    sigma: float = 3.0
    days: int = 7
    steady: bool = False

    @classmethod
    def of(
        cls,
        kinds: Iterable[str],
        stop: Iterable[str],
        synonyms: Mapping[str, str],
        block: Iterable[str],
        watch: Iterable[str],
        least_users: int,
        sigma: float,
        days: int,
        steady: bool = False,
    ) -> Choice:
        """From what somebody has typed."""
        pairs = {canonical_topic(name): canonical_topic(other) for name, other in synonyms.items()}
        return cls(
            frozenset(kinds),
            frozenset(topic for topic in map(canonical_topic, stop) if topic),
            {name: other for name, other in pairs.items() if name and other},
            tuple(sorted(block)),
            tuple(sorted(watch)),
            least_users,
            sigma,
            days,
            steady,
        )

    def tags(self, topics: Iterable[str]) -> list[str]:
        """Of an event's own topics those that count, each once, as they are counted."""
        return list(dict.fromkeys(self.counted(topic) for topic in topics if self._is_kept(topic)))

    def counted(self, topic: str) -> str:
        """The topic, or its synonym."""
        return self.synonyms.get(topic, topic)

    def is_stopped(self, topic: str) -> bool:
        """Whether no event gets it; of a phrase, also where it is stopped as a tag."""
        return bool(self.stop) and not self.stop.isdisjoint((topic, f"#{topic}", f"${topic}"))

    def digest(self) -> str:
        """The same for the same choice: what was decided under another one is no past of this one."""
        told = [self.block, self.watch, self.least_users, self.sigma, self.days, *(["steady"] if self.steady else [])]
        fixed = [FORM, CELLS, ROWS, HALF_LIFE_DAYS, BIAS, BIAS_BY_POST]

        return blake2b(orjson.dumps([told, fixed]), digest_size=8).hexdigest()

    def _is_kept(self, topic: str) -> bool:
        kind = "hashtags" if topic[0] == "#" else "cashtags" if topic[0] == "$" else "named"
        return kind in self.kinds and topic not in self.stop and self.synonyms.get(topic, topic) not in self.stop


#: Of states: raised where the rules change, so that no state of other rules is taken.
FORM = 3
