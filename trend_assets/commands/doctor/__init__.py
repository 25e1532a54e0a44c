"""`trend doctor`: looks a deployment over, and says of everything that is wrong what to do."""

from __future__ import annotations

from trend_assets.commands.doctor.command import doctor

__all__ = ["doctor"]
