"""Response models of trainings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class TrainingRun(BaseModel):
    """One training."""

    run_id: str = Field(description="The Dagster run, or the command, that trained.")
    week: datetime = Field(description="Monday 00:00 from which it may forecast (UTC).")
    status: str = Field(description="`succeeded` or `failed`.", examples=["succeeded"])
    model_version: str | None = Field(description="The model that it made; null where it failed.")
    lake_snapshot: int | None = Field(description="The lake's snapshot that it read.")
    started_at: datetime = Field(description="When it began (UTC).")
    seconds: float | None = Field(description="How long it took (s).")
    losses: dict[str, Any] = Field(description="Losses by epoch.")
    metrics: dict[str, Any] = Field(
        description="NDCG@10 by ranking and label on held-out weeks, the baselines beside the model.",
        examples=[{"tgn": {"bursts": {"ndcg_at_10": 0.41}}, "mentions_24h": {"bursts": {"ndcg_at_10": 0.39}}}],
    )
    promoted: bool | None = Field(None, description="Whether this training put it to use; null where not decided.")
    decision: str | None = Field(None, description="Why it was promoted, or was not.")
    error: str | None = Field(description="Why it failed.")
    dagster_link: str = Field(description="The week of `tgn_checkpoint` in the Dagster UI.")


class TrainingStatus(BaseModel):
    """Trainings, the newest first."""

    items: list[TrainingRun] = Field(description="Trainings, the newest first.")
    titles: dict[str, str] = Field(description="The rankings of `metrics` in words.")
    reason: str | None = Field(None, description="Why there are none.")
