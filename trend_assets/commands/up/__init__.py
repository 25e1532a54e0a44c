"""`trend up`: starts all services and keeps them running until Ctrl-C."""

from __future__ import annotations

from trend_assets.commands.up.command import up

__all__ = ["up"]
