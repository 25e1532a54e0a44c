"""Settings of what people want to see, and what not."""

from __future__ import annotations

from pydantic import Field, field_validator

from trend_assets.settings.section import Section
from trend_assets.topic_names import canonical_topic


class AttentionSettings(Section):
    """Which topics are shown and alerted. What is collected, counted and forecast does not change."""

    watch: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Named watch lists, e.g. {brands: ['#acme', '$acme']}: `/predictions/top?watch=brands`.",
    )
    muted: list[str] = Field(
        default_factory=list, description="Topics that are neither in a top list nor alerted, e.g. '#nowplaying'."
    )

    hide_spam: bool = Field(
        True,
        description="Leave topics of whose posts at least half look like spam out of top lists and alerts.",
    )

    def shows_spam(self, asked: bool | None, watched: bool) -> bool:
        """Whether a list shows topics that look like spam: as asked for, else on a watch list or by the setting."""
        return (watched or not self.hide_spam) if asked is None else asked

    @field_validator("muted")
    @classmethod
    def _canonical(cls, value: list[str]) -> list[str]:
        return [_name(text) for text in value]

    @field_validator("watch")
    @classmethod
    def _lists(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return {name: [_name(text) for text in topics] for name, topics in value.items()}


def _name(text: str) -> str:
    if (found := canonical_topic(text)) is None:
        raise ValueError(f"{text!r} is no topic: it is signs only")
    return found
