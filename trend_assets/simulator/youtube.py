"""Simulated videos and comments in the format of YouTube's Data API v3."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from trend_assets.simulator.identifiers import opaque
from trend_assets.simulator.population import User
from trend_assets.simulator.timeline import Comment, Video

_MS_PER_HOUR = 3_600_000
_SEEN_WITHIN_HOURS = 18.0
_LIKES_PER_VIEW = 0.045
_THUMBNAILS = (
    ("default", "default", 120, 90),
    ("medium", "mqdefault", 320, 180),
    ("high", "hqdefault", 480, 360),
)


def video_resource(video: Video, at: int) -> dict[str, Any]:
    """A ``youtube#video`` with snippet, content details and statistics.

    Args:
        video: what was uploaded.
        at: when it is asked for, in ms since 1970; the counts (strings, as YouTube gives them) are those
            reached by then.
    """
    topic = video.topics[0] if video.topics else None
    tags = [topic.term, topic.entity, *topic.nouns[:2]] if topic is not None else [video.creator.community.name]
    hours = max(at - video.milliseconds, 0) / _MS_PER_HOUR
    views = round(video.appeal * (1 - math.exp(-hours / _SEEN_WITHIN_HOURS)))
    return {
        "kind": "youtube#video",
        "etag": opaque(f"etag:{video.key}:{at}", 27),
        "id": video.id,
        "snippet": {
            "publishedAt": _stamp(video.milliseconds),
            "channelId": channel_id(video.creator),
            "title": video.title,
            "description": video.description,
            "thumbnails": {
                name: {
                    "url": f"https://i.ytimg.com/vi/{video.id}/{file}.jpg",
                    "width": width,
                    "height": height,
                }
                for name, file, width, height in _THUMBNAILS
            },
            "channelTitle": video.creator.name,
            "tags": list(dict.fromkeys(tags)),
            "categoryId": (topic.community if topic is not None else video.creator.community).category,
            "liveBroadcastContent": "none",
            "defaultLanguage": video.language,
            "localized": {"title": video.title, "description": video.description},
            "defaultAudioLanguage": video.language,
        },
        "contentDetails": {
            "duration": _duration(video.seconds),
            "dimension": "2d",
            "definition": "hd",
            "caption": "false",
            "licensedContent": True,
            "projection": "rectangular",
        },
        "statistics": {
            "viewCount": str(views),
            "likeCount": str(round(views * _LIKES_PER_VIEW)),
            "favoriteCount": "0",
            "commentCount": str(video.comments_before(at)),
        },
    }


def comment_thread(comment: Comment) -> dict[str, Any]:
    """A ``youtube#commentThread`` that holds the comment and no replies."""
    author = channel_id(comment.author)
    face = opaque(f"face:{author}", 43)
    published = _stamp(comment.milliseconds)
    return {
        "kind": "youtube#commentThread",
        "etag": opaque(f"thread etag:{comment.key}", 27),
        "id": comment.id,
        "snippet": {
            "videoId": comment.video.id,
            "topLevelComment": {
                "kind": "youtube#comment",
                "etag": opaque(f"comment etag:{comment.key}", 27),
                "id": comment.id,
                "snippet": {
                    "authorDisplayName": comment.author.name,
                    "authorProfileImageUrl": f"https://yt3.ggpht.com/a/{face}=s48-c-k",
                    "authorChannelUrl": f"http://www.youtube.com/channel/{author}",
                    "authorChannelId": {"value": author},
                    "videoId": comment.video.id,
                    "textDisplay": comment.text,
                    "textOriginal": comment.text,
                    "canRate": True,
                    "viewerRating": "none",
                    "likeCount": 0,
                    "publishedAt": published,
                    "updatedAt": published,
                },
            },
            "canReply": True,
            "totalReplyCount": 0,
            "isPublic": True,
        },
    }


def channel_id(user: User) -> str:
    """The user's id on YouTube; nothing in it tells the user's id on X."""
    return "UC" + opaque(f"channel:{user.user_id}", 22)


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + f"{rest}S"


def _stamp(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
