"""The base class of all sections of the settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section: frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
