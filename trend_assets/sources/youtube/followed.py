"""Which videos an hour's comments are asked for under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

#: How long a video is followed.
FOLLOWED = timedelta(hours=48)


def followed(videos: Mapping[str, datetime], start: datetime, end: datetime, most: int) -> list[str]:
    """Videos of ``[start, end)``, and the newest of those of the two days before; the newest first.

    Args:
        videos: when those that are known were published, by id.
        start: of the hour.
        end: of the hour.
        most: of those before the hour.
    """
    newest = sorted(videos, key=lambda video: videos[video], reverse=True)
    own = [video for video in newest if start <= videos[video] < end]
    return own + [video for video in newest if start - FOLLOWED <= videos[video] < start][:most]
