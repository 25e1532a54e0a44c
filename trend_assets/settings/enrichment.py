"""Settings of topic detection."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from trend_assets.settings.section import Section
from trend_assets.topic_names import canonical_topic

TopicKind = Literal["hashtags", "cashtags", "named", "phrases"]


class TopicSettings(Section):
    """What counts as a topic. A change holds for hours that are made from then on."""

    kinds: list[TopicKind] = Field(
        default_factory=lambda: list[TopicKind](("hashtags", "cashtags", "named", "phrases")),
        description="Hashtags, cashtags, what the source itself names; and `phrases` that many say, tagged or not.",
    )
    stop: list[str] = Field(default_factory=list, description="Topics that no event gets, e.g. '#fyp', '$spy'.")
    synonyms: dict[str, str] = Field(
        default_factory=dict, description="A topic to the one that is counted instead, e.g. {'#gop': '#republicans'}."
    )
    block: list[str] = Field(default_factory=list, description="Words and phrases that never become a topic.")
    watch: list[str] = Field(default_factory=list, description="Words and phrases that always are one.")
    least_users: int = Field(3, ge=2, description="Different users of 24 hours who must say a phrase.")
    sigma: float = Field(3.0, gt=0, description="Deviations by which a phrase must be above its own past.")
    days: int = Field(7, ge=1, description="Days after which a phrase that is no longer unusual is no topic.")
    steady: bool = Field(
        False,
        description="Whether a rare word is a topic, too, that people say far more often than elsewhere, though no "
        "more often than before: for streams without tags.",
    )

    @field_validator("stop", "block", "watch")
    @classmethod
    def _names(cls, value: list[str]) -> list[str]:
        for name in value:
            _checked(name)
        return value

    @field_validator("synonyms")
    @classmethod
    def _pairs(cls, value: dict[str, str]) -> dict[str, str]:
        for name in (*value.keys(), *value.values()):
            _checked(name)
        return value


class EnrichmentSettings(Section):
    """What events mean."""

    topics: TopicSettings = TopicSettings()
    copies_count_once: bool = Field(
        True, description="Near copies of a text count once in 24 hours for each topic; else each is a mention."
    )
    categories: Path | None = Field(
        None, description="Categories of topics and their prototypes, JSON; default: the ones that are shipped."
    )
    gen_z_lexicon: Path | None = Field(
        None, description="What the Gen Z heuristic looks for, JSON; default: the lexicon that is shipped."
    )
    spam_model: Path | None = Field(
        None, description="A model of spam texts made by `trend spam train`; default: the one that is shipped."
    )


def _checked(name: str) -> None:
    if canonical_topic(name) is None:
        raise ValueError(f"{name!r} is no topic: it holds neither letters nor digits")
