"""Hyperparameters of the forecaster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from trend_assets.forecasting.labels import LabelSettings
from trend_assets.graph.messages import DEFAULT_MESSAGES
from trend_assets.tgn.boosting import BoostingSettings
from trend_assets.tgn.heads import HeadSettings
from trend_assets.tgn.link_training import LinkTrainingSettings
from trend_assets.tgn.model import ModelSettings

#: What may be known of a topic at a cut: its log counts, who takes part, its course in the whole stream, what became of
#: earlier topics with texts like its own, and what the network holds.
GROUPS = ("counts", "participants", "course", "precedents", "network")


@dataclass(frozen=True, slots=True)
class ForecasterSettings:
    """How the forecaster is made and fitted; the same for every stream.

    Args:
        labels: what is asked at a cut.
        groups: which of `GROUPS` the heads see.
        messages: of `graph.messages.MESSAGES`, what the interactions that the network takes in carry.
        every_hours: hours between the cuts learnt from, and between updates of the memory.
        days: how many days back the cuts learnt from go.
        model: sizes of the network.
        link: link training.
        link_epochs: passes over the stream.
        heads: the neural heads, and what of the network is learnt with them.
        boosting: the trees.
        pretrained: trees fitted on other streams that count beside those: `shipped`, `none`, or a folder of such.
        seed: of everything drawn.
        threads: threads that fit the trees; the same number gives the same bits.
        processes: that train the network, each on a stretch of time; the same number gives the same bits.
    """

    labels: LabelSettings = field(default_factory=LabelSettings)
    groups: tuple[str, ...] = GROUPS
    messages: tuple[str, ...] = DEFAULT_MESSAGES
    every_hours: int = 6
    days: int = 365
    model: ModelSettings = field(default_factory=ModelSettings)
    link: LinkTrainingSettings = field(
        default_factory=lambda: LinkTrainingSettings(batch_size=200, recent_negatives=1000)
    )
    link_epochs: int = 1
    heads: HeadSettings = field(default_factory=HeadSettings)
    boosting: BoostingSettings = field(default_factory=BoostingSettings)
    pretrained: str = "shipped"
    seed: int = 0
    threads: int = 2
    processes: int = 1

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The settings that `dataclasses.asdict` wrote."""
        parts = {
            "model": ModelSettings,
            "link": LinkTrainingSettings,
            "heads": HeadSettings,
            "boosting": BoostingSettings,
        }
        made = {name: kind(**values[name]) for name, kind in parts.items()}
        labels = LabelSettings.from_json(values["labels"])
        # Those of the releases before had none.
        messages = tuple(values.get("messages", DEFAULT_MESSAGES))
        return cls(**{**values, **made, "labels": labels, "groups": tuple(values["groups"]), "messages": messages})
