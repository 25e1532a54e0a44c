"""Settings of embeddings, graph, forecasts, training, promotion, drift and load."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from trend_assets.settings.section import Section
from trend_assets.words import label_ahead

#: How far ahead a forecast may look.
Hours = Annotated[int, Field(ge=1, le=168)]
MessagePart = Literal["weight", "place", "type", "text", "answers"]


class EmbeddingSettings(Section):
    """The text model."""

    model: str = Field("all-MiniLM-L6-v2", description="A sentence-transformers model.")
    batch_size: int = Field(64, ge=1, description="Texts a batch.")
    device: str = Field("cpu", description="cpu, or cuda where there is one.")


class GraphSettings(Section):
    """What becomes of events in the temporal graph."""

    community_columns: list[str] = Field(
        default_factory=lambda: ["channel", "list", "subreddit", "group", "forum"],
        description="Keys of an event's context that name the community in which it stands, as an archive's columns.",
    )


class ForecastSettings(Section):
    """What is forecast: the labels' definitions."""

    window_hours: int = Field(24, ge=1, description="Hours before the cut in which a topic must be mentioned.")
    horizon_hours: Hours = Field(24, description="Hours after the cut that are forecast.")
    further_horizons: dict[Hours, Annotated[int, Field(ge=1)]] = Field(
        default_factory=lambda: {6: 4, 168: 20},
        description="Hours ahead for which it is forecast, too, what will grow (`emerges`), each with the mentions "
        "that it needs, half of them more than before; {} for none. `horizon_hours` is left out.",
        validate_default=True,
    )
    threshold: int = Field(8, ge=1, description="Mentions in the horizon that count as risen.")
    min_growth: int = Field(4, ge=0, description="`emerges`: mentions more than in the horizon before the cut.")
    min_support: int = Field(1, ge=1, description="Mentions in the window that make a topic a candidate.")
    burst_ratio: float = Field(2.0, gt=0, description="`bursts`: times what is usual for the topic.")

    def label(self, kind: str, hours: int | None = None) -> str:
        """The name by which the forecasts of a label are stored, `emerges_6h`; by default of the main horizon."""
        return label_ahead(kind, hours or self.horizon_hours, self.horizon_hours)

    def needed(self, hours: int | None = None) -> tuple[int, int]:
        """Mentions that `emerges` needs so many hours ahead, and by how many they must be more than before."""
        if hours is None or hours == self.horizon_hours:
            return self.threshold, self.min_growth
        threshold = self.further_horizons[hours]
        return threshold, threshold // 2

    @field_validator("further_horizons")
    @classmethod
    def _each_once(cls, further: dict[int, int], info: ValidationInfo) -> dict[int, int]:
        return {hours: needed for hours, needed in further.items() if hours != info.data.get("horizon_hours")}


class TrainingSettings(Section):
    """How the TGN is trained."""

    history_days: int = Field(365, ge=7, description="Days of cuts that the heads are fitted on.")
    min_events: int = Field(500, ge=1, description="Events below which there is nothing to train on.")
    seed: int = Field(0, ge=0, description="Seed of all chance in training.")
    processes: int = Field(
        1, ge=1, le=64, description="Processes that train the network, each on a stretch of time of its own."
    )
    epochs: int = Field(1, ge=1, description="Passes of link prediction over the history.")
    pretrained: str = Field(
        "shipped",
        min_length=1,
        description="Trees fitted on other streams, which count beside those fitted here: `shipped` with this "
        "release, `none`, or a folder of such.",
    )
    messages: list[MessagePart] = Field(
        default_factory=lambda: list[MessagePart](("weight", "place")),
        min_length=1,
        description="What an interaction of a user with a topic carries; `answers` links users, too.",
    )


class PromotionSettings(Section):
    """When a trained model takes the place of the one in use."""

    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence of the interval of its lead.")
    min_cuts: int = Field(10, ge=1, description="Held-out cuts, over all labels, that a comparison needs.")


class DriftSettings(Section):
    """When the model in use asks for an early training."""

    drop: float = Field(0.1, gt=0, description="NDCG@10 that live forecasts may lose against the weeks held out.")
    psi: float = Field(0.25, gt=0, description="Population stability index of the mentions a day.")
    weeks: int = Field(2, ge=1, description="Last weeks of forecasts that are looked at.")
    retrain_days: int = Field(2, ge=1, description="Days between trainings that drift asks for.")


class LoadSettings(Section):
    """What gives way when more is waiting than an hour's run takes in."""

    events: int = Field(
        10_000,
        ge=1,
        description="Events that an hour takes in with ease; batches grow above it, embeddings wait above 4 times as "
        "many, and are sampled above 16 times.",
    )


class SensitivitySettings(Section):
    """Which topics get an alert (`topic_rising`)."""

    alerts_a_day: float = Field(10.0, gt=0, description="Alerts a day that the threshold keeps to.")
    start: float = Field(0.5, gt=0, lt=1, description="The threshold's first value, a confidence.")
