"""The error of wrong settings."""

from __future__ import annotations

from trend_assets.errors import TrendError


class SettingsError(TrendError):
    """The settings are wrong; the message names key, place and what would be right."""
