"""`trend up`: everything that people look at, kept running until one Ctrl-C."""

from __future__ import annotations

from trend_assets.commands.up.command import up

__all__ = ["up"]
