"""Response models of alerts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class AlertState(StrEnum):
    """How the delivery of an alert stands."""

    WAITING = "waiting"
    HELD = "held"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class AlertItem(BaseModel):
    """One alert, and how its delivery stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0c7d6f1f7a5b4f0b9c1d2e3f4a5b6c7d",
                    "raised_at": "2026-02-03T12:20:00Z",
                    "rule": "source_late",
                    "severity": "warning",
                    "subject": "twitter",
                    "message": "the newest collected hour ended 2026-02-03 05:00 UTC; last: X answered 503",
                    "state": "retrying",
                    "attempts": 3,
                    "last_attempt_at": "2026-02-03T12:20:04Z",
                    "last_error": "webhook:ops: nothing listens at 127.0.0.1:9000 (connection refused)",
                    "delivered_at": {"log": "2026-02-03T12:20:00Z"},
                }
            ]
        }
    )

    id: str = Field(description="Names this occurrence.")
    raised_at: datetime = Field(description="When it was noticed (UTC).")
    rule: str = Field(description="What happened, e.g. `source_late`, `training_failed`, `disk_low`.")
    severity: str = Field(description="`info`, `warning` or `critical`.")
    subject: str = Field(description="To what it happened: a topic, a source, a week, a file.")
    message: str = Field(description="What happened, in words.")
    state: AlertState = Field(
        description="`waiting`, `held` back by quiet hours, `retrying` after a failure, `delivered`, "
        "or `given_up` after a day."
    )
    attempts: int = Field(description="How often a channel was asked to take it.")
    last_attempt_at: datetime | None = Field(description="When last (UTC).")
    last_error: str | None = Field(description="Channel and reason of the last failure, in words.")
    delivered_at: dict[str, datetime] = Field(description="Channel to the time (UTC) at which it took it.")


class AlertPage(BaseModel):
    """Alerts, the newest first."""

    items: list[AlertItem] = Field(description="Alerts, the newest first.")
    open: int = Field(description="Alerts of all time that are still to be delivered.", examples=[1])
    next: str | None = Field(
        description="`cursor` of the next page; null on the last one.",
        examples=["1770121200000000:0c7d6f1f7a5b4f0b9c1d2e3f4a5b6c7d"],
    )
    reason: str | None = Field(None, description="Why there are none.")
